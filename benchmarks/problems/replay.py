"""Measured values served from a list: what was measured at a point is what a measurement there gives."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.problems.kind import BenchProblem
from models.domain.scattering import Floats

N_DIGITS = 9
"""Digits, in units of an axis' range, by which a point is known again."""


@dataclass(frozen=True, eq=False)
class Replay:
    """Points that exist, and what was measured at each."""

    space: dict[str, Any]
    """Axes and candidates, as they go over the wire."""
    values: Floats
    """What was measured, shape (n,)."""
    sigmas: Floats
    """One standard deviation of each, shape (n,)."""
    rows: dict[tuple[float, ...], int]
    """Row of each point, by its scaled and rounded coordinates."""

    @classmethod
    def of(cls, axes: list[dict[str, Any]], points: Floats, values: Floats, sigmas: Floats) -> "Replay":
        """List the points; of several at one place the first is kept."""
        _, first = np.unique(np.round(_scaled(axes, points), N_DIGITS), axis=0, return_index=True)
        kept = np.sort(first)
        points, values, sigmas = points[kept], values[kept], sigmas[kept]
        space = {"axes": axes, "sums": [], "candidates": points.tolist()}
        keys = np.round(_scaled(axes, points), N_DIGITS).tolist()
        return cls(space, values, sigmas, {tuple(key): row for row, key in enumerate(keys)})

    def problem(self, **facts: Any) -> BenchProblem:
        """The problem whose truth this is; `facts` are all else that a problem says of itself."""
        return BenchProblem(
            space=self.space,
            truth=self.values_at,
            sigma=self.sigmas_at,
            measured=lambda points: (self.values_at(points), self.sigmas_at(points)),
            **facts,
        )

    def values_at(self, points: Floats) -> Floats:
        """What was measured at points of the list, shape (n, n_axes) -> (n,)."""
        return self.values[self._rows_of(points)]

    def sigmas_at(self, points: Floats) -> Floats:
        """Its standard deviation."""
        return self.sigmas[self._rows_of(points)]

    def _rows_of(self, points: Floats) -> list[int]:
        keys = np.round(_scaled(self.space["axes"], points), N_DIGITS).tolist()
        return [self.rows[tuple(key)] for key in keys]


def _scaled(axes: list[dict[str, Any]], points: Floats) -> Floats:
    low = np.array([axis["low"] for axis in axes])
    high = np.array([axis["high"] for axis in axes])
    return (points - low) / np.where(high > low, high - low, 1.0) + 0.0
