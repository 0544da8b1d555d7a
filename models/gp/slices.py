"""Even draws from a space whose constraints leave a thin slice, or one that is only hit by chance."""

from collections.abc import Generator

import numpy as np

from models.domain.scattering import Floats, Mask
from models.domain.space import SumConstraint
from models.gp.boxes import even_boxes
from models.gp.encoding import Encoding
from models.gp.polytope import Polytope, find_inside, walk

BEYOND = 2.0
"""A scaled value that no axis can take."""


def is_walk_needed(encoding: Encoding) -> bool:
    """True when an equality holds that no draw from a box would obey but by chance."""
    space = encoding.space
    return any(
        constraint.limits[0] == constraint.limits[1]
        and (
            not isinstance(constraint, SumConstraint)
            or any(space.axis(name).is_discrete for name in constraint.axes)
        )
        for constraint in space.constraints.values()
    )


def walked_slices(encoding: Encoding, n_batch: int, rng: np.random.Generator) -> Generator[Floats]:
    """Draw the axes that stand in constraints by walking inside what these leave, all others evenly.

    Integers and ordinals are walked as if they were continuous, then rounded, and the continuous axes take
    up what the rounding changed in equalities; rows that miss a limit after that are for others to reject.

    Parameters
    ----------
    encoding
        The space.
    n_batch
        Draws at a time, a power of two.
    rng
        Source of randomness.

    Yields
    ------
    Floats
        Encoded draws, shape (n_batch, n_columns); none when nothing obeys the constraints.
    """
    rows = np.vstack([encoding.equalities[0], encoding.inequalities[0]])
    bound = np.flatnonzero(np.any(rows != 0, axis=0))
    inside = find_inside(_body(encoding, bound))
    boxes = even_boxes(encoding, n_batch, rng)
    if inside is None:
        while True:
            yield np.full((n_batch, encoding.n_columns), BEYOND)
    for walked in walk(inside, n_batch, rng):
        columns = next(boxes)
        columns[:, bound] = np.clip(walked, *encoding.bounds[:, bound])
        yield _rounded(encoding, columns, encoding.is_discrete[bound], bound)


def _body(encoding: Encoding, bound: np.ndarray) -> Polytope:
    """What the constraints leave of the columns that stand in them."""
    (a, b), (c, d) = encoding.equalities, encoding.inequalities
    eye, (low, high) = np.eye(len(bound)), encoding.bounds[:, bound]
    return Polytope(a[:, bound], b, np.vstack([c[:, bound], eye, -eye]), np.concatenate([d, high, -low]))


def _rounded(encoding: Encoding, columns: Floats, is_discrete: Mask, bound: np.ndarray) -> Floats:
    """Round what is discrete, and let the continuous columns make up for it where equalities ask it."""
    if not is_discrete.any():
        return columns
    columns = encoding.snap(columns)
    rows, totals = encoding.equalities
    free = bound[~is_discrete]
    if len(rows) and len(free):
        miss = columns @ rows.T - totals
        columns[:, free] -= miss @ np.linalg.pinv(rows[:, free]).T
    return columns
