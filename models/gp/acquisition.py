"""What a measurement is worth: the expected improvement towards a goal, in logarithm."""

import math

import torch
from botorch.acquisition.analytic import LogExpectedImprovement

from models.domain.campaign import ObjectiveSpec
from models.domain.ranking import badness
from models.domain.scattering import Floats
from models.gp.surrogate import Surrogate

TINY = 1e-300
"""Smallest expectation whose logarithm is taken."""
LEAST_DISTANCE = 1e-3
"""An incumbent nearer to the target than this, in standard deviations of the values, counts as this far
off: the terms of the tent would cancel to nothing."""


class ExpectedImprovement:
    """Logarithm of the expected improvement over the best that the model believes to have seen.

    The incumbent is the best posterior mean at a measured point, since a measured value is noisy
    (Brochu, Cora, de Freitas, arXiv:1012.2599). Maximise and minimise use botorch's stable logarithm
    (Ament et al., NeurIPS 2023).
    """

    name = "log_expected_improvement"

    def __init__(self, surrogate: Surrogate, objective: ObjectiveSpec, measured: Floats) -> None:
        """Find the incumbent among the measured points, scaled coordinates, shape (n, n_axes)."""
        self._surrogate, self._objective = surrogate, objective
        means, _ = surrogate.predict(measured)
        self.incumbent = float(means[badness(objective, means).argmin()])
        """Posterior mean at the measured point that the model believes to be best, in the feature's unit."""
        standardised = (self.incumbent - surrogate.mean_value) / surrogate.spread
        self._closed_form = LogExpectedImprovement(
            surrogate.model, best_f=standardised, maximize=objective.goal == "maximise"
        )

    def __call__(self, unit_points: torch.Tensor) -> torch.Tensor:
        """Value at scaled coordinates, shape (n, n_axes) -> (n,), with gradients.

        The improvement is counted in standard deviations of the training values.
        """
        if self._objective.target is not None:
            return self._towards_target(unit_points, self._objective.target)
        value: torch.Tensor = self._closed_form(unit_points.unsqueeze(-2))
        return value

    @property
    def unit_of_gain(self) -> float:
        """What an improvement is compared with, in standard deviations of the training values.

        1 for the largest or smallest value; for a target, all that is left to gain: the incumbent's distance.
        """
        if self._objective.target is None:
            return 1.0
        return self._distance(self._objective.target)

    def _distance(self, target: float) -> float:
        """The incumbent's distance from a target, in standard deviations of the training values."""
        return max(abs(self.incumbent - target) / self._surrogate.spread, LEAST_DISTANCE)

    def _towards_target(self, unit_points: torch.Tensor, goal: float) -> torch.Tensor:
        """Expectation of max(0, D - |f - target|), D the incumbent's distance, f normal.

        The tent (z + D)+ - 2 z+ + (z - D)+ equals max(0, D - |z|), so three terms of
        h(a) = E[(z + a)+] = a Phi(a/s) + s phi(a/s) give it in closed form. The tent is even, so the mean
        is laid below the target, where the terms are small and do not cancel.
        """
        mean, sigma = self._surrogate.standardised(unit_points)
        target = (goal - self._surrogate.mean_value) / self._surrogate.spread
        best = self._distance(goal)
        offset = -(mean - target).abs()
        tent = (
            _mean_positive_part(offset + best, sigma)
            - 2.0 * _mean_positive_part(offset, sigma)
            + _mean_positive_part(offset - best, sigma)
        )
        return tent.clamp_min(TINY).log()


def _mean_positive_part(mean: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
    """E[max(0, z)] for z normal.

    The tail is taken from the scaled complementary error function, since the distribution function of
    torch is 0 beyond eight standard deviations.
    """
    ratio = (mean / sigma).abs()
    density = torch.exp(-0.5 * ratio**2) / math.sqrt(2.0 * math.pi)
    tail = 1.0 - ratio * math.sqrt(math.pi / 2.0) * torch.special.erfcx(ratio / math.sqrt(2.0))
    return mean.clamp_min(0.0) + sigma * density * tail
