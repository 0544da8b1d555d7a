"""Fits of Guinier's law, and of the law that may bend away from it."""

from dataclasses import dataclass

import numpy as np

from models.domain.errors import FitFailed
from models.domain.scattering import Floats
from models.saxs.steady import Steady, invert

QRG_MAX = 1.3
"""Upper end of the window, q times rg, for globular particles (Guinier & Fournet 1955)."""
QRG_FIRST_MAX = 0.9
"""The window must begin below, in q times rg, or there is no Guinier region to see."""
MIN_SNR = 3.0
"""rg squared must stand so many sigma above zero."""
MIN_POINTS = 8
"""A window has at least so many points."""
N_STEPS = 8
"""Gauss-Newton steps at most; they settle in four."""
SETTLED = 1e-9
"""Steps end when ln I0 and the relative slope move by less."""


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
    """Fit one window: a straight line in ln I seeds Gauss-Newton steps on I, which noise does not bias."""
    part = points.rows(first, last)
    q2, intensity = part.curve.q_inv_nm**2, part.curve.intensity
    log_i0, slope = _seed(part, q2)
    for _ in range(N_STEPS):
        model = np.exp(log_i0 + slope * q2)
        weight = part.weight * model
        s0, s1, s2 = (float(weight @ x) for x in (model, model * q2, model * q2**2))
        residual = intensity - model
        t0, t1 = float(weight @ residual), float(weight @ (residual * q2))
        determinant = s0 * s2 - s1**2
        steps = (s2 * t0 - s1 * t1) / determinant, (s0 * t1 - s1 * t0) / determinant
        if not np.all(np.isfinite(steps)):
            raise FitFailed("the fit diverged")
        log_i0, slope = log_i0 + steps[0], slope + steps[1]
        if abs(steps[0]) < SETTLED and abs(steps[1]) < SETTLED * abs(slope):
            break
    return _as_fit(part, (log_i0, slope), (first, last))


def _seed(part: Steady, q2: Floats) -> tuple[float, float]:
    """Intercept and slope of ln I where I is positive, weighted by (I / sigma)^2."""
    is_positive = part.curve.intensity > 0
    if np.count_nonzero(is_positive) < MIN_POINTS:
        raise FitFailed(f"{np.count_nonzero(is_positive)} positive points, needs {MIN_POINTS}")
    intensity, x = part.curve.intensity[is_positive], q2[is_positive]
    weight, log_i = part.weight[is_positive] * intensity**2, np.log(intensity)
    mean_x, mean_y = np.average(x, weights=weight), np.average(log_i, weights=weight)
    slope = float(weight @ ((x - mean_x) * (log_i - mean_y)) / (weight @ (x - mean_x) ** 2))
    return float(mean_y - slope * mean_x), slope


def _as_fit(part: Steady, found: tuple[float, float], window: tuple[int, int]) -> GuinierFit:
    """Turn intercept and slope into I0 and rg with their errors."""
    log_i0, slope = found
    q2 = part.curve.q_inv_nm**2
    model = np.exp(log_i0 + slope * q2)
    jacobian = np.stack([model, model * q2], axis=1)
    covariance = propagate(jacobian, part)
    slope_sigma = float(np.sqrt(covariance[1, 1]))
    if slope >= 0 or -slope < MIN_SNR * slope_sigma:
        raise FitFailed(f"ln I changes by {slope:.3g} +- {slope_sigma:.3g} nm^2 per q^2, must fall clearly")
    rg_nm, i0 = float(np.sqrt(-3 * slope)), float(np.exp(log_i0))
    return GuinierFit(
        rg_nm=rg_nm,
        rg_sigma_nm=1.5 * slope_sigma / rg_nm,
        i0=i0,
        i0_sigma=i0 * float(np.sqrt(covariance[0, 0])),
        first=window[0],
        last=window[1],
        chi2=float(part.weight @ (part.curve.intensity - model) ** 2),
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
