"""Fit one peak on its background."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.domain.errors import FitFailed
from models.domain.scattering import Fit, Floats, Parameter
from models.saxs.fits import make_fit
from models.saxs.normal_equations import invert_positive
from models.saxs.peak_model import N_PARAMETERS, PeakTask
from models.saxs.peak_steps import N_STEPS, settle
from models.saxs.steady import Steady, excess

HALF_WINDOW = 2.5
"""Half of the window in ln q, in relative full widths."""
MIN_HALF_WINDOW = 0.1
"""Half of a window in ln q is at least this."""
MIN_POINTS = 12
"""A window has at least so many points: the model has nine parameters."""
PRIOR_CENTRE = np.array([0.0, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0])
"""Where each parameter is expected."""
PRIOR_SIGMA = np.array([np.inf, 0.5, 0.5, np.inf, 0.5, np.inf, np.inf, 0.3, 0.05])
"""How surely. A broad peak and a bent background are hard to tell apart: without the expectation that the
width is about the scan's, and that ln I of the background bends by some 0.3 within the window (0.05 in third
order), a shoulder could pass for a peak a thousand times its background. A clear peak does not feel it."""
LIMITS = np.array([1.0, 2.3, 1.0, 9.0, 1.0, np.inf, np.inf, 1.5, 0.5])
"""Largest value of each parameter."""
SHOWN = (("q", "1/nm"), ("fwhm", "1/nm"), ("height_over_background", "1"))
"""Name and unit of what is read off the parameters, in the order of `_values`."""
MIN_GAIN = 10.0
"""Chi squared that two different half widths must gain before they are believed."""
MIN_VARIANCE = 0.03
"""A point's expected variance is at least this part of the mean one."""


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


@dataclass(frozen=True, eq=False)
class _Solution:
    """Parameters that fit a window."""

    found: Floats
    """The parameters, shape (9,)."""
    covariance: Floats
    """Of the parameters, shape (9, 9); 0 for those that were not fitted."""
    chi2: float
    """Chi squared."""
    gain: float
    """Chi squared that a ratio of half widths would gain, to first order; 0 where it is fitted."""
    n_free: int
    """How many parameters are free."""


_SYMMETRIC = np.array([True, True, False, True, True, True, True, True, True])
_SPLIT = np.ones(N_PARAMETERS, dtype=bool)


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
    start = (q_inv_nm, fwhm_inv_nm)
    task = _make_task(points, start, max(HALF_WINDOW * fwhm_inv_nm / q_inv_nm, MIN_HALF_WINDOW))
    guess = np.array([*PRIOR_CENTRE[:3], 0.0, 0.5, *_background_guess(task)])
    solution = _solve(task, _SYMMETRIC, guess, guess[1])
    # among few counts the scan's width is up to five times the peak's: it may pull once, and not twice
    task, log_width = _reweigh(task, solution.found), float(solution.found[1])
    solution = _solve(task, _SYMMETRIC, solution.found, log_width)
    if solution.gain > MIN_GAIN * max(1.0, solution.chi2 / max(len(task.part) - solution.n_free, 1)):
        solution = _solve(task, _SPLIT, solution.found, log_width)
    values, sigmas = _values(solution.found, start).tolist(), _sigmas(solution, start).tolist()
    return PeakFit(
        q_inv_nm=values[0],
        q_sigma_inv_nm=sigmas[0],
        fwhm_inv_nm=values[1],
        fwhm_sigma_inv_nm=sigmas[1],
        strength=values[2],
        strength_sigma=sigmas[2],
        lorentzian_share=float(solution.found[4]),
        fit=_as_fit(task, solution),
    )


def _make_task(points: Steady, start: tuple[float, float], half_window: float) -> PeakTask:
    """Cut a window; refuse one that cannot be fitted."""
    reach = float(np.exp(half_window))
    first, last = np.searchsorted(points.curve.q_inv_nm, (start[0] / reach, start[0] * reach))
    part = points.rows(int(first), int(last))
    if len(part) < MIN_POINTS:
        raise FitFailed(f"{len(part)} points around {start[0]:.3g} 1/nm, needs {MIN_POINTS}")
    if np.count_nonzero(part.curve.intensity > 0) <= len(part) // 2:
        raise FitFailed(f"the background at {start[0]:.3g} 1/nm is not above zero")
    return PeakTask(part, start, half_window)


def _reweigh(task: PeakTask, found: Floats) -> PeakTask:
    """Weigh the points by the variance that a first fit expects: a narrow peak differs from its neighbours.

    Variance goes with intensity as a straight line: through 0 for counts, above it after a subtraction.
    """
    part, model = task.part, task.model(found)[0]
    off = part.curve.intensity - part.curve.intensity.mean()
    spread = float(off @ off)
    level, gain = float(part.variance.mean()), float(off @ part.variance) / spread if spread > 0 else 0.0
    gain = min(max(gain, 0.0), level / max(float(part.curve.intensity.mean()), 1e-300))
    expected = level + gain * (model - part.curve.intensity.mean())
    weight = 1 / np.maximum(expected, MIN_VARIANCE * level)
    return replace(task, part=replace(part, weight=weight))


def _solve(task: PeakTask, is_free: NDArray[np.bool_], guess: Floats, log_width: float) -> _Solution:
    """Fit the free parameters of one window, ln width expected there; the others keep their guess."""
    expected = PRIOR_CENTRE.copy()
    expected[1] = log_width
    stiffness = np.where(is_free, PRIOR_SIGMA, np.inf) ** -2.0
    points = np.stack([task.part.curve.q_inv_nm, task.part.curve.intensity, task.part.weight])
    rules = np.stack([is_free.astype(np.float64), expected, stiffness, LIMITS])
    found, has_settled = settle(points, np.array([*task.start, task.half_window]), rules, guess)
    if not has_settled:
        raise FitFailed(f"the fit at {task.start[0]:.3g} 1/nm does not settle in {N_STEPS} steps")
    if abs(found[0]) > 0.99 * LIMITS[0] or not np.all(np.isfinite(found)):
        raise FitFailed(f"the fit left the peak at {task.start[0]:.3g} 1/nm")
    return _judge(task, is_free, found)


def _judge(task: PeakTask, is_free: NDArray[np.bool_], found: Floats) -> _Solution:
    """Covariance and chi squared of a fit that has settled."""
    part = task.part
    model, jacobian = task.model(found)
    residual = part.curve.intensity - model
    chi2, n_free = float(part.weight @ residual**2), int(is_free.sum())
    stiffness = np.diag(PRIOR_SIGMA[is_free] ** -2.0)
    weighted = jacobian * part.weight[:, None]
    free = weighted[:, is_free]
    normal = free.T @ jacobian[:, is_free] + stiffness
    inverse = invert_positive(normal)
    if not np.all(np.isfinite(inverse)):  # what the points do not tell at all is left as it was
        inverse = np.linalg.pinv(normal, hermitian=True)
    noise = (free.T * part.variance) @ free * excess(chi2, len(part) - n_free)
    covariance = np.zeros((N_PARAMETERS, N_PARAMETERS))
    covariance[np.ix_(is_free, is_free)] = inverse @ (noise + stiffness) @ inverse
    gain = 0.0
    if not is_free[2]:
        split = weighted[:, 2]
        across = free.T @ jacobian[:, 2]
        left = float(split @ jacobian[:, 2] - across @ inverse @ across)
        gain = float(split @ residual) ** 2 / left if left > 0 else 0.0
    return _Solution(found, covariance, chi2, gain, n_free)


def _values(found: Floats, start: tuple[float, float]) -> Floats:
    """Read position, full width and strength off the parameters."""
    fwhm_inv_nm = start[1] * np.exp(found[1]) * np.cosh(found[2])
    return np.array([start[0] + found[0] * start[1], fwhm_inv_nm, np.exp(found[3])])


def _as_fit(task: PeakTask, solution: _Solution) -> Fit:
    """Put the model beside the points of its window."""
    values, sigmas = _values(solution.found, task.start), _sigmas(solution, task.start)
    share_sigma = float(np.sqrt(solution.covariance[4, 4]))
    found = (
        *(
            Parameter(name=name, value=float(value), sigma=float(sigma), unit=unit)
            for (name, unit), value, sigma in zip(SHOWN, values, sigmas, strict=True)
        ),
        Parameter(name="lorentzian_share", value=float(solution.found[4]), sigma=share_sigma, unit="1"),
    )
    return make_fit("peak", task.part.curve, task.model(solution.found)[0], found, solution.n_free)


def _sigmas(solution: _Solution, start: tuple[float, float]) -> Floats:
    """Propagate the covariance to position, full width and strength."""
    found, covariance = solution.found, solution.covariance
    fwhm_inv_nm = float(_values(found, start)[1])
    to_fwhm = np.array([fwhm_inv_nm, fwhm_inv_nm * np.tanh(found[2])])
    fwhm_variance = float(to_fwhm @ covariance[1:3, 1:3] @ to_fwhm)
    return np.sqrt(
        [start[1] ** 2 * covariance[0, 0], max(fwhm_variance, 0.0), np.exp(2 * found[3]) * covariance[3, 3]]
    )


def _background_guess(task: PeakTask) -> tuple[float, float, float, float]:
    """Guess the background from the points beside the peak."""
    curve, start = task.part.curve, task.start
    beside = (np.abs(curve.q_inv_nm - start[0]) > start[1]) & (curve.intensity > 0)
    if np.count_nonzero(beside) < 3:
        return float(np.log(np.median(curve.intensity))), 0.0, 0.0, 0.0
    x = np.log(curve.q_inv_nm[beside] / start[0]) / task.half_window
    log_i = np.log(curve.intensity[beside])
    middle = float(x.mean())
    slope = float((x - middle) @ log_i / ((x - middle) @ (x - middle)))
    return float(log_i.mean()) - slope * middle, slope, 0.0, 0.0
