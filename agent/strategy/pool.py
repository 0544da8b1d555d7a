"""Points to choose from: all samples that exist, or fresh draws."""

from dataclasses import dataclass

import numpy as np

from models.domain.point import Point
from models.domain.scattering import Floats
from models.gp.design import draw_allowed
from models.gp.encoding import Encoding


@dataclass(frozen=True, eq=False)
class Pool:
    """Points to choose from, whatever was chosen before."""

    columns: Floats
    """Encoded, shape (n_pool, n_columns)."""
    points: tuple[Point, ...] | None
    """The samples that they are, where only some samples exist."""
    account: str
    """What became of the draws."""
    complaint: str | None
    """What a feasibility function that is broken itself said last; None when it is not."""


def gather_pool(encoding: Encoding, n_pool: int, seed: int) -> Pool:
    """All samples that exist, or fresh draws.

    Parameters
    ----------
    encoding
        The space's.
    n_pool
        How many points to draw where the space has no list of candidates.
    seed
        Seed of the draws.
    """
    candidates = encoding.space.candidates
    if candidates:
        return Pool(encoding.encode(candidates), candidates, "", None)
    drawn = draw_allowed(encoding, n_pool, seed)
    columns = drawn.columns
    if encoding.is_discrete.all():
        columns = np.unique(columns, axis=0)  # few places, each of which was drawn many times
    return Pool(columns, None, drawn.account(), drawn.complaint)
