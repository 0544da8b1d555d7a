"""Solve for the parameters of the peaks in a window, and judge how sure they are."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.domain.errors import FitFailed
from models.domain.scattering import Floats
from models.saxs.normal_equations import invert_positive
from models.saxs.peak_model import N_OF_BACKGROUND, N_OF_PEAK, PeakTask
from models.saxs.peak_steps import N_STEPS, settle
from models.saxs.steady import excess

PRIOR_SIGMA = np.array([np.inf, 0.5, 0.5, np.inf, 0.5, np.inf, np.inf, 0.3, 0.05])
"""How surely a peak's five parameters and the background's four are expected. A broad peak and a bent
background are hard to tell apart: without the expectation that the width is about the scan's, and that ln I
of the background bends by some 0.3 within the window (0.05 in third order), a shoulder could pass for a peak
a thousand times its background. A clear peak does not feel it."""
LIMITS = np.array([1.0, 2.3, 1.0, 9.0, 1.0, np.inf, np.inf, 1.5, 0.5])
"""Largest value of each."""
MEAN_SHARE = 0.5
"""Lorentzian share that is expected; all else but the width is expected at 0."""
MIN_VARIANCE = 0.03
"""A point's expected variance is at least this part of the mean one."""
SHIFT, WIDTH, RATIO, STRENGTH, SHARE = range(N_OF_PEAK)
"""Places of a peak's parameters."""


@dataclass(frozen=True, eq=False)
class Solution:
    """Parameters that fit a window."""

    found: Floats
    """The parameters, shape (n,)."""
    covariance: Floats
    """Of the parameters, shape (n, n); 0 for those that were not fitted."""
    chi2: float
    """Chi squared."""
    gain: float
    """Chi squared that a ratio of half widths would gain, to first order; 0 where it is fitted."""
    n_free: int
    """How many parameters are free."""

    def of_peak(self, place: int) -> tuple[Floats, Floats]:
        """Parameters of one peak, shape (5,), and their covariance, shape (5, 5)."""
        part = slice(place * N_OF_PEAK, (place + 1) * N_OF_PEAK)
        return self.found[part], self.covariance[part, part]


def for_peaks(of_one: Floats, n_peaks: int) -> Floats:
    """What holds for a peak and a background, for several peaks and a background."""
    return np.concatenate([np.tile(of_one[:N_OF_PEAK], n_peaks), of_one[N_OF_PEAK:]])


def solve(task: PeakTask, guess: Floats, log_widths: Floats, *, is_split: bool = False) -> Solution:
    """Fit the parameters of one window.

    Parameters
    ----------
    task
        The window.
    guess
        Where to begin, shape (n,).
    log_widths
        Where the ln width of each peak is expected, shape (n_peaks,).
    is_split
        Whether the half widths of a peak may differ; else they keep the guess.

    Raises
    ------
    FitFailed
        When the fit does not settle, or leaves the place where it began.
    """
    n_peaks, where = len(task.starts), ", ".join(f"{start[0]:.3g}" for start in task.starts)
    is_free = np.ones(guess.size, dtype=np.bool_)
    is_free[RATIO:-N_OF_BACKGROUND:N_OF_PEAK] = is_split
    expected = np.zeros(guess.size)
    expected[SHARE:-N_OF_BACKGROUND:N_OF_PEAK] = MEAN_SHARE
    expected[WIDTH:-N_OF_BACKGROUND:N_OF_PEAK] = log_widths
    limits = for_peaks(LIMITS, n_peaks)
    stiffness = np.where(is_free, for_peaks(PRIOR_SIGMA, n_peaks), np.inf) ** -2.0
    points = np.stack([task.part.curve.q_inv_nm, task.part.curve.intensity, task.part.weight])
    rules = np.stack([is_free.astype(np.float64), expected, stiffness, limits])
    found, has_settled = settle(points, task.frame, rules, guess)
    if not has_settled:
        raise FitFailed(f"the fit at {where} 1/nm does not settle in {N_STEPS} steps")
    shifts = found[SHIFT:-N_OF_BACKGROUND:N_OF_PEAK]
    if np.any(np.abs(shifts) > 0.99 * LIMITS[SHIFT]) or not np.all(np.isfinite(found)):
        raise FitFailed(f"the fit left the peak at {where} 1/nm")
    return _judge(task, is_free, found)


def reweigh(task: PeakTask, found: Floats) -> PeakTask:
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


def _judge(task: PeakTask, is_free: NDArray[np.bool_], found: Floats) -> Solution:
    """Covariance and chi squared of a fit that has settled."""
    part = task.part
    model, jacobian = task.model(found)
    residual = part.curve.intensity - model
    chi2, n_free = float(part.weight @ residual**2), int(is_free.sum())
    stiffness = np.diag(for_peaks(PRIOR_SIGMA, len(task.starts))[is_free] ** -2.0)
    weighted = jacobian * part.weight[:, None]
    free = weighted[:, is_free]
    normal = free.T @ jacobian[:, is_free] + stiffness
    inverse = invert_positive(normal)
    if not np.all(np.isfinite(inverse)):  # what the points do not tell at all is left as it was
        inverse = np.linalg.pinv(normal, hermitian=True)
    noise = (free.T * part.variance) @ free * excess(chi2, len(part) - n_free)
    covariance = np.zeros((found.size, found.size))
    covariance[np.ix_(is_free, is_free)] = inverse @ (noise + stiffness) @ inverse
    gain = 0.0
    if not is_free[RATIO]:
        split = weighted[:, RATIO]
        across = free.T @ jacobian[:, RATIO]
        left = float(split @ jacobian[:, RATIO] - across @ inverse @ across)
        gain = float(split @ residual) ** 2 / left if left > 0 else 0.0
    return Solution(found, covariance, chi2, gain, n_free)
