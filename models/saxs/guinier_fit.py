"""Fits of Guinier's law, and what a particle's bend away from it does to them."""

from dataclasses import dataclass

import numpy as np

from models.domain.errors import FitFailed
from models.domain.scattering import Curve, Floats

QRG_MAX = 1.3
"""Upper end of the window, q times rg, for globular particles (Guinier & Fournet 1955)."""
QRG_FIRST_MAX = 0.9
"""The window must begin below, in q times rg, or there is no Guinier region to see."""
BEND_SIGMA = 0.007
"""How far particles bend away from Guinier's law: ln I = ln I0 - u^2 / 3 + k u^4 with u = q rg, and k is
-0.008 for a sphere, 0 for a Gaussian, +0.028 for a random coil (their series, Debye 1947 for the coil)."""
CLEAR_BEND = 2.0
"""A bend that stands so many sigma from 0 is believed, however large."""
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
    """One standard deviation of it, nm."""
    i0: float
    """Forward intensity, in the curve's unit."""
    i0_sigma: float
    """One standard deviation of it."""
    first: int
    """Index of the window's first point."""
    last: int
    """Index behind the window's last point."""
    reduced_chi2: float
    """Chi squared over degrees of freedom."""


def fit_guinier(curve: Curve, first: int, rg_guess_nm: float, qrg_max: float = QRG_MAX) -> GuinierFit:
    """Fit Guinier's law from a first point up to a limit of q times rg.

    Parameters
    ----------
    curve
        The curve.
    first
        Index of the first point to use.
    rg_guess_nm
        Where the search for a window that agrees with its own rg begins, nm.
    qrg_max
        Upper end of the window, q times rg.

    Returns
    -------
    GuinierFit
        Weighted by 1/sigma^2; sigma is the covariance's, times the root of reduced chi squared above 1.

    Raises
    ------
    FitFailed
        When the window is too short, begins too late, or intensity does not fall.
    """
    fit = fit_window(curve, first, _window_end(curve, first, qrg_max / rg_guess_nm))
    seen = {fit.last}
    while True:
        last = _window_end(curve, first, qrg_max / fit.rg_nm)
        if last in seen:  # settled, or going round between two windows that differ by a point or two
            break
        seen.add(last)
        fit = fit_window(curve, first, last)
    start = curve.q_inv_nm[first] * fit.rg_nm
    if start > QRG_FIRST_MAX:
        raise FitFailed(f"the curve begins at q rg = {start:.2f}, must begin below {QRG_FIRST_MAX:g}")
    return fit


def _window_end(curve: Curve, first: int, q_max_inv_nm: float) -> int:
    """Find where a window ends; refuse one with too few points."""
    last = int(np.searchsorted(curve.q_inv_nm, q_max_inv_nm, side="right"))
    if last - first < MIN_POINTS:
        raise FitFailed(f"{last - first} points below q = {q_max_inv_nm:.3g} 1/nm, needs {MIN_POINTS}")
    return last


def fit_window(curve: Curve, first: int, last: int) -> GuinierFit:
    """Fit one window: a straight line in ln I seeds Gauss-Newton steps on I, which noise does not bias."""
    q2 = curve.q_inv_nm[first:last] ** 2
    intensity, sigma = curve.intensity[first:last], curve.sigma[first:last]
    is_positive = intensity > 0
    if np.count_nonzero(is_positive) < MIN_POINTS:
        raise FitFailed(f"{np.count_nonzero(is_positive)} positive points, needs {MIN_POINTS}")
    weight = np.where(is_positive, intensity, 0.0) / sigma
    log_i = np.log(np.where(is_positive, intensity, 1.0))
    design = np.stack([np.ones_like(q2), q2], axis=1)
    found = np.asarray(
        np.linalg.lstsq(design * weight[:, None], log_i * weight, rcond=None)[0], dtype=np.float64
    )
    for _ in range(5):
        model = np.exp(design @ found)
        jacobian = design * (model / sigma)[:, None]
        found = found + np.linalg.lstsq(jacobian, (intensity - model) / sigma, rcond=None)[0]
        if not np.all(np.isfinite(found)):
            raise FitFailed("the fit diverged")
    return _as_fit(design, found, intensity, sigma, (first, last))


def _as_fit(
    design: Floats, found: Floats, intensity: Floats, sigma: Floats, window: tuple[int, int]
) -> GuinierFit:
    """Turn intercept and slope into I0 and rg with their errors."""
    model = np.exp(design @ found)
    jacobian = design * (model / sigma)[:, None]
    chi2 = float(np.sum(((intensity - model) / sigma) ** 2)) / (intensity.size - 2)
    covariance = np.linalg.inv(jacobian.T @ jacobian) * max(1.0, chi2)
    slope, slope_sigma = float(found[1]), float(np.sqrt(covariance[1, 1]))
    if slope >= 0 or -slope < MIN_SNR * slope_sigma:
        raise FitFailed(f"ln I changes by {slope:.3g} +- {slope_sigma:.3g} nm^2 per q^2, must fall clearly")
    rg_nm = float(np.sqrt(-3 * slope))
    i0 = float(np.exp(found[0]))
    return GuinierFit(
        rg_nm=rg_nm,
        rg_sigma_nm=1.5 * slope_sigma / rg_nm,
        i0=i0,
        i0_sigma=i0 * float(np.sqrt(covariance[0, 0])),
        first=window[0],
        last=window[1],
        reduced_chi2=chi2,
    )


def bend_effect(curve: Curve, fit: GuinierFit) -> tuple[float, float]:
    """Ask what the bend of ln I against q^2 does to a fit that knows none.

    The curve is fitted again with a bend k, expected at 0 +- 0.007, or where it clearly is if it stands out.

    Parameters
    ----------
    curve
        The curve.
    fit
        A fit of Guinier's law.

    Returns
    -------
    rg_sigma_nm : float
        The bent fit's standard deviation of rg, and the shift of rg to that fit, in quadrature, nm.
    i0_sigma : float
        The same of I0.
    """
    free, free_covariance = _fit_bent(curve, fit, np.inf)
    bend, bend_sigma = abs(float(free[2])), float(np.sqrt(free_covariance[2, 2]))
    expected = max(BEND_SIGMA, bend) if bend > CLEAR_BEND * bend_sigma else BEND_SIGMA
    found, covariance = _fit_bent(curve, fit, expected)
    # rg^2 is -3 times the slope in units of the straight fit's rg^2
    rg_shift_nm = fit.rg_nm * (np.sqrt(max(-3 * found[1], 0.0)) - 1)
    rg_sigma_nm = 1.5 * fit.rg_nm * np.sqrt(covariance[1, 1])
    i0_shift = float(np.exp(found[0])) - fit.i0
    return (
        float(np.hypot(rg_sigma_nm, rg_shift_nm)),
        float(np.hypot(fit.i0 * np.sqrt(covariance[0, 0]), i0_shift)),
    )


def _fit_bent(curve: Curve, fit: GuinierFit, bend_sigma: float) -> tuple[Floats, Floats]:
    """Fit ln I0, slope and bend in units of a straight fit's rg; the bend is expected at 0 +- bend_sigma."""
    u2 = (curve.q_inv_nm[fit.first : fit.last] * fit.rg_nm) ** 2
    intensity, sigma = curve.intensity[fit.first : fit.last], curve.sigma[fit.first : fit.last]
    sigma = sigma * np.sqrt(max(1.0, fit.reduced_chi2))
    design = np.stack([np.ones_like(u2), u2, u2**2], axis=1)
    prior = np.array([[0.0, 0.0, 1 / bend_sigma]])
    found = np.array([np.log(fit.i0), -1 / 3, 0.0])
    covariance = np.zeros((3, 3))
    for _ in range(4):
        model = np.exp(np.clip(design @ found, -700, 700))
        jacobian = np.concatenate([design * (model / sigma)[:, None], prior])
        residual = np.append((intensity - model) / sigma, -found[2] / bend_sigma)
        covariance = np.linalg.pinv(jacobian.T @ jacobian)
        found = found + covariance @ (jacobian.T @ residual)
    return found, np.asarray(covariance, dtype=np.float64)
