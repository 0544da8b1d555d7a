"""Guinier's law: radius of gyration and forward intensity, by the law alone and by one that may bend."""

import logging

import numpy as np
from freesas.autorg import InsufficientDataError, NoGuinierRegionError, autoRg
from numpy.typing import NDArray

from models.domain.errors import FitFailed
from models.domain.scattering import Absence, Curve, Feature, Fit, Floats, Mask, Parameter
from models.saxs.bent_fit import BentFit, bent_law, fit_bent
from models.saxs.extractor import Extractor
from models.saxs.fits import make_fit
from models.saxs.guinier_fit import MIN_POINTS, QRG_MAX, GuinierFit, fit_guinier, fit_window
from models.saxs.guinier_search import search_region
from models.saxs.steady import Steady, excess, steady

QRG_START_MAX = 0.65
"""Windows that begin up to here, in q times rg, are compared to find where the Guinier region begins."""
N_STARTS = 24
"""Count of beginnings that are compared."""
START_TOLERANCE = 2.5
"""A beginning is taken when no later one changes rg by more sigma than this, beyond what bends explain."""
SCATTER_TOLERANCE = 2.8
"""Nor may any stretch between beginnings behind it have a chi squared that is so many sigma too high."""
SHAPE_BENDS = (-0.15, 0.5)
"""Bends of particles, from spheres to coils; one beyond is the work of repulsion or of aggregates."""
START_BEND = 0.012
"""What a particle's bend away from the law may change rg by, relative, as the square of q rg at the window's
beginning grows by 1: that of a sphere (coils: 0.025)."""
NAMES = ("rg_bent", "i0_bent")
"""What asks for a longer stretch of curve than Guinier's law does."""


def guess_window(points: Steady) -> tuple[int, float]:
    """Guess where the Guinier region begins, and its rg.

    Parameters
    ----------
    points
        The curve, weighed.

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
    curve = points.curve
    table = np.stack([curve.q_inv_nm, curve.intensity, curve.sigma], axis=1).astype(np.float64)
    logging.getLogger("freesas").setLevel(logging.ERROR)
    try:
        with np.errstate(all="ignore"):  # it divides by the scatter of windows that have none
            found = autoRg(table)
        if found.Rg > 0 and np.isfinite(found.Rg):
            return int(found.start_point), float(found.Rg)
    except (InsufficientDataError, NoGuinierRegionError, ValueError, IndexError, ZeroDivisionError):
        pass  # freesas gives up on short and on very smooth curves; the search below does not
    return _search(points)


def choose_first(points: Steady, guessed: int, rg_nm: float) -> int:
    """Choose where the Guinier region begins, behind what repulsion or aggregates do to the lowest q.

    Windows that begin later are nested in those that begin earlier. If Guinier's law holds from the
    earlier beginning on, both slopes agree within the root of the difference of their variances
    (Hausman 1978); the earliest beginning that agrees with all later ones is taken.

    Parameters
    ----------
    points
        The curve, weighed.
    guessed
        Index that `guess_window` found.
    rg_nm
        A rough radius of gyration, nm.

    Returns
    -------
    int
        Index of the first point to use.
    """
    q_inv_nm = points.curve.q_inv_nm
    last = int(np.searchsorted(q_inv_nm, QRG_MAX / rg_nm, side="right"))
    latest = min(int(np.searchsorted(q_inv_nm, QRG_START_MAX / rg_nm)), last - MIN_POINTS)
    starts = np.unique(np.linspace(0, max(latest, 0), N_STARTS).astype(int))
    try:
        base = fit_window(points, int(starts[0]), last)
    except FitFailed:
        return guessed
    law = np.array([np.log(base.i0), 2 * np.log(base.rg_nm), 0.0])
    try:
        bent = fit_bent(points, base)
        law[2] = np.clip(bent.bend, *SHAPE_BENDS)
    except FitFailed:
        pass  # too few points to see a bend
    agrees = _agree(points.rows(0, last), law, starts)
    is_taken = np.all(agrees | (starts[None, :] <= starts[:, None]), axis=1)
    return int(starts[np.argmax(is_taken)])  # the latest has none after it


def _agree(part: Steady, law: Floats, starts: NDArray[np.int_]) -> Mask:
    """Say of each beginning (row) and each later one (column) whether they agree, shape (n, n)."""
    # one Gauss-Newton step from a law that all windows hold; sums from each start to the common end
    q2, base_rg2 = part.curve.q_inv_nm**2, float(np.exp(law[1]))
    model, _ = bent_law(part.curve.q_inv_nm, law)
    weight, residual = part.weight * model**2, part.curve.intensity / model - 1
    terms = np.stack([weight, weight * q2, weight * q2**2, weight * residual, weight * residual * q2])
    s0, s1, s2, t0, t1 = np.cumsum(terms[:, ::-1], axis=1)[:, ::-1][:, starts]
    determinant = s0 * s2 - s1**2
    rg2 = base_rg2 - 3 * (s0 * t1 - s1 * t0) / determinant  # a slope that rises has no rg, but a square
    variance = 9 * s0 / determinant
    apart = np.abs(rg2[None, :] - rg2[:, None])
    noise = np.sqrt(np.maximum(variance[None, :] - variance[:, None], 0.0))
    begins = q2[starts] * base_rg2
    bend = 2 * START_BEND * base_rg2 * np.abs(begins[None, :] - begins[:, None])
    squares = np.cumsum((weight * residual**2)[::-1])[::-1][starts]
    chi2 = squares - (s2 * t0**2 - 2 * s1 * t0 * t1 + s0 * t1**2) / determinant
    between = np.maximum(starts[None, :] - starts[:, None], 1)
    # chi squared as a normal deviate (Wilson & Hilferty 1931)
    part_of_one = np.maximum(chi2[:, None] - chi2[None, :], 0.0) / between
    scatter = (np.cbrt(part_of_one) - (1 - 2 / (9 * between))) / np.sqrt(2 / (9 * between))
    is_quiet = (scatter <= SCATTER_TOLERANCE) | (starts[None, :] <= starts[:, None])
    is_quiet = np.flip(np.logical_and.accumulate(np.flip(is_quiet.all(axis=1))))
    return (apart <= START_TOLERANCE * noise + bend) & is_quiet[:, None]


def _search(points: Steady) -> tuple[int, float]:
    """Try windows from the first points on, ever shorter ones; take the first that is a Guinier region."""
    curve = points.curve
    first, rg_nm = search_region(np.stack([curve.q_inv_nm, curve.intensity, points.weight, points.variance]))
    if not np.isfinite(rg_nm):
        raise FitFailed("no stretch of the curve falls as Guinier's law does")
    return first, rg_nm


def extract(curve: Curve) -> tuple[Feature | Absence | Fit, ...]:
    """Read rg and I0.

    ``rg`` and ``i0`` are those of the straight fit up to q rg = 1.3, as in all tables; sigma is that of noise
    alone, and what a particle's shape does to the law is a bias. ``rg_bent`` and ``i0_bent`` are those of a
    law that bends with the shape: free of that bias, with more noise. Where even the bent law does not
    describe the points within their sigma, all sigmas grow by the root of its reduced chi squared. For both
    intensities, the error that all points share is added.

    Parameters
    ----------
    curve
        The curve, buffer subtracted.

    Returns
    -------
    tuple of Feature, Absence or Fit
        ``rg`` and ``rg_bent`` in nm, ``i0`` and ``i0_bent`` in the curve's unit, and the straight fit.
    """
    points = steady(curve)
    guessed, rg_nm = guess_window(points)
    fit = fit_guinier(points, choose_first(points, guessed, rg_nm), rg_nm)
    scatter = excess(fit.chi2, fit.last - fit.first - 2)
    bent: BentFit | str
    try:
        bent = fit_bent(points, fit)
    except FitFailed as error:
        bent = str(error)
    else:
        scatter = min(scatter, bent.excess)
    return (
        Feature(name="rg", value=fit.rg_nm, sigma=float(fit.rg_sigma_nm * np.sqrt(scatter)), unit="nm"),
        _forward("i0", fit.i0, fit.i0_sigma * float(np.sqrt(scatter)), curve),
        *_bent_features(bent, curve),
        _as_fit(curve, fit),
    )


def _bent_features(bent: BentFit | str, curve: Curve) -> tuple[Feature | Absence, ...]:
    """Name what the bent law found, or why it found nothing."""
    if isinstance(bent, str):
        return tuple(Absence(name=name, why=bent) for name in NAMES)
    scale = float(np.sqrt(bent.excess))
    return (
        Feature(name="rg_bent", value=bent.rg_nm, sigma=scale * bent.rg_sigma_nm, unit="nm"),
        _forward("i0_bent", bent.i0, scale * bent.i0_sigma, curve),
    )


def _forward(name: str, i0: float, sigma: float, curve: Curve) -> Feature:
    """A forward intensity; its sigma also holds what all points share."""
    shared = i0 * curve.common_relative_sigma
    return Feature(name=name, value=i0, sigma=float(np.hypot(sigma, shared)), unit=curve.unit)


def _as_fit(curve: Curve, fit: GuinierFit) -> Fit:
    """Put the straight fit beside its points."""
    part = curve.rows(fit.first, fit.last)
    found = (
        Parameter(name="rg", value=fit.rg_nm, sigma=fit.rg_sigma_nm, unit="nm"),
        Parameter(name="i0", value=fit.i0, sigma=fit.i0_sigma, unit=curve.unit),
    )
    return make_fit("guinier", part, fit.i0 * np.exp(-((part.q_inv_nm * fit.rg_nm) ** 2) / 3), found, 2)


EXTRACTOR = Extractor(makes={"rg": "nm", "i0": "a.u.", "rg_bent": "nm", "i0_bent": "a.u."}, extract=extract)
