"""Points that a space allows: drawn evenly, and chosen to lie far apart. Loads no torch."""

import math

import numpy as np
import numpy.typing as npt
from scipy.stats import qmc

from models.domain.scattering import Floats
from models.domain.space import Point, SearchSpace, SumConstraint

DRAWS_PER_POINT = 256
"""Draws that one point may cost before a space counts as too thin to fill by rejection."""
LEAST_BATCH = 64
"""Fewest draws at a time; a power of two, which keeps a Sobol sequence balanced."""
KEEP_AWAY = 0.05
"""A point that failed keeps others this far away, in scaled coordinates."""
ROUNDING = 1e-9
"""How far a drawn value may miss a bound, relative to the axis' range."""


def scale_to_unit(space: SearchSpace, points: tuple[Point, ...]) -> Floats:
    """Coordinates of points, each axis scaled so that its bounds are 0 and 1.

    Parameters
    ----------
    space
        The search space; an axis without extent becomes 0.
    points
        The points.

    Returns
    -------
    Floats
        Shape (n_points, n_axes).
    """
    low, span = _bounds(space)
    values = np.array([[point[name] for name in space.names] for point in points], dtype=np.float64)
    return (values.reshape(len(points), len(space.axes)) - low) / span


def unscale(space: SearchSpace, unit: Floats) -> tuple[Point, ...]:
    """Points from scaled coordinates, shape (n_points, n_axes); the inverse of `scale_to_unit`."""
    low, span = _bounds(space)
    values = np.clip(low + unit * span, low, [axis.high for axis in space.axes])
    return tuple(Point(coordinates=dict(zip(space.names, map(float, row), strict=True))) for row in values)


def draw_feasible(
    space: SearchSpace, n_points: int, seed: int, draws_per_point: int = DRAWS_PER_POINT
) -> Floats:
    """Draw points evenly from the part of the space that its bounds and sums allow.

    Free axes follow a scrambled Sobol sequence. Axes of a sum are drawn evenly from a simple body that
    holds all that is allowed, see `_draw_sum`, and kept when they obey the rest.

    Parameters
    ----------
    space
        A space without a list of candidates.
    n_points
        How many to return.
    seed
        Seed of the sequence.
    draws_per_point
        Draws that one point may cost.

    Returns
    -------
    Floats
        Scaled coordinates, shape (n_points, n_axes).

    Raises
    ------
    ValueError
        When the bounds leave too thin a slice to hit.
    """
    sampler = qmc.Sobol(len(space.axes), scramble=True, rng=np.random.default_rng(seed))
    kept: list[Floats] = []
    n_kept = n_drawn = 0
    n_batch = max(LEAST_BATCH, 2 ** (n_points - 1).bit_length())
    while n_kept < n_points:
        if n_drawn >= draws_per_point * max(n_points, LEAST_BATCH):
            raise ValueError(
                f"only {n_kept} of {n_drawn} draws obey bounds and sums; widen the bounds of the summed axes"
            )
        unit = sampler.random(n_batch)
        unit[:, [axis.span == 0 for axis in space.axes]] = 0.0
        is_inside = np.ones(n_batch, dtype=bool)
        for constraint in space.sums:
            is_inside &= _draw_sum(space, constraint, unit)
        kept.append(unit[is_inside])
        n_kept += int(is_inside.sum())
        n_drawn += n_batch
    return np.concatenate(kept)[:n_points]


def choose_spread(pool: Floats, taken: Floats, n_points: int) -> list[int]:
    """Choose from a pool, one by one, the point farthest from all taken before (maximin).

    With nothing taken, the first is the point nearest to the pool's mean. Johnson, Moore, Ylvisaker,
    J. Stat. Plan. Inference 26 (1990) 131; ties go to the lowest index.

    Parameters
    ----------
    pool
        Scaled coordinates, shape (n_pool, n_axes).
    taken
        Scaled coordinates of points that exist already, shape (n_taken, n_axes).
    n_points
        How many to choose; fewer come back when the pool runs out.

    Returns
    -------
    list of int
        Rows of the pool, in order of choice.
    """
    chosen: list[int] = []
    distance = np.full(len(pool), np.inf)
    for row in taken:
        distance = np.minimum(distance, np.linalg.norm(pool - row, axis=1))
    while len(chosen) < min(n_points, len(pool)):
        if not np.isfinite(distance).all():
            best = int(np.argmin(np.linalg.norm(pool - pool.mean(axis=0), axis=1)))
        else:
            best = int(np.argmax(distance))
        chosen.append(best)
        distance = np.minimum(distance, np.linalg.norm(pool - pool[best], axis=1))
        distance[chosen] = -1.0
    return chosen


def is_away(points: Floats, failed: Floats) -> npt.NDArray[np.bool_]:
    """Which points lie clear of all that failed.

    Parameters
    ----------
    points, failed
        Scaled coordinates, shape (n_points, n_axes) and (n_failed, n_axes).

    Returns
    -------
    array of bool
        True where a point lies farther than `KEEP_AWAY` from each that failed, shape (n_points,).
    """
    gaps = np.linalg.norm(points[:, np.newaxis] - failed[np.newaxis], axis=2)
    return np.all(gaps > KEEP_AWAY, axis=1)


def _draw_sum(space: SearchSpace, constraint: SumConstraint, unit: Floats) -> npt.NDArray[np.bool_]:
    """Make uniform numbers obey one sum, in place; what comes back says which rows obey the bounds too.

    Three bodies hold the allowed slice: the simplex on the lower bounds, the simplex that hangs from the
    upper ones (exponential spacings: Devroye, Non-Uniform Random Variate Generation, 1986, ch. V.2), and
    the box of all axes but the widest, which takes up the rest. The smallest wastes the fewest draws.
    """
    columns = np.array([space.names.index(name) for name in constraint.axes])
    spans = np.array([space.axes[c].span for c in columns])
    columns, spans = columns[spans > 0], spans[spans > 0]  # an axis without extent stays where it is
    if len(columns) == 0:
        return np.ones(len(unit), dtype=bool)
    rise = constraint.total - sum(space.axis(name).low for name in constraint.axes)
    rise = min(max(rise, 0.0), float(spans.sum()))  # a total at the edge may lie beyond it by rounding
    fall = spans.sum() - rise
    widest, n_free = int(np.argmax(spans)), len(columns) - 1
    others = np.delete(np.arange(len(columns)), widest)
    simplex = min(rise, fall) ** n_free / math.factorial(n_free)
    if np.prod(spans[others]) < simplex:
        values = unit[:, columns] * spans
        values[:, widest] = rise - values[:, others].sum(axis=1)
    else:
        spacings = -np.log1p(-unit[:, columns])
        shares = spacings / np.maximum(spacings.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
        values = rise * shares if rise <= fall else spans - fall * shares
    unit[:, columns] = values / spans
    return np.all(np.abs(unit[:, columns] - 0.5) <= 0.5 + ROUNDING, axis=1)


def _bounds(space: SearchSpace) -> tuple[Floats, Floats]:
    low = np.array([axis.low for axis in space.axes])
    span = np.array([axis.span if axis.span > 0 else 1.0 for axis in space.axes])
    return low, span
