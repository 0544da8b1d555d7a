"""Look for peaks everywhere: how high would a peak of this width stand here, and how sure is that."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.compiled import compiled
from models.domain.errors import FitFailed
from models.domain.scattering import Curve, Floats
from models.saxs.normal_equations import solve, sum_up
from models.saxs.peak_height import Height

RELATIVE_WIDTHS = (0.03, 0.05, 0.08, 0.13, 0.20, 0.30)
"""Full widths at half maximum that are tried, relative to q. Wider bumps are form factor, not correlation."""
STEP = 0.008
"""Step of the grid in ln q."""
STRIDE_WIDTH = 0.06
"""Every place is tried for full widths up to this, every n-th for those n times as wide."""
HALF_WINDOW = 2.5
"""Half of the window around a place, in full widths."""
MIN_POINTS_IN_PEAK = 3
"""Fewer filled cells within the full width, and nothing is tried."""
MIN_POINTS_BESIDE = 5
"""Fewer filled cells on either side of the full width, and nothing is tried."""
N_PARAMETERS = 4
"""Level, slope and curvature of the background, and height."""
MIN_EIGENVALUE = 1e-12
"""Added to a normal matrix of unit diagonal, so that one without an inverse has a useless one."""
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
    log_q, log_i, weight = lay_on_log_grid(curve)
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


def lay_on_log_grid(curve: Curve) -> tuple[Floats, Floats, Floats]:
    """Average a curve into cells of ln q.

    Parameters
    ----------
    curve
        The curve.

    Returns
    -------
    tuple of Floats
        ln q, ln I, and weight, 0 for empty cells; each shape (n_cells,).
    """
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
    reach, stride = int(np.ceil(HALF_WINDOW * relative / STEP)), max(1, round(relative / STRIDE_WIDTH))
    x = np.asarray(np.arange(-reach, reach + 1) * (STEP / relative), dtype=np.float64)
    basis = np.stack([np.ones_like(x), x, x**2, np.exp(-4 * np.log(2) * x**2)], axis=1)
    is_filled = (weight > 0).astype(np.float64)
    regions = np.stack([np.abs(x) <= 0.5, x < -1, x > 1, np.ones(x.size, dtype=bool)], axis=1)
    core, left, right, n_points = _around(is_filled, regions.astype(np.float64), stride).T
    is_tried = (core > MIN_POINTS_IN_PEAK - 0.5) & (np.minimum(left, right) > MIN_POINTS_BESIDE - 0.5)
    if not np.any(is_tried):
        return np.zeros((4, 0))
    cells = np.stack([weight, log_i])
    found, variance, chi2 = _fit_around(cells, basis, np.flatnonzero(is_tried) * stride)
    sigma = np.sqrt(variance * np.maximum(chi2 / np.maximum(n_points[is_tried] - N_PARAMETERS, 1), 1.0))
    q_inv_nm = np.exp(log_q[::stride][is_tried])
    return np.stack([q_inv_nm, relative * q_inv_nm, found, sigma])


@compiled
def _fit_around(cells: Floats, basis: Floats, places: NDArray[np.int_]) -> tuple[Floats, Floats, Floats]:
    """Fit a peak and its background around every place.

    Parameters
    ----------
    cells
        Weight and ln I, shape (2, n_cells); nothing lies beyond the ends.
    basis
        What the terms are around a place, shape (n_around, 4), the peak the last.
    places
        Indices of cells, shape (n_places,).

    Returns
    -------
    tuple of Floats
        Height in ln I, its variance by the weights alone, and chi squared, each shape (n_places,).
    """
    height, variance, chi2 = np.empty(len(places)), np.empty(len(places)), np.empty(len(places))
    reach, n = len(basis) // 2, basis.shape[1]
    last = np.zeros(n)
    last[-1] = 1.0
    for p in range(len(places)):
        begin = max(reach - places[p], 0)
        end = min(len(basis), cells.shape[1] - places[p] + reach)
        part = slice(places[p] - reach + begin, places[p] - reach + end)
        normal, moment = sum_up(basis[begin:end], cells[0, part], cells[1, part])
        found = solve(normal, moment, MIN_EIGENVALUE)
        height[p], variance[p] = found[-1], solve(normal, last, MIN_EIGENVALUE)[-1]
        chi2[p] = np.sum(cells[0, part] * cells[1, part] ** 2) - np.sum(found * moment)
    return height, variance, chi2


def _around(values: Floats, kernels: Floats, stride: int) -> Floats:
    """Sum values around every n-th cell, weighted by kernels; nothing lies beyond the ends."""
    reach = len(kernels) // 2
    padded = np.concatenate([np.zeros(reach), values, np.zeros(reach)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, len(kernels))[::stride]
    return np.asarray(windows @ kernels, dtype=np.float64)
