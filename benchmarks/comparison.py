"""Two methods' scores over measurements, and how many each needs for the same score."""

from dataclasses import dataclass

import numpy as np

from models.domain.scattering import Floats

N_DRAWS = 2000
"""Bootstrap draws of the seeds."""
LOW, HIGH = 0.025, 0.975
LEAST_SCORE = 1e-12
WOBBLE = 0.02
"""How far a score may rise again and still count as kept, relative."""


@dataclass(frozen=True)
class Needed:
    """How many measurements each of two needs for the same score."""

    level: float
    """The score that both are held to: the peer's own at the end of its budget, or `good_enough`."""
    ours: float
    """Ours need so many; infinite when they did not come to it."""
    theirs: float
    """The peer needs so many."""
    low: float
    """2.5 % of bootstrapped ratios are below."""
    high: float
    """97.5 % of bootstrapped ratios are below; infinite when so many did not come to it."""

    @property
    def ratio(self) -> float:
        """Ours over theirs: below 1, ours need fewer."""
        return self.ours / self.theirs


def compare(counts: Floats, ours: Floats, theirs: Floats, good_enough: float, seed: int = 0) -> Needed:
    """How many measurements ours need for what the peer has in the end, with a bootstrap interval over seeds.

    A method has come to a score where the median over seeds falls to it and stays: a stroke of luck that the
    next measurements undo does not count. Between two counts the logarithm of the score is taken as straight.

    Parameters
    ----------
    counts
        Measurements at which scores were taken, rising, shape (n_counts,).
    ours, theirs
        Scores by seed, shape (n_seeds, n_counts); row by row of the same seeds.
    good_enough
        Score below which nobody asks for more.
    seed
        Of the bootstrap.
    """
    level, mine, other = _needed(counts, ours, theirs, good_enough)
    rng = np.random.default_rng(seed)
    ratios = np.empty(N_DRAWS)
    for draw in range(N_DRAWS):
        rows = rng.integers(len(ours), size=len(ours))
        _, a, b = _needed(counts, ours[rows], theirs[rows], good_enough)
        ratios[draw] = a / b
    low, high = np.quantile(ratios, [LOW, HIGH], method="inverted_cdf")
    return Needed(level, mine, other, float(low), float(high))


def _needed(counts: Floats, ours: Floats, theirs: Floats, good_enough: float) -> tuple[float, float, float]:
    mine, other = np.median(ours, axis=0), np.median(theirs, axis=0)
    level = max(float(other[-1]), good_enough)
    return level, settles_at(counts, mine, level), settles_at(counts, other, level)


def settles_at(counts: Floats, scores: Floats, level: float) -> float:
    """Count from which scores stay at a level or below, but for `WOBBLE`; infinite when they never do."""
    is_above = scores > level * (1 + WOBBLE)
    if is_above[-1]:
        return float("inf")
    if not is_above.any():
        return float(counts[0])
    row = int(np.flatnonzero(is_above)[-1]) + 1
    before, after = (float(np.log(max(score, LEAST_SCORE))) for score in scores[row - 1 : row + 1])
    allowed = float(np.log(max(level * (1 + WOBBLE), LEAST_SCORE)))
    share = (before - allowed) / max(before - after, LEAST_SCORE)
    return float(counts[row - 1] + min(max(share, 0.0), 1.0) * (counts[row] - counts[row - 1]))
