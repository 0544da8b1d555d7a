"""Which limits a point stands at: what kept it from going farther."""

from collections.abc import Iterator
from math import inf

import numpy as np

from models.domain.point import Point
from models.domain.space import SearchSpace
from models.domain.wording import in_unit

NEAR = 1e-3
"""A point stands at a limit when it is nearer than this, as a share of what the expression can span."""
RIM = 0.01
"""A point stands at the edge of a region when the edge is nearer than this share of the axes' ranges."""
N_DIRECTIONS = 16


def limits_at(space: SearchSpace, point: Point) -> tuple[str, ...]:
    """Limits at which a point stands, in words: ``water at its lowest, 0.3``, ``a + b at most 1``.

    Sums and equalities hold everywhere and are not named. Where only some samples exist, nothing else binds.

    Parameters
    ----------
    space
        The space.
    point
        A point of it.
    """
    return () if space.candidates else (*_of_axes(space, point), *_of_rows(space, point), *_rim(space, point))


def _of_axes(space: SearchSpace, point: Point) -> Iterator[str]:
    for axis in space.axes:
        if not axis.is_numeric or axis.span == 0:
            continue
        for end, name in ((axis.low, "lowest"), (axis.high, "highest")):
            if abs(point[axis.name] - end) <= NEAR * axis.span:
                yield f"{axis.name} at its {name}, {end:g}{in_unit(axis.unit)}"


def _of_rows(space: SearchSpace, point: Point) -> Iterator[str]:
    for constraint in space.constraints.values():
        low, high = constraint.limits
        if low == high:
            continue
        value = sum(factor * point[name] for name, factor in constraint.weights.items())
        reach = sum(abs(factor) * space.axis(name).span for name, factor in constraint.weights.items())
        for end, name in ((low, "at least"), (high, "at most")):
            if abs(end) < inf and abs(value - end) <= NEAR * reach:
                yield f"{constraint.expression()} {name} {end:g}"


def _rim(space: SearchSpace, point: Point) -> Iterator[str]:
    if space.region is None:
        return
    x, y = space.region.axes
    angles = 2.0 * np.pi * np.arange(N_DIRECTIONS) / N_DIRECTIONS
    around_x = point[x] + RIM * space.axis(x).span * np.cos(angles)
    around_y = point[y] + RIM * space.axis(y).span * np.sin(angles)
    if not space.region.contains(around_x, around_y).all():
        yield "the edge of the region"
