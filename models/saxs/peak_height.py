"""How high a peak stands over a local power law, read off the curve without a model of the peak."""

from dataclasses import dataclass

import numpy as np

from models.domain.errors import FitFailed
from models.domain.scattering import Curve

FLANK_RATIO = 1.25
"""The background is the power law through the curve at q / 1.25 and 1.25 q: clear of a peak's core, and of
the next order of every lattice."""
FLANK_HALF_WINDOW = 0.06
"""A flank is averaged over this to either side, in ln q."""
TOP_HALF_WINDOW = 0.3
"""The top is averaged over this to either side, in full widths."""
SHORTER = 0.7
"""All windows are shortened by this once, to see what their width does."""
MIN_POINTS = 5
"""A parabola is fitted to at least so many points."""
MIN_SNR = 2.0
"""A flank below so many sigma counts as so many sigma: the height is then a lower bound."""


@dataclass(frozen=True)
class Height:
    """Height of a peak over its background, divided by the background."""

    value: float
    """Intensity over the background's, less 1."""
    sigma: float
    """One standard deviation."""


def measure_height(curve: Curve, q_inv_nm: float, fwhm_inv_nm: float) -> Height:
    """Measure I(q) / sqrt(I(q / 1.25) I(1.25 q)) - 1.

    Each of the three intensities is the middle of a parabola, fitted by weighted least squares to the points
    about it. sigma is propagated from the three fits, their covariance times reduced chi squared above 1,
    with half the change that shorter windows make added in quadrature.

    Parameters
    ----------
    curve
        The curve.
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
    if low < curve.q_inv_nm[0] or high > curve.q_inv_nm[-1]:
        raise FitFailed(
            f"the background of a peak at {q_inv_nm:.3g} 1/nm is read at {low:.3g} and {high:.3g} 1/nm, "
            f"the curve covers {curve.q_inv_nm[0]:.3g} to {curve.q_inv_nm[-1]:.3g}"
        )
    value, sigma = _ratio(curve, q_inv_nm, fwhm_inv_nm, 1.0)
    shorter, _ = _ratio(curve, q_inv_nm, fwhm_inv_nm, SHORTER)
    return Height(value - 1, float(np.hypot(sigma, 0.5 * (shorter - value))))


def _ratio(curve: Curve, q_inv_nm: float, fwhm_inv_nm: float, shrink: float) -> tuple[float, float]:
    """Divide the top by the geometric mean of the flanks."""
    half = shrink * FLANK_HALF_WINDOW
    flanks = [_level(curve, q_inv_nm * ratio, half) for ratio in (1 / FLANK_RATIO, FLANK_RATIO)]
    top, top_sigma = _level(curve, q_inv_nm, shrink * TOP_HALF_WINDOW * fwhm_inv_nm / q_inv_nm)
    background, variance = 1.0, 0.0
    for level, sigma in flanks:
        seen = max(level, MIN_SNR * sigma)
        background *= np.sqrt(seen)
        variance += (0.5 * sigma / seen) ** 2
    ratio = top / background
    return float(ratio), float(np.hypot(top_sigma / background, ratio * np.sqrt(variance)))


def _level(curve: Curve, q_inv_nm: float, half_window: float) -> tuple[float, float]:
    """Fit a parabola in ln q to the points about a place: intensity in the middle, and its sigma."""
    x = np.log(np.maximum(curve.q_inv_nm, 1e-300) / q_inv_nm)
    first, last = np.searchsorted(x, (-half_window, half_window))
    if last - first < MIN_POINTS:  # sparse points: the nearest ones, however far
        middle = int(np.clip(np.searchsorted(x, 0.0), MIN_POINTS // 2, len(curve) - MIN_POINTS // 2 - 1))
        first, last = middle - MIN_POINTS // 2, middle + MIN_POINTS // 2 + 1
    x, intensity, sigma = x[first:last], curve.intensity[first:last], curve.sigma[first:last]
    design = np.stack([np.ones_like(x), x, x**2], axis=1) / sigma[:, None]
    covariance = np.linalg.pinv(design.T @ design)
    found = covariance @ (design.T @ (intensity / sigma))
    chi2 = float(np.sum((intensity / sigma - design @ found) ** 2)) / max(x.size - 3, 1)
    return float(found[0]), float(np.sqrt(covariance[0, 0] * max(1.0, chi2)))
