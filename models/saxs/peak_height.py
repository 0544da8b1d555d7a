"""How high a peak stands over a local power law, read off the curve without a model of the peak."""

from dataclasses import dataclass

import numpy as np

from models.compiled import compiled
from models.domain.errors import FitFailed
from models.domain.scattering import Floats
from models.saxs.normal_equations import solve, sum_up
from models.saxs.steady import Steady, excess

FLANK_RATIO = 1.25
"""The background is the power law through the curve at q / 1.25 and 1.25 q: clear of a peak's core, and of
the next order of every lattice."""
FLANK_HALF_WINDOW = 0.06
"""A flank is averaged over this to either side, in ln q."""
TOP_HALF_WINDOW = 0.35
"""The top is read within this to either side, in full widths."""
FLANK_DEGREE, TOP_DEGREE = 2, 4
"""Degrees of the polynomials in ln q: at the ends of its window a Lorentzian bends as the fourth power."""
MIN_POINTS = 5
"""A parabola is fitted to at least so many points."""
MIN_POINTS_TOP = 7
"""With fewer points the top is a parabola as well."""
MIN_SNR = 2.0
"""A flank below so many sigma counts as so many sigma: the height is then a lower bound."""


@dataclass(frozen=True)
class Height:
    """Height of a peak over its background, divided by the background."""

    value: float
    """Intensity over the background's, less 1."""
    sigma: float
    """One standard deviation."""


def measure_height(points: Steady, q_inv_nm: float, fwhm_inv_nm: float) -> Height:
    """Measure I(q) / sqrt(I(q / 1.25) I(1.25 q)) - 1.

    Each of the three intensities is the middle of a polynomial, fitted by weighted least squares to the
    points about it; sigma is propagated from their noise.

    Parameters
    ----------
    points
        The curve, weighed.
    q_inv_nm
        Where the peak is, 1/nm.
    fwhm_inv_nm
        Its full width at half maximum, 1/nm.

    Returns
    -------
    Height
        0 for a curve that is a power law.

    Raises
    ------
    FitFailed
        When the curve does not reach the flanks.
    """
    low, high = q_inv_nm / FLANK_RATIO, q_inv_nm * FLANK_RATIO
    q = points.curve.q_inv_nm
    if low < q[0] or high > q[-1]:
        raise FitFailed(
            f"the background of a peak at {q_inv_nm:.3g} 1/nm is read at {low:.3g} and {high:.3g} 1/nm, "
            f"the curve covers {q[0]:.3g} to {q[-1]:.3g}"
        )
    background, variance = 1.0, 0.0
    for place in (low, high):
        level, sigma = _level(points, place, FLANK_HALF_WINDOW, FLANK_DEGREE)
        seen = max(level, MIN_SNR * sigma)
        background *= np.sqrt(seen)
        variance += (0.5 * sigma / seen) ** 2
    top, top_sigma = _level(points, q_inv_nm, TOP_HALF_WINDOW * fwhm_inv_nm / q_inv_nm, TOP_DEGREE)
    # ln of the background is as good as normal, one over it is not: its square's mean is exp(2 variance)
    square = (top**2 + top_sigma**2) * np.exp(2 * variance) - top**2 * np.exp(variance)
    return Height(float(top / background - 1), float(np.sqrt(square) / background))


def _level(points: Steady, q_inv_nm: float, half_window: float, degree: int) -> tuple[float, float]:
    """Fit a polynomial in ln q to the points about a place: intensity in the middle, and its sigma."""
    q = points.curve.q_inv_nm
    first, last = np.searchsorted(q, (q_inv_nm * np.exp(-half_window), q_inv_nm * np.exp(half_window)))
    if last - first < MIN_POINTS:  # sparse points: the nearest ones, however far
        middle = int(np.clip(np.searchsorted(q, q_inv_nm), MIN_POINTS // 2, q.size - MIN_POINTS // 2 - 1))
        first, last = middle - MIN_POINTS // 2, middle + MIN_POINTS // 2 + 1
    part = points.rows(int(first), int(last))
    degree = degree if len(part) >= MIN_POINTS_TOP else FLANK_DEGREE
    x = np.log(part.curve.q_inv_nm / q_inv_nm)
    found, noise, chi2 = _middle(
        x / np.abs(x).max(), part.curve.intensity, part.weight, part.variance, degree
    )
    if not np.isfinite(noise):
        raise FitFailed(f"the points around {q_inv_nm:.3g} 1/nm do not tell a level")
    return found, float(np.sqrt(noise * excess(chi2, len(part) - degree - 1)))


@compiled
def _middle(
    x: Floats, intensity: Floats, weight: Floats, variance: Floats, degree: int
) -> tuple[float, float, float]:
    """A polynomial at 0, the variance of that, and chi squared; NaN where the points do not tell it."""
    design = np.ones((len(x), degree + 1))
    for k in range(degree):
        design[:, k + 1] = design[:, k] * x
    normal, pull = sum_up(design, weight, intensity)
    found = solve(normal, pull, 0.0)
    first = np.zeros(degree + 1)
    first[0] = 1.0
    first = solve(normal, first, 0.0)
    noise, chi2 = 0.0, 0.0
    for i in range(len(x)):
        model, share = 0.0, 0.0
        for k in range(degree + 1):
            model += design[i, k] * found[k]
            share += design[i, k] * first[k]
        noise += (share * weight[i]) ** 2 * variance[i]
        chi2 += weight[i] * (intensity[i] - model) ** 2
    return found[0], noise, chi2
