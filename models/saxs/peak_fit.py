"""Fit one peak on its background, or several that overlap."""

from dataclasses import dataclass

import numpy as np

from models.domain.errors import FitFailed
from models.domain.scattering import Fit, Floats, Parameter
from models.saxs.fits import make_fit
from models.saxs.peak_model import N_OF_BACKGROUND, N_OF_PEAK, PeakTask
from models.saxs.peak_solution import MEAN_SHARE, WIDTH, Solution, reweigh, solve
from models.saxs.steady import Steady

HALF_WINDOW = 2.5
"""Half of the window in ln q, in relative full widths."""
MIN_HALF_WINDOW = 0.1
"""Half of a window in ln q is at least this."""
MIN_POINTS = 12
"""A window has at least so many points: the model has nine parameters."""
SHOWN = (("q", "1/nm"), ("fwhm", "1/nm"), ("height_over_background", "1"))
"""Name and unit of what is read off the parameters, in the order of `_values`."""
MIN_GAIN = 10.0
"""Chi squared that two different half widths must gain before they are believed."""


@dataclass(frozen=True)
class PeakFit:
    """One peak."""

    q_inv_nm: float
    """Position, 1/nm."""
    q_sigma_inv_nm: float
    """One standard deviation of it, 1/nm."""
    fwhm_inv_nm: float
    """Full width at half maximum, as measured, 1/nm."""
    fwhm_sigma_inv_nm: float
    """One standard deviation of it, 1/nm."""
    strength: float
    """Height over background, divided by the background."""
    strength_sigma: float
    """One standard deviation of it."""
    lorentzian_share: float
    """Share of the Lorentzian in the peak's shape."""
    fit: Fit
    """The model on the window."""


def fit_peak(points: Steady, q_inv_nm: float, fwhm_inv_nm: float) -> PeakFit:
    """Fit a peak and its background.

    One full width is fitted, and two half widths where the curve asks for them. sigma is propagated from the
    points' noise and from what is expected beforehand; where the curve departs from any such shape by more
    than chance, it grows by the root of reduced chi squared.

    Parameters
    ----------
    points
        The curve, weighed.
    q_inv_nm
        Where to begin, 1/nm.
    fwhm_inv_nm
        Full width to begin with, 1/nm.

    Returns
    -------
    PeakFit
        The peak.

    Raises
    ------
    FitFailed
        When the window does not hold enough points, or the fit leaves the place where it began.
    """
    task = _make_task(points, ((q_inv_nm, fwhm_inv_nm),))
    guess = np.array([0.0, 0.0, 0.0, 0.0, MEAN_SHARE, *_background_guess(task)])
    solution = solve(task, guess, np.zeros(1))
    # among few counts the scan's width is up to five times the peak's: it may pull once, and not twice
    task, log_widths = reweigh(task, solution.found), solution.found[[WIDTH]]
    solution = solve(task, solution.found, log_widths)
    if solution.gain > MIN_GAIN * max(1.0, solution.chi2 / max(len(task.part) - solution.n_free, 1)):
        solution = solve(task, solution.found, log_widths, is_split=True)
    return _read(task, solution, 0)


def fit_group(points: Steady, peaks: list[PeakFit]) -> list[PeakFit]:
    """Fit peaks that overlap on one background, all at once: what they do to each other is in sigma.

    Parameters
    ----------
    points
        The curve, weighed.
    peaks
        The peaks one by one, by increasing q.

    Returns
    -------
    list of PeakFit
        The same peaks, of one full width each.

    Raises
    ------
    FitFailed
        As in `fit_peak`.
    """
    task = _make_task(points, tuple((peak.q_inv_nm, peak.fwhm_inv_nm) for peak in peaks))
    own = [[0.0, 0.0, 0.0, float(np.log(peak.strength)), peak.lorentzian_share] for peak in peaks]
    guess, log_widths = (
        np.array([*(x for one in own for x in one), *_background_guess(task)]),
        np.zeros(len(own)),
    )
    task = reweigh(task, solve(task, guess, log_widths).found)
    solution = solve(task, guess, log_widths)
    return [_read(task, solution, place) for place in range(len(peaks))]


def _make_task(points: Steady, starts: tuple[tuple[float, float], ...]) -> PeakTask:
    """Cut a window; refuse one that cannot be fitted."""
    (first_q, first_fwhm), (last_q, last_fwhm) = starts[0], starts[-1]
    low = np.log(first_q) - max(HALF_WINDOW * first_fwhm / first_q, MIN_HALF_WINDOW)
    high = np.log(last_q) + max(HALF_WINDOW * last_fwhm / last_q, MIN_HALF_WINDOW)
    first, last = np.searchsorted(points.curve.q_inv_nm, np.exp([low, high]))
    part = points.rows(int(first), int(last))
    if len(part) < max(MIN_POINTS, N_OF_PEAK * len(starts) + N_OF_BACKGROUND):
        raise FitFailed(f"{len(part)} points around {first_q:.3g} 1/nm, needs {MIN_POINTS}")
    if np.count_nonzero(part.curve.intensity > 0) <= len(part) // 2:
        raise FitFailed(f"the background at {first_q:.3g} 1/nm is not above zero")
    return PeakTask(part, starts, float(high - low) / 2)


def _read(task: PeakTask, solution: Solution, place: int) -> PeakFit:
    """Read one peak off the parameters."""
    found, covariance = solution.of_peak(place)
    (q_inv_nm, fwhm_inv_nm, strength), start = _values(found, task.starts[place]).tolist(), task.starts[place]
    to_fwhm = np.array([fwhm_inv_nm, fwhm_inv_nm * np.tanh(found[2])])
    fwhm_variance = float(to_fwhm @ covariance[1:3, 1:3] @ to_fwhm)
    sigmas = np.sqrt(
        [start[1] ** 2 * covariance[0, 0], max(fwhm_variance, 0.0), strength**2 * covariance[3, 3]]
    ).tolist()
    return PeakFit(
        q_inv_nm=q_inv_nm,
        q_sigma_inv_nm=sigmas[0],
        fwhm_inv_nm=fwhm_inv_nm,
        fwhm_sigma_inv_nm=sigmas[1],
        strength=strength,
        strength_sigma=sigmas[2],
        lorentzian_share=float(found[4]),
        fit=_as_fit(task, solution, place, sigmas),
    )


def _values(found: Floats, start: tuple[float, float]) -> Floats:
    """Read position, full width and strength off the parameters."""
    fwhm_inv_nm = start[1] * np.exp(found[1]) * np.cosh(found[2])
    return np.array([start[0] + found[0] * start[1], fwhm_inv_nm, np.exp(found[3])])


def _as_fit(task: PeakTask, solution: Solution, place: int, sigmas: list[float]) -> Fit:
    """Put the model beside the points of its window."""
    found, covariance = solution.of_peak(place)
    values, share_sigma = _values(found, task.starts[place]), float(np.sqrt(covariance[4, 4]))
    parameters = (
        *(
            Parameter(name=name, value=float(value), sigma=float(sigma), unit=unit)
            for (name, unit), value, sigma in zip(SHOWN, values, sigmas, strict=True)
        ),
        Parameter(name="lorentzian_share", value=float(found[4]), sigma=share_sigma, unit="1"),
    )
    return make_fit("peak", task.part.curve, task.model(solution.found)[0], parameters, solution.n_free)


def _background_guess(task: PeakTask) -> tuple[float, float, float, float]:
    """Guess the background from the points beside the peaks."""
    curve = task.part.curve
    beside = curve.intensity > 0
    for q_inv_nm, fwhm_inv_nm in task.starts:
        beside &= np.abs(curve.q_inv_nm - q_inv_nm) > fwhm_inv_nm
    if np.count_nonzero(beside) < 3:
        return float(np.log(np.median(curve.intensity))), 0.0, 0.0, 0.0
    x = np.log(curve.q_inv_nm[beside] / task.centre_inv_nm) / task.half_window
    log_i = np.log(curve.intensity[beside])
    middle = float(x.mean())
    slope = float((x - middle) @ log_i / ((x - middle) @ (x - middle)))
    return float(log_i.mean()) - slope * middle, slope, 0.0, 0.0
