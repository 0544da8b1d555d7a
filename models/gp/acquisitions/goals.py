"""Which acquisition serves which goal: a new goal is one file beside this one, and one line here."""

from collections.abc import Callable
from dataclasses import dataclass

from models.domain.campaign import ObjectiveSpec
from models.gp.acquisitions.improvement import ExpectedImprovement
from models.gp.acquisitions.integrated import IntegratedVariance
from models.gp.acquisitions.level import LevelVariance
from models.gp.acquisitions.worth import Worth
from models.gp.belief import Belief


@dataclass(frozen=True, eq=False)
class Aim:
    """What a measurement is worth for a goal."""

    worth: Worth
    """The acquisition."""
    incumbent: float | None = None
    """Posterior mean at the measured point believed to be best, in the feature's unit; None without a
    best."""
    unit_of_gain: float | None = None
    """What a gain is compared with, in standard deviations of the values; None where any gain is worth it."""


def _best(objective: ObjectiveSpec, belief: Belief) -> Aim:
    gain = ExpectedImprovement(belief, objective)
    return Aim(gain, gain.incumbent, gain.unit_of_gain)


def _map(objective: ObjectiveSpec, belief: Belief) -> Aim:
    del objective
    return Aim(IntegratedVariance(belief))


def _level(objective: ObjectiveSpec, belief: Belief) -> Aim:
    return Aim(LevelVariance(belief, objective.level if objective.level is not None else 0.0))


AIMS: dict[str, Callable[[ObjectiveSpec, Belief], Aim]] = {
    "maximise": _best, "minimise": _best, "target": _best, "map": _map, "level": _level,
}  # fmt: skip


def aim_for(objective: ObjectiveSpec, belief: Belief) -> Aim:
    """What a measurement is worth for an objective."""
    return AIMS[objective.goal](objective, belief)
