"""Guinier's law: radius of gyration and forward intensity."""

import logging
from dataclasses import dataclass

import numpy as np
from freesas.autorg import InsufficientDataError, NoGuinierRegionError, autoRg

from models.domain.errors import FitFailed
from models.domain.scattering import Absence, Curve, Feature, Floats
from models.saxs.extractor import Extractor

QRG_MAX = 1.3
"""Upper end of the window, q times rg, for globular particles (Guinier & Fournet 1955)."""
QRG_SHORT = 1.1
"""Upper end of the second, shorter window, which exposes what the first one's curvature does."""
QRG_FIRST_MAX = 0.9
"""The window must begin below, in q times rg, or there is no Guinier region to see."""
BEND_SIGMA = 0.007
"""How far particles bend away from Guinier's law: ln I = ln I0 - u^2 / 3 + k u^4 with u = q rg, and k is
-0.008 for a sphere, 0 for a Gaussian, +0.028 for a random coil (their series, Debye 1947 for the coil)."""
CLEAR_BEND = 2.0
"""A bend that stands so many sigma from 0 is believed, however large."""
MIN_POINTS = 8
"""A window has at least so many points."""
QRG_START_MAX = 0.65
"""Windows that begin up to here, in q times rg, are compared to find where the Guinier region begins."""
N_STARTS = 24
"""Count of beginnings that are compared."""
START_TOLERANCE = 1.5
"""A beginning is taken when no later one changes the slope by more sigma than this."""
MIN_SNR = 3.0
"""rg squared must stand so many sigma above zero."""


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
    fit = _fit_window(curve, first, _window_end(curve, first, qrg_max / rg_guess_nm))
    seen = {fit.last}
    while True:
        last = _window_end(curve, first, qrg_max / fit.rg_nm)
        if last in seen:  # settled, or going round between two windows that differ by a point or two
            break
        seen.add(last)
        fit = _fit_window(curve, first, last)
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


def _fit_window(curve: Curve, first: int, last: int) -> GuinierFit:
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


def guess_window(curve: Curve) -> tuple[int, float]:
    """Guess where the Guinier region begins, and its rg.

    Parameters
    ----------
    curve
        The curve.

    Returns
    -------
    first : int
        Index of the first point, behind the upturn of aggregates or the penumbra of the beamstop.
    rg_nm : float
        A rough radius of gyration, nm.

    Raises
    ------
    FitFailed
        When no stretch of the curve falls as Guinier's law does.
    """
    table = np.stack([curve.q_inv_nm, curve.intensity, curve.sigma], axis=1).astype(np.float64)
    logging.getLogger("freesas").setLevel(logging.ERROR)
    try:
        with np.errstate(all="ignore"):  # it divides by the scatter of windows that have none
            found = autoRg(table)
        if found.Rg > 0 and np.isfinite(found.Rg):
            return int(found.start_point), float(found.Rg)
    except (InsufficientDataError, NoGuinierRegionError, ValueError, IndexError, ZeroDivisionError):
        pass  # freesas gives up on short and on very smooth curves; the search below does not
    return _search(curve)


def choose_first(curve: Curve, guessed: int, rg_nm: float) -> int:
    """Choose where the Guinier region begins, behind what repulsion or aggregates do to the lowest q.

    Windows that begin later are nested in those that begin earlier. If Guinier's law holds from the
    earlier beginning on, both slopes agree within the root of the difference of their variances
    (Hausman 1978); the earliest beginning that agrees with all later ones is taken.

    Parameters
    ----------
    curve
        The curve.
    guessed
        Index that `guess_window` found.
    rg_nm
        A rough radius of gyration, nm.

    Returns
    -------
    int
        Index of the first point to use.
    """
    last = int(np.searchsorted(curve.q_inv_nm, QRG_MAX / rg_nm, side="right"))
    latest = min(int(np.searchsorted(curve.q_inv_nm, QRG_START_MAX / rg_nm)), last - MIN_POINTS)
    fits: list[GuinierFit] = []
    for first in np.unique(np.linspace(0, max(latest, 0), N_STARTS).astype(int)):
        try:
            fits.append(_fit_window(curve, int(first), last))
        except (FitFailed, np.linalg.LinAlgError):
            continue
    for place, fit in enumerate(fits):
        if all(_agree(fit, later) for later in fits[place + 1 :]):
            return fit.first
    return guessed


def _agree(fit: GuinierFit, nested: GuinierFit) -> bool:
    """Say whether a fit and one of a part of its window differ by no more than noise."""
    noise_nm = np.sqrt(max(nested.rg_sigma_nm**2 - fit.rg_sigma_nm**2, 0.0)) + 1e-4 * fit.rg_nm
    return abs(nested.rg_nm - fit.rg_nm) <= START_TOLERANCE * noise_nm


def _search(curve: Curve) -> tuple[int, float]:
    """Try windows from the first points on, growing ends; take the longest that is a Guinier region."""
    for first in range(0, max(1, len(curve) // 10), max(1, len(curve) // 50)):
        for share in (0.8, 0.55, 0.35, 0.25, 0.15, 0.1, 0.06, 0.03):
            last = max(first + MIN_POINTS, int(share * len(curve)))
            if last > len(curve):
                continue
            try:
                fit = _fit_window(curve, first, last)
                return first, fit_guinier(curve, first, fit.rg_nm).rg_nm
            except (FitFailed, np.linalg.LinAlgError):
                continue
    raise FitFailed("no stretch of the curve falls as Guinier's law does")


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


def extract(curve: Curve) -> tuple[Feature | Absence, ...]:
    """Read rg and I0.

    The values are those of the straight fit up to q rg = 1.3. sigma is that of a fit which may bend, with the
    shift to it, and with the change to the window up to 1.1 as far as noise does not explain it, in
    quadrature; so it holds what a particle's shape does to Guinier's law. For I0, the error that all points
    share is added.

    Parameters
    ----------
    curve
        The curve, buffer subtracted.

    Returns
    -------
    tuple of Feature or Absence
        ``rg`` in nm and ``i0`` in the curve's unit.
    """
    guessed, rg_nm = guess_window(curve)
    fit = fit_guinier(curve, choose_first(curve, guessed, rg_nm), rg_nm)
    rg_sigma_nm, i0_sigma = bend_effect(curve, fit)
    try:
        short = fit_guinier(curve, fit.first, fit.rg_nm, QRG_SHORT)
    except FitFailed:
        pass  # too few points for the shorter window: the long one's sigma is wide then anyway
    else:
        rg_sigma_nm = np.hypot(
            rg_sigma_nm, _beyond(short.rg_nm - fit.rg_nm, short.rg_sigma_nm, fit.rg_sigma_nm)
        )
        i0_sigma = np.hypot(i0_sigma, _beyond(short.i0 - fit.i0, short.i0_sigma, fit.i0_sigma))
    i0_sigma = np.hypot(i0_sigma, fit.i0 * curve.common_relative_sigma)
    return (
        Feature(name="rg", value=fit.rg_nm, sigma=float(rg_sigma_nm), unit="nm"),
        Feature(name="i0", value=fit.i0, sigma=float(i0_sigma), unit=curve.unit),
    )


def _beyond(difference: float, sigma_short: float, sigma_long: float) -> float:
    """Return the part of a difference between nested windows that their noise does not explain."""
    # nested fits share points: the variance of their difference is the difference of their variances
    expected = max(sigma_short**2 - sigma_long**2, 0.0)
    return float(np.sqrt(max(difference**2 - expected, 0.0)))


EXTRACTOR = Extractor(makes={"rg": "nm", "i0": "a.u."}, extract=extract)
