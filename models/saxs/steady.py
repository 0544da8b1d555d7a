"""What a point's noise is worth: variances that do not follow the very fluctuation that they weigh."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from models.domain.errors import FitFailed
from models.domain.scattering import Curve, Floats

N_NEIGHBOURS = 6
"""To either side; a point's weight comes from so many neighbours and never from itself."""
MAX_RATIO = 4.0
"""A point whose own variance is more than so many times its neighbours' is believed: it has few pixels."""
MIN_SNR = 4.0
"""But only where points stand so many sigma high: among a few counts, chance alone makes such variances."""
N_SIGMA = 3.0
"""Scatter beyond sigma counts as such when chi squared stands so many of its own standard deviations high."""


@dataclass(frozen=True, eq=False)
class Steady:
    """A curve, its fair variance, and weights that are independent of each point's own noise.

    The Poisson sigma of a point is small where the point came out low, so weights from it pull every fit
    down, by about one count a point (Baker & Cousins 1984, Nucl. Instrum. Methods 221, 437). A weight from
    the neighbours alone is independent of the noise that it weighs. Any weight leaves a linear fit unbiased;
    its error is then propagated from the fair variance, which need not be the weight's inverse.
    """

    curve: Curve
    """The curve."""
    variance: Floats
    """Variance for sums over many points, shape (n_q,): that of sigma, and 0 for bins without a photon, which
    are given sigma of one count; so its mean is that of the counts."""
    weight: Floats
    """One over the neighbours' mean variance, shape (n_q,)."""

    def __len__(self) -> int:
        """Count of points."""
        return len(self.curve)

    def rows(self, first: int, last: int) -> "Steady":
        """The points from index first up to, and without, index last."""
        part = slice(first, last)
        return Steady(self.curve.rows(first, last), self.variance[part], self.weight[part])


@lru_cache(maxsize=1)
def steady(curve: Curve) -> Steady:
    """Weigh the points of a curve; the last answer is kept, as every feature asks for it.

    Parameters
    ----------
    curve
        The curve; sigma above 0.
    """
    stated = curve.sigma**2
    variance = np.where(curve.intensity == 0, 0.0, stated)
    if not np.any(variance):
        variance = stated
    if len(curve) < 3:
        return Steady(curve, variance, 1 / stated)
    around, level = _mean_beside(variance), _mean_beside(curve.intensity)
    is_poor = (stated > MAX_RATIO * around) & (level > MIN_SNR * np.sqrt(around))
    return Steady(curve, variance, 1 / np.where((around <= 0) | is_poor, stated, around))


def _mean_beside(values: Floats) -> Floats:
    """Mean of each point's neighbours, the point itself left out, same shape."""
    beside = np.ones(2 * N_NEIGHBOURS + 1)
    beside[N_NEIGHBOURS] = 0.0
    n = np.convolve(np.ones(values.size), beside)[N_NEIGHBOURS:-N_NEIGHBOURS]
    return np.asarray(np.convolve(values, beside)[N_NEIGHBOURS:-N_NEIGHBOURS] / n, dtype=np.float64)


def excess(chi2: float, n_free: int) -> float:
    """Factor on variances where a fit scatters by more than sigma says.

    Parameters
    ----------
    chi2
        Chi squared.
    n_free
        Degrees of freedom.

    Returns
    -------
    float
        Chi squared over degrees of freedom where that is beyond chance (3 sigma), else 1: a sigma that
        follows every chance excess covers too much.
    """
    n = max(n_free, 1)
    return chi2 / n if chi2 / n > 1 + N_SIGMA * np.sqrt(2 / n) else 1.0


def invert(matrix: Floats) -> Floats:
    """Invert a positive matrix whose rows may differ by many orders of magnitude.

    Raises
    ------
    FitFailed
        When it has no inverse: the points do not tell the parameters apart.
    """
    diagonal = np.diag(matrix)
    if not np.all(diagonal > 0):
        raise FitFailed("the points say nothing of one of the parameters")
    scale = 1 / np.sqrt(diagonal)
    around = np.outer(scale, scale)
    try:
        inverse = np.linalg.inv(matrix * around) * around
    except np.linalg.LinAlgError as error:
        raise FitFailed("the points do not tell the parameters apart") from error
    return np.asarray(inverse, dtype=np.float64)
