"""How far a measured curve is from one that is sought: the rms difference of their log-intensities."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from models.domain.scattering import CurveProfile, Feature, Floats
from models.domain.soft_log import soften, soften_sigma

Scale = Literal["free", "fixed"]
"""Whether a common factor between the two curves does not count, or counts."""
FEWEST_BINS = 8
"""Curves that share fewer bins are not compared."""
LEAST_FLOOR = 1e-6
"""Smallest softening, relative to the largest intensity of a curve: where curves come without noise."""
N_STEPS = 50
"""Steps in which the common factor is found; each brings it nearer by much more than half."""
TINY = 1e-300


@dataclass(frozen=True)
class Misfit:
    """How far a curve is from the target."""

    square: float
    """Mean squared difference of log-intensity less what noise alone gives; below zero by chance."""
    square_sigma: float
    """One standard deviation of it by counting statistics."""
    factor: float
    """What the target was multiplied by, 1 where the scale is fixed."""

    def as_feature(self) -> Feature:
        """The root of it, about a share of the intensity: 0.05 is 5 %.

        Its sigma is that of the square over twice the root, and where the root vanishes the root of it.
        """
        value = float(np.sqrt(max(self.square, 0.0)))
        sigma = self.square_sigma / (value + float(np.sqrt(value**2 + self.square_sigma)) + TINY)
        return Feature(name="misfit", value=value, sigma=sigma, unit="1")


def weigh(target: Floats, floor: Floats) -> Floats:
    """Weight of each bin: 1 where the target is far above the noise, less where it is not.

    Squared slope of the softened logarithm against the logarithm: there, a factor is a shift.
    """
    return target**2 / (target**2 + 4.0 * floor**2)


def misfit_of(profile: CurveProfile | None, target: CurveProfile | None, scale: Scale) -> Misfit | None:
    """Misfit of a measured curve; None where there is no curve, or too few bins in common.

    Parameters
    ----------
    profile, target
        The measured curve and the one that is sought, in the same bins.
    scale
        Whether a common factor counts.
    """
    if profile is None or target is None or profile.q_inv_nm != target.q_inv_nm:
        return None
    (mine, my_sigma), (sought, its_sigma) = as_arrays(profile), as_arrays(target)
    shared = np.isfinite(mine) & np.isfinite(sought)
    if shared.sum() < FEWEST_BINS or not (sought[shared] > 0).any():
        return None
    pair = _Pair(mine[shared], my_sigma[shared], sought[shared], its_sigma[shared])
    return pair.compared(pair.best_factor() if scale == "free" else 1.0)


def common_factor(mine: Floats, my_sigma: Floats, sought: Floats, its_sigma: Floats) -> float:
    """Factor on a target, without gaps, that brings its log-intensity to that of a curve, in the mean."""
    return _Pair(mine, my_sigma, sought, its_sigma).best_factor()


def as_arrays(profile: CurveProfile) -> tuple[Floats, Floats]:
    """Intensity and sigma of a profile, NaN where it has none, each shape (n,)."""
    return np.array(profile.intensity, dtype=np.float64), np.array(profile.sigma, dtype=np.float64)


def mean_log_intensity(profile: CurveProfile) -> Feature:
    """Softened log-intensity averaged over the bins that have one."""
    intensity, sigma = as_arrays(profile)
    known = np.isfinite(intensity)
    intensity, sigma = intensity[known], sigma[known]
    floor = np.maximum(sigma, LEAST_FLOOR * np.abs(intensity).max(initial=0.0) + TINY)
    value = float(soften(intensity, floor).mean()) if len(floor) else 0.0
    noise = soften_sigma(intensity, sigma, floor)
    error = float(np.sqrt((noise**2).sum()) / max(len(noise), 1))
    return Feature(name="log_intensity", value=value, sigma=error, unit="1")


@dataclass(frozen=True, eq=False)
class _Pair:
    """Two curves in the same bins, without gaps."""

    mine: Floats
    my_sigma: Floats
    sought: Floats
    its_sigma: Floats

    def best_factor(self) -> float:
        """Factor on the target at which the weighted mean difference of log-intensity vanishes."""
        total = float(np.abs(self.sought).sum())
        factor = max(float(self.mine.sum()), LEAST_FLOOR * float(np.abs(self.mine).max())) / total
        if not factor > 0:
            return 1.0
        for _ in range(N_STEPS):
            difference, weights, _ = self._differ(factor)
            step = float(np.clip(weights @ difference / (weights.sum() + TINY), -1.0, 1.0))
            factor *= float(np.exp(step))
            if abs(step) < 1e-9:
                break
        return factor

    def compared(self, factor: float) -> Misfit:
        """The misfit with a factor on the target."""
        difference, weights, noise = self._differ(factor)
        shares = weights / (weights.sum() + TINY)
        squares = difference**2 - noise**2
        spread = 4.0 * np.maximum(squares, 0.0) * noise**2 + 2.0 * noise**4
        return Misfit(float(shares @ squares), float(np.sqrt(shares**2 @ spread)), factor)

    def _differ(self, factor: float) -> tuple[Floats, Floats, Floats]:
        """Difference of log-intensity in each bin, its weight, and its noise."""
        sought, its_sigma = factor * self.sought, factor * self.its_sigma
        largest = max(float(np.abs(sought).max()), float(np.abs(self.mine).max()))
        floor = np.maximum(np.hypot(self.my_sigma, its_sigma), LEAST_FLOOR * largest)
        difference = soften(self.mine, floor) - soften(sought, floor)
        noise = np.hypot(
            soften_sigma(self.mine, self.my_sigma, floor), soften_sigma(sought, its_sigma, floor)
        )
        return difference, weigh(sought, floor), noise
