# pyright: reportMissingImports=false
"""A region as Ax wants it: range parameters, and sums solved for one axis. Needs only numpy."""

from typing import Any

import numpy as np
from region import Floats, Region

LEAST_COEFFICIENT = 1e-12


def constraints_of(region: Region) -> list[str]:
    """Inequalities on the free axes, as text: ``1.0*x0 + 2.0*x1 <= 3.0``."""
    rows, limits = region.inequalities()
    texts = []
    for row, limit in zip(rows.tolist(), limits.tolist(), strict=True):
        # a minus sign stands before a term, never within it: Ax reads these texts with a grammar of its own
        terms = [f"{value!r}*x{i}" for i, value in enumerate(row) if abs(value) > LEAST_COEFFICIENT]
        if terms:
            texts.append(f"{' + '.join(terms)} <= {limit!r}".replace("+ -", "- "))
    return texts


def as_parameters(region: Region, point: Any) -> dict[str, float]:
    """A point by the names of the range parameters, scaled, inside their bounds."""
    unit = np.clip(region.to_free(np.array([point]))[0], 0.0, 1.0)
    return {f"x{i}": float(value) for i, value in enumerate(unit)}


def from_parameters(region: Region, parameters: dict[str, Any]) -> Floats:
    """The point, shape (n_axes,)."""
    unit = np.array([[float(parameters[f"x{i}"]) for i in range(len(region.free))]])
    return region.from_free(unit)[0]
