"""Which Gaussian processes are believed: their hyperparameters and weights, found from observations."""

import numpy as np
from pydantic import Field

from models.domain.frozen import Frozen
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


class MemberState(Frozen):
    """One set of hyperparameters that may be true."""

    logs: tuple[float, ...] = Field(min_length=3)
    """Logarithms of the length scales (unit cube), of the variance and of the learned noise
    (standardised)."""
    weight: float = Field(ge=0, le=1)
    """Its probability among the members."""
    inflation: float = Field(gt=0)
    """Factor on the variances of the function, from observations that were left out one at a time."""


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
            inflation=Member(logs, known).left_out(known).inflation,
        )
        for logs, weight in zip(members, weights, strict=True)
    )
    return BeliefState(fitted_to=n, mean=mean, spread=spread, members=states)


def standardise(training: Training, mean: float, spread: float) -> Standardised:
    """Observations less a mean, in units of a spread."""
    variances = np.maximum((training.sigmas / spread) ** 2, RELATIVE_NOISE_FLOOR)
    return Standardised(training.unit_points, (training.values - mean) / spread, variances)
