"""Fits of Guinier's law, and of the law that may bend away from it."""

from dataclasses import dataclass

import numpy as np

from models.domain.errors import FitFailed
from models.domain.scattering import Floats
from models.saxs.guinier_line import fit_line
from models.saxs.steady import Steady, invert

QRG_MAX = 1.3
"""Upper end of the window, q times rg, for globular particles (Guinier & Fournet 1955)."""
QRG_FIRST_MAX = 0.9
"""The window must begin below, in q times rg, or there is no Guinier region to see."""
MIN_SNR = 3.0
"""rg squared must stand so many sigma above zero."""
MIN_POINTS = 8
"""A window has at least so many points."""


@dataclass(frozen=True)
class GuinierFit:
    """One fit of I = I0 exp(-q^2 rg^2 / 3)."""

    rg_nm: float
    """Radius of gyration, nm."""
    rg_sigma_nm: float
    """One standard deviation of it, from noise alone, nm."""
    i0: float
    """Forward intensity, in the curve's unit."""
    i0_sigma: float
    """One standard deviation of it, from noise alone."""
    first: int
    """Index of the window's first point."""
    last: int
    """Index behind the window's last point."""
    chi2: float
    """Chi squared."""


def fit_guinier(points: Steady, first: int, rg_guess_nm: float) -> GuinierFit:
    """Fit Guinier's law from a first point up to q rg = 1.3.

    Parameters
    ----------
    points
        The curve, weighed.
    first
        Index of the first point to use.
    rg_guess_nm
        Where the search for a window that agrees with its own rg begins, nm.

    Returns
    -------
    GuinierFit
        The fit in the window that agrees with it.

    Raises
    ------
    FitFailed
        When the window is too short, begins too late, or intensity does not fall.
    """
    fit = fit_window(points, first, window_end(points, first, QRG_MAX / rg_guess_nm))
    seen = {fit.last}
    while True:
        last = window_end(points, first, QRG_MAX / fit.rg_nm)
        if last in seen:  # settled, or going round between two windows that differ by a point or two
            break
        seen.add(last)
        fit = fit_window(points, first, last)
    start = points.curve.q_inv_nm[first] * fit.rg_nm
    if start > QRG_FIRST_MAX:
        raise FitFailed(f"the curve begins at q rg = {start:.2f}, must begin below {QRG_FIRST_MAX:g}")
    return fit


def window_end(points: Steady, first: int, q_max_inv_nm: float) -> int:
    """Find where a window ends; refuse one with too few points."""
    last = int(np.searchsorted(points.curve.q_inv_nm, q_max_inv_nm, side="right"))
    if last - first < MIN_POINTS:
        raise FitFailed(f"{last - first} points below q = {q_max_inv_nm:.3g} 1/nm, needs {MIN_POINTS}")
    return last


def fit_window(points: Steady, first: int, last: int) -> GuinierFit:
    """Fit one window; see `fit_line`.

    Raises
    ------
    FitFailed
        When too few points stand above zero, or intensity does not fall clearly.
    """
    curve, part = points.curve, slice(first, last)
    log_i0, slope, *variances, chi2, n_positive = fit_line(
        curve.q_inv_nm[part] ** 2, curve.intensity[part], points.weight[part], points.variance[part]
    ).tolist()
    if n_positive < MIN_POINTS:
        raise FitFailed(f"{n_positive:.0f} positive points, needs {MIN_POINTS}")
    if not np.isfinite(chi2):
        raise FitFailed("the fit diverged")
    log_sigma, slope_sigma = np.sqrt(variances).tolist()
    if slope >= 0 or -slope < MIN_SNR * slope_sigma:
        raise FitFailed(f"ln I changes by {slope:.3g} +- {slope_sigma:.3g} nm^2 per q^2, must fall clearly")
    rg_nm, i0 = float(np.sqrt(-3 * slope)), float(np.exp(log_i0))
    return GuinierFit(
        rg_nm=rg_nm,
        rg_sigma_nm=1.5 * slope_sigma / rg_nm,
        i0=i0,
        i0_sigma=i0 * log_sigma,
        first=first,
        last=last,
        chi2=chi2,
    )


def propagate(jacobian: Floats, part: Steady) -> Floats:
    """Covariance of the parameters of a weighted fit from the points' own variance.

    Parameters
    ----------
    jacobian
        Derivatives of the intensity by the parameters, shape (n_q, n_parameters).
    part
        The points.
    """
    weighted = jacobian * part.weight[:, None]
    operator = invert(weighted.T @ jacobian) @ weighted.T
    return np.asarray((operator * part.variance) @ operator.T, dtype=np.float64)
