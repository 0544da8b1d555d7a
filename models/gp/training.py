"""What a model learns from."""

from dataclasses import dataclass

import numpy as np

from models.domain.errors import FitFailed
from models.domain.scattering import Floats

ROUNDING = 1e-13
"""Values that differ by less, relative to the largest, are equal: rounding is nothing to learn from."""


@dataclass(frozen=True, eq=False)
class Training:
    """Observations of one feature, in the order in which they came in."""

    unit_points: Floats
    """Scaled coordinates, shape (n, n_axes)."""
    values: Floats
    """Values of the feature, shape (n,), in the feature's unit."""
    sigmas: Floats
    """One standard deviation of each value, shape (n,), in the feature's unit."""

    def __post_init__(self) -> None:
        """Check the shapes once, at birth."""
        n = self.values.size
        if self.values.shape != (n,) or self.sigmas.shape != (n,) or self.unit_points.shape[:1] != (n,):
            raise ValueError(
                f"training set has points {self.unit_points.shape}, values {self.values.shape} "
                f"and sigmas {self.sigmas.shape}; need (n, d), (n,) and (n,)"
            )

    def spread(self) -> float:
        """Standard deviation of the values, in the feature's unit.

        Raises
        ------
        FitFailed
            When nothing can be learned: fewer than two observations, one that is not finite, or all equal.
        """
        if self.values.size < 2:
            raise FitFailed(f"a Gaussian process needs 2 observations, there are {self.values.size}")
        if not (np.isfinite(self.values).all() and np.isfinite(self.sigmas).all()):
            raise FitFailed("an observation is not finite")
        spread = float(self.values.std())
        if spread <= ROUNDING * float(np.abs(self.values).max()):
            raise FitFailed(f"all {self.values.size} observations are equal")
        return spread

    def begins_with(self, other: "Training") -> bool:
        """True when the other's observations are the first of these."""
        n = len(other.values)
        return (
            len(self.values) >= n
            and np.array_equal(self.unit_points[:n], other.unit_points)
            and np.array_equal(self.values[:n], other.values)
            and np.array_equal(self.sigmas[:n], other.sigmas)
        )
