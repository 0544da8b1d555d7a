"""How values are told in units of their own spread, and back: as they are, or by their logarithms."""

from dataclasses import dataclass

import numpy as np

from models.domain.scattering import Floats
from models.gp.hyperparameters import Standardised
from models.gp.training import Training

RELATIVE_NOISE_FLOOR = 1e-6
"""Smallest variance of an observation, relative to the spread of the values: keeps matrices regular."""
LARGEST_LOG_SIGMA = 1.0
"""A value that may be nothing is known to this factor e at best, and counts as one sigma: of less, or of
nothing, there is no logarithm."""


@dataclass(frozen=True)
class Scale:
    """What is subtracted from every value, or from its logarithm, and what the rest is divided by."""

    mean: float
    """In the feature's unit; of logarithms, a pure number."""
    spread: float
    """In the feature's unit; of logarithms, a pure number."""
    is_log: bool = False
    """True where natural logarithms of the values are believed to be normal."""

    def standardise(self, training: Training) -> Standardised:
        """Observations less the mean, in units of the spread."""
        values, sigmas = training.values, training.sigmas
        if self.is_log:
            values, sigmas = logarithms(values, sigmas)
        variances = np.maximum((sigmas / self.spread) ** 2, RELATIVE_NOISE_FLOOR)
        return Standardised(training.unit_points, (values - self.mean) / self.spread, variances)

    def told(self, means: Floats, sigmas: Floats) -> tuple[Floats, Floats]:
        """Mean and standard deviation in the feature's unit, from standardised ones of a normal distribution.

        Where logarithms are normal these are those of the log-normal distribution.
        """
        means, sigmas = means * self.spread + self.mean, sigmas * self.spread
        if not self.is_log:
            return means, sigmas
        mean = np.exp(means + 0.5 * sigmas**2)
        return mean, mean * np.sqrt(np.expm1(sigmas**2))

    def middle(self, values: Floats) -> Floats:
        """In the feature's unit, from standardised: the median of what is normal about them."""
        told = values * self.spread + self.mean
        return np.exp(told) if self.is_log else told

    def steps(self, sizes: Floats, at: float) -> Floats:
        """How large steps of standardised size are in the feature's unit, up from a value there."""
        return at * np.expm1(sizes * self.spread) if self.is_log else sizes * self.spread

    def variance(self, standardised: float, at: float) -> float:
        """A small variance about a value there, in the feature's unit squared."""
        return standardised * (self.spread * (at if self.is_log else 1.0)) ** 2


def logarithms(values: Floats, sigmas: Floats) -> tuple[Floats, Floats]:
    """Natural logarithms of positive values, and their standard deviations to first order."""
    at_least = np.maximum(values, np.maximum(sigmas, np.finfo(float).tiny))
    return np.log(at_least), np.minimum(sigmas / at_least, LARGEST_LOG_SIGMA)
