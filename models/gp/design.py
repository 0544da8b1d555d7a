"""Points that a space allows: drawn evenly, and chosen to lie far apart. Loads no torch."""

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from models.domain.scattering import Floats, Mask
from models.gp.boxes import even_boxes
from models.gp.encoding import Encoding
from models.gp.slices import is_walk_needed, walked_slices

DRAWS_PER_POINT = 256
"""Draws that one point may cost before the space counts as too small to be hit."""
LEAST_BATCH = 64
"""Fewest draws at a time; a power of two, which keeps a Sobol sequence balanced."""
THIN = 1.0 / 32.0
"""Share of draws below which constraints are followed by walking instead of by rejection."""
KEEP_AWAY = 0.05
"""A point that failed keeps others this far away, in scaled coordinates."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """Points drawn from a space, and what became of the other draws."""

    columns: Floats
    """Encoded points, shape (n, n_columns): as many as were asked for, or fewer when they are hard to hit."""
    n_tried: int
    """Draws in all."""
    n_broken: int = 0
    """Draws that broke a constraint."""
    n_outside: int = 0
    """Draws that obeyed them, but lay outside the region."""
    n_refused: int = 0
    """Draws inside it that the feasibility function refused."""
    complaint: str | None = None
    """What a feasibility function that is broken itself said last; None when it is not."""

    def account(self) -> str:
        """What became of the draws: ``0 of 64 draws may be measured: 60 outside the region, 4 refused``."""
        lost = {"breaking a constraint": self.n_broken, "outside the region": self.n_outside}
        lost["refused by the feasibility function"] = self.n_refused
        why = ", ".join(f"{n} {what}" for what, n in lost.items() if n)
        return f"{len(self.columns)} of {self.n_tried} draws may be measured: {why or 'none was lost'}"


def draw_allowed(
    encoding: Encoding, n_points: int, seed: int, draws_per_point: int = DRAWS_PER_POINT
) -> Drawn:
    """Draw points evenly from all that a space allows.

    Axes follow a scrambled Sobol sequence and sums a body around them (`even_boxes`); where constraints leave
    too little of it, a walk inside what they leave takes over (`walked_slices`). Region and feasibility
    function then reject what they do not allow.

    Parameters
    ----------
    encoding
        A space without a list of candidates.
    n_points
        How many to draw.
    seed
        Seed of the draws.
    draws_per_point
        Draws that one point may cost.
    """
    n_batch = max(LEAST_BATCH, 2 ** (n_points - 1).bit_length())
    n_most = draws_per_point * max(n_points, LEAST_BATCH)
    batches = _walked(encoding, n_batch, seed) if is_walk_needed(encoding) else None
    source = batches or even_boxes(encoding, n_batch, np.random.default_rng(seed))
    kept: list[Floats] = [np.empty((0, encoding.n_columns))]
    counts, complaint, n_kept = np.zeros(4, dtype=np.int64), None, 0
    while n_kept < n_points and counts[0] < n_most:
        columns = next(source)
        judged = encoding.judge(columns)
        kept.append(columns[judged.is_allowed])
        n_kept += len(kept[-1])
        counts += (len(columns), judged.n_broken, judged.n_outside, judged.n_refused)
        complaint = judged.complaint or complaint
        if batches is None and counts[1] > (1.0 - THIN) * counts[0]:
            source = batches = _walked(encoding, n_batch, seed)
    n_tried, n_broken, n_outside, n_refused = counts.tolist()
    return Drawn(np.concatenate(kept)[:n_points], n_tried, n_broken, n_outside, n_refused, complaint)


def _walked(encoding: Encoding, n_batch: int, seed: int) -> Generator[Floats]:
    return walked_slices(encoding, n_batch, np.random.default_rng([seed, 1]))


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


def is_away(points: Floats, others: Floats) -> Mask:
    """Which points lie clear of all others.

    Parameters
    ----------
    points, others
        Scaled coordinates, shape (n_points, n_axes) and (n_others, n_axes).

    Returns
    -------
    array of bool
        True where a point lies farther than `KEEP_AWAY` from each of them, shape (n_points,).
    """
    gaps = np.linalg.norm(points[:, np.newaxis] - others[np.newaxis], axis=2)
    return np.all(gaps > KEEP_AWAY, axis=1)
