"""Fit one peak on its background, in windows of several widths."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from models.domain.errors import FitFailed
from models.domain.scattering import Curve, Fit, Floats, Parameter
from models.saxs.fits import make_fit

HALF_WINDOWS = (2.5, 2.0, 3.2)
"""Half windows in ln q that are fitted, in relative full widths; the first answers, all give its spread."""
MIN_HALF_WINDOW = 0.1
"""Half of a window in ln q is at least this."""
MIN_POINTS = 12
"""A window has at least so many points: the model has eight parameters."""
N_PARAMETERS = 8
"""Shift, ln width, ln ratio of half widths, strength, Lorentzian share, and three of background."""
PRIOR_CENTRE = np.array([0.0, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0])
"""Where each parameter is expected."""
PRIOR_SIGMA = np.array([np.inf, 0.5, 0.5, np.inf, 0.4, np.inf, np.inf, 0.3])
"""How surely. A broad peak and a bent background are hard to tell apart: without the expectation that the
width is about the scan's, and that ln I of the background bends by some 0.3 within the window, a shoulder
could pass for a peak a thousand times its background. A clear peak does not feel it."""
LIMITS = np.array([1.0, 1.2, 1.0, 1e4, 1.0, np.inf, np.inf, 1.5])
"""Largest value of each parameter."""
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
    """Full width at half maximum, 1/nm."""
    fwhm_sigma_inv_nm: float
    """One standard deviation of it, 1/nm."""
    strength: float
    """Height over background, divided by the background."""
    strength_sigma: float
    """One standard deviation of it."""
    fit: Fit
    """The model on the first window."""


def fit_peak(curve: Curve, q_inv_nm: float, fwhm_inv_nm: float) -> PeakFit:
    """Fit B(q) (1 + s V(q)) around a peak.

    B is exp of a parabola in ln q; V is the pseudo-Voigt of Wertheim et al. 1974, eta V_Lorentz +
    (1 - eta) V_Gauss of one full width, or of two where the curve asks for it. Where the curve departs from
    any such shape by more than its sigma, a relative error of the model is added to every point that makes
    chi squared 1 per degree of freedom. To the covariance's sigma, the standard deviation over three window
    widths is added in quadrature.

    Parameters
    ----------
    curve
        The curve.
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
        When no window holds enough points, or the fit leaves the place where it began.
    """
    start = (q_inv_nm, fwhm_inv_nm)
    windows = [max(half * fwhm_inv_nm / q_inv_nm, MIN_HALF_WINDOW) for half in HALF_WINDOWS]
    task = _make_task(curve, start, windows[0])
    first = _solve(task, _SYMMETRIC, np.array([*PRIOR_CENTRE[:3], 1.0, 0.5, *_background_guess(task)]))
    split = _solve(task, _SPLIT, first.found)
    if first.chi2 - split.chi2 > MIN_GAIN * max(1.0, split.chi2 / max(split.n_free, 1)):
        first = split
    solutions = [_weighed(task, first)]
    for half_window in windows[1:]:
        try:
            other = _make_task(curve, start, half_window)
            solutions.append(_weighed(other, _solve(other, first.is_free, first.found)))
        except FitFailed:
            continue  # at the end of a curve the wide window may hold no more, the narrow one too little
    values = np.array([_values(solution.found, start) for solution in solutions])
    sigma = np.hypot(_sigmas(solutions[0], start), values.std(axis=0))
    (q_inv_nm, fwhm_inv_nm, strength), sigmas = values[0].tolist(), sigma.tolist()
    return PeakFit(
        q_inv_nm=q_inv_nm,
        q_sigma_inv_nm=sigmas[0],
        fwhm_inv_nm=fwhm_inv_nm,
        fwhm_sigma_inv_nm=sigmas[1],
        strength=strength,
        strength_sigma=sigmas[2],
        fit=_as_fit(task, solutions[0]),
    )


@dataclass(frozen=True, eq=False)
class _Task:
    """A window of a curve, and where the peak in it is thought to be."""

    part: Curve
    """The window."""
    start: tuple[float, float]
    """Position and full width, 1/nm."""
    half_window: float
    """Half of the window in ln q."""

    def model(self, p: Floats) -> Floats:
        """Intensity for eight parameters, shape (n_q,)."""
        q_inv_nm = self.part.q_inv_nm
        x = np.log(q_inv_nm / self.start[0]) / self.half_window
        offset = q_inv_nm - self.start[0] - p[0] * self.start[1]
        u = offset / (self.start[1] * np.exp(p[1] + np.where(offset < 0, p[2], -p[2])))
        voigt = p[4] / (1 + 4 * u**2) + (1 - p[4]) * np.exp(-4 * np.log(2) * u**2)
        return np.exp(np.clip(p[5] + p[6] * x + p[7] * x**2, -700, 700)) * (1 + p[3] * voigt)


@dataclass(frozen=True, eq=False)
class _Solution:
    """Parameters that fit a window."""

    found: Floats
    """The parameters, shape (8,)."""
    jacobian: Floats
    """Derivatives of the weighted residuals and priors by the free ones, shape (n_q + n_prior, n_free)."""
    is_free: NDArray[np.bool_]
    """Which parameters were fitted, shape (8,)."""
    chi2: float
    """Chi squared."""
    n_free: int
    """Degrees of freedom."""


_SYMMETRIC = np.array([True, True, False, True, True, True, True, True])
_SPLIT = np.ones(N_PARAMETERS, dtype=bool)


def _make_task(curve: Curve, start: tuple[float, float], half_window: float) -> _Task:
    """Cut a window; refuse one that cannot be fitted."""
    part = curve.between(start[0] * np.exp(-half_window), start[0] * np.exp(half_window))
    if len(part) < MIN_POINTS:
        raise FitFailed(f"{len(part)} points around {start[0]:.3g} 1/nm, needs {MIN_POINTS}")
    if np.median(part.intensity) <= 0:
        raise FitFailed(f"the background at {start[0]:.3g} 1/nm is not above zero")
    return _Task(part, start, half_window)


def _solve(task: _Task, is_free: NDArray[np.bool_], guess: Floats, model_error: float = 0.0) -> _Solution:
    """Fit the free parameters of one window; the others keep their guess."""
    part = task.part
    sigma = np.hypot(part.sigma, model_error * part.intensity)
    low, high = -LIMITS[is_free], LIMITS[is_free]
    has_prior = is_free & np.isfinite(PRIOR_SIGMA)

    def misfit(p: Floats) -> Floats:
        full = guess.copy()
        full[is_free] = p
        prior = (full[has_prior] - PRIOR_CENTRE[has_prior]) / PRIOR_SIGMA[has_prior]
        return np.concatenate([(task.model(full) - part.intensity) / sigma, prior])

    x0 = np.clip(guess[is_free], 0.999 * low, 0.999 * high)
    result = least_squares(misfit, x0, bounds=(low, high), x_scale="jac", max_nfev=60, ftol=1e-6, xtol=1e-6)
    found = guess.copy()
    found[is_free] = result.x
    if abs(found[0]) > 0.99 * LIMITS[0] or not np.all(np.isfinite(found)):
        raise FitFailed(f"the fit left the peak at {task.start[0]:.3g} 1/nm")
    return _Solution(found, result.jac, is_free, 2 * float(result.cost), len(part) - int(is_free.sum()))


def _weighed(task: _Task, solution: _Solution) -> _Solution:
    """Fit again with the relative error of the model that makes chi squared 1 per degree of freedom."""
    n_free = max(solution.n_free, 1)
    if solution.chi2 <= n_free:
        return solution
    part = task.part
    squares = (part.intensity - task.model(solution.found)) ** 2
    low, high = 0.0, 1.0
    for _ in range(30):
        middle = 0.5 * (low + high)
        is_too_small = np.sum(squares / (part.sigma**2 + (middle * part.intensity) ** 2)) > n_free
        low, high = (middle, high) if is_too_small else (low, middle)
    return _solve(task, solution.is_free, solution.found, high)


def _values(found: Floats, start: tuple[float, float]) -> Floats:
    """Read position, full width and strength off the parameters."""
    fwhm_inv_nm = start[1] * np.exp(found[1]) * np.cosh(found[2])
    return np.array([start[0] + found[0] * start[1], fwhm_inv_nm, found[3]])


def _covariance(solution: _Solution) -> Floats:
    """Covariance of the parameters, shape (8, 8): 0 for those that were not fitted."""
    covariance = np.zeros((N_PARAMETERS, N_PARAMETERS))
    inverse = np.linalg.pinv(solution.jacobian.T @ solution.jacobian)
    is_free = np.ix_(solution.is_free, solution.is_free)
    covariance[is_free] = inverse * max(1.0, solution.chi2 / max(solution.n_free, 1))
    return covariance


def _as_fit(task: _Task, solution: _Solution) -> Fit:
    """Put the model beside the points of its window."""
    values, sigmas = _values(solution.found, task.start), _sigmas(solution, task.start)
    share_sigma = float(np.sqrt(_covariance(solution)[4, 4]))
    found = (
        *(
            Parameter(name=name, value=float(value), sigma=float(sigma), unit=unit)
            for (name, unit), value, sigma in zip(SHOWN, values, sigmas, strict=True)
        ),
        Parameter(name="lorentzian_share", value=float(solution.found[4]), sigma=share_sigma, unit="1"),
    )
    return make_fit("peak", task.part, task.model(solution.found), found, int(solution.is_free.sum()))


def _sigmas(solution: _Solution, start: tuple[float, float]) -> Floats:
    """Propagate the covariance to position, full width and strength."""
    found, covariance = solution.found, _covariance(solution)
    fwhm_inv_nm = float(_values(found, start)[1])
    to_fwhm = np.array([fwhm_inv_nm, fwhm_inv_nm * np.tanh(found[2])])
    fwhm_variance = float(to_fwhm @ covariance[1:3, 1:3] @ to_fwhm)
    return np.sqrt([start[1] ** 2 * covariance[0, 0], max(fwhm_variance, 0.0), covariance[3, 3]])


def _background_guess(task: _Task) -> tuple[float, float, float]:
    """Guess the background from the points beside the peak."""
    part, start = task.part, task.start
    beside = (np.abs(part.q_inv_nm - start[0]) > start[1]) & (part.intensity > 0)
    if np.count_nonzero(beside) < 3:
        return float(np.log(np.median(part.intensity))), 0.0, 0.0
    x = np.log(part.q_inv_nm[beside] / start[0]) / task.half_window
    slope, level = np.polyfit(x, np.log(part.intensity[beside]), 1)
    return float(level), float(slope), 0.0
