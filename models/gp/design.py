"""Points that a space allows: drawn evenly, and chosen to lie far apart. Loads no torch."""

import numpy as np
from scipy.stats import qmc

from models.domain.scattering import Floats
from models.domain.space import Point, SearchSpace, SumConstraint

MAX_DRAWS = 2**18
"""Draws after which a space counts as too thin to fill by rejection."""


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


def draw_feasible(space: SearchSpace, n_points: int, seed: int) -> Floats:
    """Draw points evenly from the part of the space that its bounds and sums allow.

    Free axes follow a scrambled Sobol sequence. Axes of a sum are drawn evenly from the simplex
    (exponential spacings: Devroye, Non-Uniform Random Variate Generation, 1986, ch. V.2), laid on the
    lower bounds or hung from the upper ones, whichever wastes less, and kept when they obey the rest.

    Parameters
    ----------
    space
        A space without a list of candidates.
    n_points
        How many to return.
    seed
        Seed of the sequence.

    Returns
    -------
    Floats
        Scaled coordinates, shape (n_points, n_axes).

    Raises
    ------
    ValueError
        When the bounds leave too thin a slice to hit.
    """
    low, span = _bounds(space)
    sampler = qmc.Sobol(len(space.axes), scramble=True, rng=np.random.default_rng(seed))
    kept: list[Floats] = []
    n_kept = n_drawn = 0
    n_batch = 2 ** max(6, int(np.ceil(np.log2(max(n_points, 2)))))
    while n_kept < n_points:
        if n_drawn > MAX_DRAWS:
            raise ValueError(
                f"only {n_kept} of {n_drawn} draws obey bounds and sums; widen the bounds of the summed axes"
            )
        uniform = sampler.random(n_batch)
        values = low + uniform * span
        is_inside = np.ones(n_batch, dtype=bool)
        for constraint in space.sums:
            columns, parts = _draw_parts(space, constraint, uniform)
            values[:, columns] = parts
            high = np.array([space.axes[c].high for c in columns])
            is_inside &= np.all((parts >= low[columns] - 1e-12) & (parts <= high + 1e-12), axis=1)
        kept.append(((values - low) / span)[is_inside])
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


def _draw_parts(space: SearchSpace, constraint: SumConstraint, uniform: Floats) -> tuple[list[int], Floats]:
    """Values of the axes of one sum, from uniform numbers: columns, and shape (n, n_parts)."""
    columns = [space.names.index(name) for name in constraint.axes]
    low = np.array([space.axes[c].low for c in columns])
    high = np.array([space.axes[c].high for c in columns])
    spacings = -np.log1p(-uniform[:, columns])
    shares = spacings / np.maximum(spacings.sum(axis=1, keepdims=True), 1e-300)
    above, below = constraint.total - low.sum(), high.sum() - constraint.total
    parts = low + above * shares if above <= below else high - below * shares
    return columns, parts


def _bounds(space: SearchSpace) -> tuple[Floats, Floats]:
    low = np.array([axis.low for axis in space.axes])
    span = np.array([axis.span if axis.span > 0 else 1.0 for axis in space.axes])
    return low, span
