"""What an acquisition of one's own is told besides the model."""

from dataclasses import dataclass

import torch
from botorch.acquisition.objective import GenericMCObjective, ScalarizedPosteriorTransform
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Sought:
    """What is sought of the feature: larger, smaller, or near a value."""

    sign: float = 1.0
    """1 where more is better, -1 where less is."""
    centre: float | None = None
    """The value to be near to, in the feature's unit; None when the largest or smallest is sought."""


@dataclass(frozen=True, eq=False)
class AcquisitionContext:
    """What an acquisition may want to know.

    Values of the model are standardised, points are scaled columns.
    """

    columns: tuple[str, ...]
    """Names of the scaled columns, d of them; each runs from 0 to 1."""
    measured: Tensor
    """Where it was measured, shape (n, d): BoTorch's ``X_baseline``."""
    pool: Tensor
    """Points spread over all that may be chosen, shape (m, d): for integrals over the space."""
    sought: Sought
    """What is sought of the feature."""
    mean: float
    """What is subtracted from every value, in the feature's unit."""
    spread: float
    """What every value is divided by then, in the feature's unit."""
    best: Tensor
    """Largest `gain_of` the posterior means at the measured points, a scalar: BoTorch's ``best_f``."""
    seed: int
    """For every draw: ``SobolQMCNormalSampler(torch.Size([256]), seed=context.seed)``."""

    def standardised(self, value: float) -> float:
        """A value in the feature's unit as the model counts it."""
        return (value - self.mean) / self.spread

    def gain_of(self, values: Tensor) -> Tensor:
        """How good standardised values are, any shape: the larger, the better."""
        if self.sought.centre is None:
            return self.sought.sign * values
        return -(values - self.standardised(self.sought.centre)).abs()

    @property
    def objective(self) -> GenericMCObjective:
        """The same for an acquisition that draws samples: BoTorch's ``objective``."""
        return GenericMCObjective(lambda samples, X=None: self.gain_of(samples[..., 0]))  # noqa: N803

    @property
    def posterior_transform(self) -> ScalarizedPosteriorTransform | None:
        """The same for one in closed form: turns the model over where the smallest value is sought."""
        if self.sought.centre is None and self.sought.sign < 0:
            return ScalarizedPosteriorTransform(torch.tensor([-1.0], dtype=torch.float64))
        return None
