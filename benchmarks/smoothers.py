"""Plain ways to smooth a curve, in several settings: chosen without the truth, and by an oracle."""

from collections.abc import Callable, Iterator

import numpy as np
from scipy.signal import savgol_coeffs, savgol_filter

from models.domain.scattering import Curve, Floats
from models.domain.soft_log import harden, soften

BIN_COUNTS = (20, 30, 45, 70, 100, 150, 200)
"""Bins, even in log q, that rebinning may choose from."""
WINDOWS = (5, 9, 15, 25, 41, 61)
"""Points of the window that a Savitzky-Golay filter may choose from."""
ORDERS = (2, 3)
"""Orders of its polynomial; of intensity and of softened log-intensity."""

Smoother = Callable[[Curve], Floats]
"""The smoothed intensity at the points of a curve."""


def rebin(curve: Curve, n_bins: int, keep: Floats | None = None) -> Floats:
    """Plain means in bins even in log q, joined by straight lines; `keep`: the points that count, 0 or 1."""
    u = np.log(curve.q_inv_nm)
    counted = np.ones_like(u) if keep is None else keep
    bins = np.minimum(((u - u[0]) / (u[-1] - u[0]) * n_bins).astype(np.int64), n_bins - 1)
    n = np.bincount(bins, weights=counted, minlength=n_bins)
    filled = n > 0
    places, means = (
        np.bincount(bins, weights=counted * part, minlength=n_bins)[filled] / n[filled]
        for part in (u, curve.intensity)
    )
    return np.interp(u, places, means)


def rebinned(curve: Curve) -> Iterator[tuple[float, Floats]]:
    """Each count of bins: misfit by cross-validation, every other point left out in turn, and the curve."""
    odd = (np.arange(len(curve)) % 2).astype(np.float64)
    for n_bins in BIN_COUNTS:
        left_out = np.where(odd == 1.0, rebin(curve, n_bins, 1.0 - odd), rebin(curve, n_bins, odd))
        yield _misfit(curve, left_out), rebin(curve, n_bins)


def filtered(curve: Curve) -> Iterator[tuple[float, Floats]]:
    """Each Savitzky-Golay filter: misfit by cross-validation, each point left out in turn, and the curve."""
    floor = np.full(len(curve), float(np.median(curve.sigma)))
    for is_log in (False, True):
        values = soften(curve.intensity, floor) if is_log else curve.intensity
        for order in ORDERS:
            for window in WINDOWS:
                if window <= order + 1 or window > len(curve):
                    continue
                smooth = np.asarray(savgol_filter(values, window, order), dtype=np.float64)
                own = float(savgol_coeffs(window, order)[window // 2])
                left_out = (smooth - own * values) / (1.0 - own)
                if is_log:
                    left_out, smooth = harden(left_out, floor), harden(smooth, floor)
                yield _misfit(curve, left_out), smooth


def choose(offered: list[tuple[float, Floats]], truth: Floats, sigma: Floats) -> tuple[Floats, Floats]:
    """What cross-validation chooses, and what an oracle would."""
    by_misfit = min(offered, key=lambda one: one[0])[1]
    by_truth = min(offered, key=lambda one: float((((one[1] - truth) / sigma) ** 2).sum()))[1]
    return by_misfit, by_truth


def _misfit(curve: Curve, left_out: Floats) -> float:
    return float((((curve.intensity - left_out) / curve.sigma) ** 2).mean())
