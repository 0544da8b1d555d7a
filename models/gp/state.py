"""Which Gaussian processes are believed: their hyperparameters and weights, found from observations."""

from dataclasses import dataclass

import numpy as np
from pydantic import Field

from models.domain.frozen import Frozen
from models.domain.scattering import Floats
from models.gp.conditioned import Conditioned
from models.gp.hyperparameters import Standardised, fit_hyperparameters, negative_log_density, spread_around
from models.gp.member import Member
from models.gp.scale import Scale, logarithms
from models.gp.training import Training

MEMBERS = ((128, 9), (256, 5))
"""Up to so many observations, so many members; one beyond: the hyperparameters are known well then."""
LEAST_WEIGHT = 0.02
"""Members of less weight are left out."""
MOST_FITTED = 256
"""Observations that hyperparameters are found from; of more, as many are taken evenly."""
LEAST_SIGMAS, LEAST_RATIO = 3.0, 3.0
"""Logarithms are thought of where every value is so many sigmas above zero, and the largest so many times the
smallest."""
LEAST_EVIDENCE = 2.0
"""They are believed in where they make the observations likelier by this much, in natural logarithms."""


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
    """What is subtracted from every value, in the feature's unit, or from its logarithm."""
    spread: float = Field(gt=0)
    """What the rest is divided by."""
    is_log: bool = False
    """True where the logarithms of the values are believed to be normal."""
    members: tuple[MemberState, ...] = Field(min_length=1)
    """The members, that of largest density first."""

    @property
    def scale(self) -> Scale:
        """How values are standardised."""
        return Scale(self.mean, self.spread, self.is_log)

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


def fit_state(
    training: Training, earlier: BeliefState | None = None, may_take_logs: bool = False
) -> BeliefState:
    """Find the hyperparameters that fit, and others that fit nearly as well.

    Parameters
    ----------
    training
        What was measured.
    earlier
        State of an earlier belief, whose best hyperparameters the search starts from.
    may_take_logs
        True where logarithms may be believed in place of the values, if they are likelier so.

    Raises
    ------
    FitFailed
        When nothing can be learned from these observations.
    """
    scale = Scale(float(training.values.mean()) if training.values.size else 0.0, training.spread())
    climb = _Climb.of(training, scale, earlier)
    if may_take_logs and _spans(training):
        logs, _ = logarithms(training.values, training.sigmas)
        other = _Climb.of(training, Scale(float(logs.mean()), float(logs.std()), is_log=True), earlier)
        if other.log_evidence > climb.log_evidence + LEAST_EVIDENCE:
            climb = other
    n, known = len(training.values), climb.known
    n_members = next((count for most, count in MEMBERS if n <= most), 1)
    members, weights = spread_around(climb.summits, known, n_members)
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
    scale = climb.scale
    return BeliefState(fitted_to=n, mean=scale.mean, spread=scale.spread, is_log=scale.is_log, members=states)


@dataclass(frozen=True, eq=False)
class _Climb:
    """The hyperparameters that are likeliest on one scale."""

    scale: Scale
    known: Standardised
    summits: Floats
    log_evidence: float
    """Of the values themselves, at the highest summit: what is learned on two scales can be compared."""

    @classmethod
    def of(cls, training: Training, scale: Scale, earlier: BeliefState | None) -> "_Climb":
        known = scale.standardise(training).thinned(MOST_FITTED)
        start = None
        if earlier is not None and earlier.is_log == scale.is_log:
            start = np.array(earlier.members[0].logs)
        summits = fit_hyperparameters(known, start)
        stretch = len(known.values) * np.log(scale.spread)
        if scale.is_log:
            stretch += (known.values * scale.spread + scale.mean).sum()
        return cls(scale, known, summits, -negative_log_density(summits[0], known)[0] - float(stretch))


def _spans(training: Training) -> bool:
    """True where every value is well above zero, and they are unlike in size."""
    values = training.values
    return bool(np.all(values > LEAST_SIGMAS * training.sigmas)) and bool(
        values.max() >= LEAST_RATIO * values.min() > 0
    )
