"""Which Gaussian processes are believed: their hyperparameters and weights, found from observations."""

import numpy as np
from pydantic import Field

from models.domain.frozen import Frozen
from models.domain.scattering import Floats
from models.gp.conditioned import Conditioned
from models.gp.hyperparameters import Standardised, fit_hyperparameters, spread_around
from models.gp.member import Member
from models.gp.training import Training

RELATIVE_NOISE_FLOOR = 1e-6
"""Smallest variance of an observation, relative to the spread of the values: keeps matrices regular."""
MEMBERS = ((128, 9), (256, 5))
"""Up to so many observations, so many members; one beyond: the hyperparameters are known well then."""
LEAST_WEIGHT = 0.02
"""Members of less weight are left out."""
MOST_FITTED = 256
"""Observations that hyperparameters are found from; of more, as many are taken evenly."""
PRIOR_COUNT = 5.0
"""Weight, in observations, of the assumption that bands are as wide as they should be."""


class MemberState(Frozen):
    """One set of hyperparameters that may be true."""

    logs: tuple[float, ...] = Field(min_length=3)
    """Logarithms of the length scales (unit cube), of the variance and of the learned noise
    (standardised)."""
    weight: float = Field(ge=0, le=1)
    """Its probability among the members."""
    inflation: float = Field(gt=0)
    """Factor on all its variances, from the residuals that were left out one at a time."""


class BeliefState(Frozen):
    """All that a belief needs besides the observations."""

    model: str = "gaussian process, matern-5/2, one length scale an axis"
    """Which model."""
    fitted_to: int = Field(ge=2)
    """Count of observations, the first ones, that the hyperparameters were found from."""
    mean: float
    """What is subtracted from every value, in the feature's unit."""
    spread: float = Field(gt=0)
    """What every value is divided by, in the feature's unit."""
    members: tuple[MemberState, ...] = Field(min_length=1)
    """The members, that of largest density first."""

    @property
    def sizes(self) -> set[int]:
        """Counts of columns that it is for; more than one is a mistake."""
        return {len(one.logs) - 2 for one in self.members}

    def condition(self, known: Standardised) -> list[Conditioned]:
        """The members, conditioned on observations; `FitFailed` when a covariance cannot be factored."""
        return [Member(np.array(one.logs), known) for one in self.members]

    @property
    def hyperparameters(self) -> dict[str, tuple[float, ...]]:
        """Those of the member of largest density, by name."""
        *lengths, variance, noise = np.exp(self.members[0].logs).tolist()
        return {"length_scales": tuple(lengths), "variance": (variance,), "noise": (noise,)}


def fit_state(training: Training, earlier: BeliefState | None = None) -> BeliefState:
    """Find the hyperparameters that fit, and others that fit nearly as well.

    Parameters
    ----------
    training
        What was measured.
    earlier
        State of an earlier belief, whose best hyperparameters the search starts from.

    Raises
    ------
    FitFailed
        When nothing can be learned from these observations.
    """
    mean, spread = float(training.values.mean()) if training.values.size else 0.0, training.spread()
    known = standardise(training, mean, spread).thinned(MOST_FITTED)
    summits = fit_hyperparameters(known, None if earlier is None else np.array(earlier.members[0].logs))
    n = len(training.values)
    n_members = next((count for most, count in MEMBERS if n <= most), 1)
    members, weights = spread_around(summits, known, n_members)
    members, weights = members[weights >= LEAST_WEIGHT], weights[weights >= LEAST_WEIGHT]
    weights /= weights.sum()
    states = tuple(
        MemberState(
            logs=tuple(map(float, logs)),
            weight=min(1.0, float(weight)),
            inflation=inflation_of(Member(logs, known).ratio_left_out()),
        )
        for logs, weight in zip(members, weights, strict=True)
    )
    return BeliefState(fitted_to=n, mean=mean, spread=spread, members=states)


def inflation_of(ratios: Floats) -> float:
    """Factor by which a member's variances are too small: the mean squared residual that was left out.

    Residuals are left out one at a time and counted in units of their expectation; the prior assumption that
    the factor is 1 weighs as `PRIOR_COUNT` observations. Since the factor itself is uncertain, it is the mean
    of the inverse gamma distribution that both leave. Scaling all variances, those of the noise too, changes
    no mean.

    Parameters
    ----------
    ratios
        Squared residuals that were left out, in units of their expectation, shape (n,).
    """
    return float((PRIOR_COUNT + ratios.sum()) / (PRIOR_COUNT + len(ratios) - 2.0))


def standardise(training: Training, mean: float, spread: float) -> Standardised:
    """Observations less a mean, in units of a spread."""
    variances = np.maximum((training.sigmas / spread) ** 2, RELATIVE_NOISE_FLOOR)
    return Standardised(training.unit_points, (training.values - mean) / spread, variances)
