"""Look for peaks everywhere: how high would a peak of this width stand here, and how sure is that."""

from dataclasses import dataclass

import numpy as np

from models.domain.errors import FitFailed
from models.domain.scattering import Curve, Floats
from models.saxs.peak_height import Height

RELATIVE_WIDTHS = (0.03, 0.05, 0.08, 0.13, 0.20, 0.30)
"""Full widths at half maximum that are tried, relative to q. Wider bumps are form factor, not correlation."""
STEP = 0.008
"""Step of the grid in ln q."""
HALF_WINDOW = 2.5
"""Half of the window around a place, in full widths."""
MIN_POINTS_IN_PEAK = 3
"""Fewer filled cells within the full width, and nothing is tried."""
MIN_POINTS_BESIDE = 5
"""Fewer filled cells on either side of the full width, and nothing is tried."""
N_PARAMETERS = 4
"""Level, slope and curvature of the background, and height."""
MODEL_ERROR = 0.02
"""What a smooth background is off by where the curve itself is smooth, relative to the background."""
MIN_SCORE = 5.0
"""sigma that a peak must stand high to be one: some 500 places are tried."""


@dataclass(frozen=True, eq=False)
class Scan:
    """Every place and width that was tried, and the peak that would fit there."""

    q_inv_nm: Floats
    """Position, shape (n_tried,), 1/nm."""
    fwhm_inv_nm: Floats
    """Full width at half maximum, shape (n_tried,), 1/nm."""
    log_height: Floats
    """ln of 1 + height over background divided by background, shape (n_tried,)."""
    log_sigma: Floats
    """One standard deviation of it; scatter beyond the curve's own sigma counts, shape (n_tried,)."""

    @property
    def score(self) -> Floats:
        """Height in sigma, the background's own error included, shape (n_tried,)."""
        return self.log_height / np.hypot(self.log_sigma, MODEL_ERROR)

    def without(self, q_inv_nm: float, fwhm_inv_nm: float) -> "Scan":
        """The places that do not overlap with a bump."""
        keep = np.abs(self.q_inv_nm - q_inv_nm) > fwhm_inv_nm + 0.5 * self.fwhm_inv_nm
        return Scan(self.q_inv_nm[keep], self.fwhm_inv_nm[keep], self.log_height[keep], self.log_sigma[keep])


def scan(curve: Curve) -> Scan:
    """Try every place and every width.

    On a grid in ln q, ln I is fitted by a parabola and a Gaussian of fixed place and width. All fits of
    one width are solved at once: their normal equations are convolutions.

    Parameters
    ----------
    curve
        The curve.

    Returns
    -------
    Scan
        What was found, at least one place.

    Raises
    ------
    FitFailed
        When the curve is too short to tell a peak from its background anywhere.
    """
    log_q, log_i, weight = _on_log_grid(curve)
    parts = [_scan_width(log_q, log_i, weight, relative) for relative in RELATIVE_WIDTHS]
    stacked = np.concatenate(parts, axis=1)
    if stacked.shape[1] == 0:
        raise FitFailed(f"{len(curve)} points are too few to tell a peak from its background")
    return Scan(*stacked)


def mean_height(found: Scan) -> Height:
    """Average the height over all places, each as likely as its peak makes the curve.

    Parameters
    ----------
    found
        What `scan` found, at least one place.

    Returns
    -------
    Height
        The mean, and the root of mean variance plus spread; dips count as places without a peak.
    """
    noise = np.hypot(found.log_sigma, MODEL_ERROR)
    weight = np.exp(0.5 * np.clip(found.score, 0.0, MIN_SCORE) ** 2) / noise**2
    weight /= weight.sum()
    height = np.expm1(np.clip(found.log_height, -2 * noise, MIN_SCORE * noise))
    mean = float(weight @ height)
    return Height(mean, float(np.sqrt(weight @ (noise**2 + (height - mean) ** 2))))


def _on_log_grid(curve: Curve) -> tuple[Floats, Floats, Floats]:
    """Average a curve into cells of ln q: ln q, ln I and weight (0 for empty cells)."""
    is_usable = (curve.q_inv_nm > 0) & (curve.sigma > 0)
    q, intensity, sigma = curve.q_inv_nm[is_usable], curve.intensity[is_usable], curve.sigma[is_usable]
    if q.size < N_PARAMETERS:
        raise FitFailed(f"{q.size} points are too few to tell a peak from its background")
    cell = np.floor((np.log(q) - np.log(q[0])) / STEP).astype(int)
    n_cells = int(cell[-1]) + 1
    count = np.bincount(cell, minlength=n_cells)
    n_in_cell = np.maximum(count, 1)
    mean = np.bincount(cell, intensity, n_cells) / n_in_cell
    noise = np.sqrt(np.bincount(cell, sigma**2, n_cells)) / n_in_cell
    log_q = np.log(q[0]) + STEP * (np.arange(n_cells) + 0.5)
    # below its own noise an intensity has no logarithm worth the name: it counts as that noise, weakly
    level = np.where(count > 0, np.maximum(mean, noise), 1.0)
    weight = np.where(count > 0, 1.0 / ((noise / level) ** 2 + MODEL_ERROR**2), 0.0)
    return log_q, np.log(level), weight


def _scan_width(log_q: Floats, log_i: Floats, weight: Floats, relative: float) -> Floats:
    """Fit every place for one width; rows are those of `Scan`, shape (4, n_tried)."""
    reach = int(np.ceil(HALF_WINDOW * relative / STEP))
    x = np.asarray(np.arange(-reach, reach + 1) * (STEP / relative), dtype=np.float64)
    basis = np.stack([np.ones_like(x), x, x**2, np.exp(-4 * np.log(2) * x**2)])
    pairs = basis[:, None, :] * basis[None, :, :]
    normal = np.array([[_correlate(weight, pair) for pair in row] for row in pairs]).transpose(2, 0, 1)
    moment = np.array([_correlate(weight * log_i, row) for row in basis]).T
    square = _correlate(weight * log_i**2, np.ones(x.size))
    is_filled = (weight > 0).astype(np.float64)
    core = _correlate(is_filled, (np.abs(x) <= 0.5).astype(np.float64))
    left = _correlate(is_filled, (x < -1).astype(np.float64))
    right = _correlate(is_filled, (x > 1).astype(np.float64))
    is_tried = (core > MIN_POINTS_IN_PEAK - 0.5) & (np.minimum(left, right) > MIN_POINTS_BESIDE - 0.5)
    is_tried &= np.linalg.cond(np.where(is_tried[:, None, None], normal, np.eye(N_PARAMETERS))) < 1e12
    inverse = np.linalg.inv(normal[is_tried])
    found = np.einsum("nij,nj->ni", inverse, moment[is_tried])
    n_points = _correlate(is_filled, np.ones(x.size))[is_tried]
    chi2 = (square[is_tried] - np.einsum("ni,ni->n", found, moment[is_tried])) / np.maximum(
        n_points - N_PARAMETERS, 1
    )
    sigma = np.sqrt(inverse[:, 3, 3] * np.maximum(chi2, 1.0))
    q_inv_nm = np.exp(log_q[is_tried])
    return np.stack([q_inv_nm, relative * q_inv_nm, found[:, 3], sigma])


def _correlate(values: Floats, kernel: Floats) -> Floats:
    """Sum values around each cell, weighted by a kernel; nothing lies beyond the ends."""
    reach = kernel.size // 2
    return np.convolve(np.pad(values, reach), kernel[::-1], mode="valid")
