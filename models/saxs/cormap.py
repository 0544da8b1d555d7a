"""Runs of signs: how long they are between two curves, and how likely such a run is by chance (CorMap).

Franke, Jeffries & Svergun 2015, Nat. Methods 12, 419: the difference of curves that are alike changes sign
like a coin.
"""

from functools import lru_cache

import numpy as np

from models.domain.scattering import Floats


@lru_cache(maxsize=4096)
def chance_of_run(n_points: int, longest_run: int) -> float:
    """Chance that the longest run of equal sides in n tosses of a coin is so long or longer.

    Exact (Schilling 1990, Coll. Math. J. 21, 196): a run of c equal sides is one of c - 1 repetitions among
    n - 1, and the chance of a run of k in n follows from those of shorter sequences, all terms positive, so
    that small chances keep all their digits.

    Parameters
    ----------
    n_points
        Tosses.
    longest_run
        Longest run.
    """
    k, n = longest_run - 1, n_points - 1
    if k <= 0:
        return 1.0
    if k > n:
        return 0.0
    chance = np.zeros(n + 1)
    chance[k] = 0.5**k
    for m in range(k + 1, n + 1):
        # the run ends at m for the first time: a toss that breaks, k that hold, and none in what is before
        chance[m] = chance[m - 1] + 0.5 ** (k + 1) * (1.0 - chance[m - k - 1])
    return float(chance[n])


def longest_run_of(difference: Floats) -> int:
    """Most values in a row of one sign, shape (n,); zeros must be left out before."""
    if not difference.size:
        return 0
    turns = np.flatnonzero(np.diff(np.signbit(difference)))
    return int(np.diff(np.concatenate(([-1], turns, [difference.size - 1]))).max())
