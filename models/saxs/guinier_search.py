"""Search for a stretch that falls as Guinier's law does, compiled: where there is none, all are tried."""

import math

import numpy as np

from models.compiled import compiled
from models.domain.scattering import Floats
from models.saxs.guinier_fit import MIN_POINTS, MIN_SNR, QRG_FIRST_MAX, QRG_MAX
from models.saxs.guinier_line import fit_line

SHARES = (0.8, 0.55, 0.35, 0.25, 0.15, 0.1, 0.06, 0.03)
"""Windows end at these shares of all points."""
LATEST, STRIDE = 10, 50
"""They begin within the first n-th part of the points, every n-th part of them."""


@compiled
def search_region(points: Floats) -> tuple[int, float]:
    """Try windows from the first points on; take the longest that is a Guinier region.

    Parameters
    ----------
    points
        q, intensity, weight and variance, shape (4, n_q).

    Returns
    -------
    int, float
        Index of the first point, and rg, nm; NaN where there is no such region.
    """
    n = points.shape[1]
    for first in range(0, max(1, n // LATEST), max(1, n // STRIDE)):
        for share in SHARES:
            last = max(first + MIN_POINTS, int(share * n))
            if last > n:
                continue
            rg_nm = _settle(points, first, _fit_rg(points, first, last))
            if math.isfinite(rg_nm):
                return first, rg_nm
    return 0, np.nan


@compiled
def _settle(points: Floats, first: int, rg_nm: float) -> float:
    """The rg whose window agrees with it, from a guess; NaN where there is none. As `fit_guinier`."""
    is_seen = np.zeros(points.shape[1] + 1, dtype=np.bool_)
    while math.isfinite(rg_nm):
        last = int(np.searchsorted(points[0], QRG_MAX / rg_nm, side="right"))
        if is_seen[last]:
            return rg_nm if points[0, first] * rg_nm <= QRG_FIRST_MAX else np.nan
        is_seen[last] = True
        rg_nm = _fit_rg(points, first, last)
    return np.nan


@compiled
def _fit_rg(points: Floats, first: int, last: int) -> float:
    """The rg of one window, NaN where intensity does not clearly fall; as `fit_window`."""
    if last - first < MIN_POINTS:
        return np.nan
    part = points[:, first:last]
    found = fit_line(part[0] ** 2, part[1], part[2], part[3])
    slope, variance, chi2, n_positive = found[1], found[3], found[4], found[5]
    if n_positive < MIN_POINTS or not math.isfinite(chi2) or not variance >= 0:
        return np.nan
    if slope >= 0 or -slope < MIN_SNR * math.sqrt(variance):
        return np.nan
    return math.sqrt(-3 * slope)
