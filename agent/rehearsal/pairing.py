"""Strategies side by side, seed by seed, with honest intervals."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import beta

from agent.rehearsal.jobs import Track
from agent.rehearsal.verdict import Pairing, Quartiles
from models.domain.scattering import Floats
from models.domain.seeds import derive_seed

AS_NEAR = 0.01
"""Final scores that differ by less of the scale are alike: then who came there first is better."""
N_RESAMPLED = 2000
"""Samples of a bootstrap."""
TAIL = 0.025
"""Of a 95 % interval, on either side."""


def quartiles(values: Sequence[float] | Floats) -> Quartiles:
    """Median and quartiles."""
    low, middle, high = np.quantile(np.asarray(values, dtype=float), [0.25, 0.5, 0.75]).tolist()
    return Quartiles(low=low, middle=middle, high=high)


def filled(track: Track, n: int) -> Floats:
    """Score after each of n measurements of a campaign, as `carried` on."""
    return carried([step.score for step in track.steps[:n]], n)


def carried(scores: Sequence[float | None], n: int) -> Floats:
    """Score after each of n measurements: the last that was looked at; infinite before the first."""
    found = np.full(n, np.inf)
    for place, score in enumerate(scores):
        if score is not None:
            found[place:] = score
    return found


def wins(one: Floats, other: Floats, tolerance: float) -> float:
    """1 where the first is better, 0 where the second is, one half for a tie.

    Better is who ends nearer; of two that end alike, who came there with fewer measurements.

    Parameters
    ----------
    one, other
        Scores after each measurement, shape (n,).
    tolerance
        Final scores that differ by less are alike.
    """
    mine, theirs = float(one[-1]), float(other[-1])
    if np.isinf(mine) and np.isinf(theirs):
        return 0.5
    if not abs(mine - theirs) <= tolerance:
        return 1.0 if mine < theirs else 0.0
    level = max(mine, theirs) + tolerance
    sooner, later = int(np.argmax(one <= level)), int(np.argmax(other <= level))
    return 0.5 if sooner == later else float(sooner < later)


def share_interval(won: float, n: int) -> tuple[float, float]:
    """95 % interval of a share of which `won` of n were seen.

    The bootstrap of a share that was always 0 or 1 has no width; this one, with Jeffreys' prior, has: its
    coverage is near 95 % also for few (Brown, Cai & DasGupta 2001, Stat. Sci. 16, 101).
    """
    low = float(beta.ppf(TAIL, won + 0.5, n - won + 0.5)) if won > 0 else 0.0
    high = float(beta.ppf(1 - TAIL, won + 0.5, n - won + 0.5)) if won < n else 1.0
    return low, high


def pair(
    names: tuple[str, str], ones: Mapping[int, Floats], others: Mapping[int, Floats], scale: float,
    *, is_fresh: bool = False,
) -> Pairing | None:  # fmt: skip
    """Compare two strategies on the seeds that both were rehearsed on; None where there are none.

    Parameters
    ----------
    names
        Their names.
    ones, others
        Scores after each measurement, by seed.
    scale
        What a score of 100 % is.
    is_fresh
        Whether the seeds are others than those of the contest.
    """
    places = sorted(set(ones) & set(others))
    if not places:
        return None
    won = sum(wins(ones[k], others[k], AS_NEAR * scale) for k in places)
    low, high = share_interval(won, len(places))
    gaps = np.array([_gap(ones[k][-1], others[k][-1], scale) for k in places])
    rng = np.random.default_rng(derive_seed(len(places), *names))
    medians = np.median(rng.choice(gaps, (N_RESAMPLED, len(gaps))), axis=1)
    gap_low, gap_high = np.quantile(medians, [TAIL, 1 - TAIL]).tolist()
    return Pairing(
        one=names[0], other=names[1], n=len(places), wins=won, share=won / len(places), low=low, high=high,
        gap=float(np.median(gaps)), gap_low=gap_low, gap_high=gap_high, is_fresh=is_fresh,
    )  # fmt: skip


def _gap(mine: float, theirs: float, scale: float) -> float:
    """Second less first; one that never learned anything is as far as the whole scale."""
    return float(min(theirs, scale) - min(mine, scale))
