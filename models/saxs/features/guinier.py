"""Guinier's law: radius of gyration and forward intensity."""

import logging

import numpy as np
from freesas.autorg import InsufficientDataError, NoGuinierRegionError, autoRg

from models.domain.errors import FitFailed
from models.domain.scattering import Absence, Curve, Feature, Fit, Parameter
from models.saxs.extractor import Extractor
from models.saxs.fits import make_fit
from models.saxs.guinier_fit import MIN_POINTS, QRG_MAX, GuinierFit, bend_effect, fit_guinier, fit_window

QRG_SHORT = 1.1
"""Upper end of the second, shorter window, which exposes what the first one's curvature does."""
QRG_START_MAX = 0.65
"""Windows that begin up to here, in q times rg, are compared to find where the Guinier region begins."""
N_STARTS = 24
"""Count of beginnings that are compared."""
START_TOLERANCE = 1.5
"""A beginning is taken when no later one changes the slope by more sigma than this."""


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
            fits.append(fit_window(curve, int(first), last))
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
                fit = fit_window(curve, first, last)
                return first, fit_guinier(curve, first, fit.rg_nm).rg_nm
            except (FitFailed, np.linalg.LinAlgError):
                continue
    raise FitFailed("no stretch of the curve falls as Guinier's law does")


def extract(curve: Curve) -> tuple[Feature | Absence | Fit, ...]:
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
    tuple of Feature, Absence or Fit
        ``rg`` in nm and ``i0`` in the curve's unit, and the straight fit.
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
        _as_fit(curve, fit),
    )


def _as_fit(curve: Curve, fit: GuinierFit) -> Fit:
    """Put the straight fit beside its points."""
    part = curve.rows(fit.first, fit.last)
    found = (
        Parameter(name="rg", value=fit.rg_nm, sigma=fit.rg_sigma_nm, unit="nm"),
        Parameter(name="i0", value=fit.i0, sigma=fit.i0_sigma, unit=curve.unit),
    )
    return make_fit("guinier", part, fit.i0 * np.exp(-((part.q_inv_nm * fit.rg_nm) ** 2) / 3), found, 2)


def _beyond(difference: float, sigma_short: float, sigma_long: float) -> float:
    """Return the part of a difference between nested windows that their noise does not explain."""
    # nested fits share points: the variance of their difference is the difference of their variances
    expected = max(sigma_short**2 - sigma_long**2, 0.0)
    return float(np.sqrt(max(difference**2 - expected, 0.0)))


EXTRACTOR = Extractor(makes={"rg": "nm", "i0": "a.u."}, extract=extract)
