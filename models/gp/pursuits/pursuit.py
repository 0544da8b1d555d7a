"""What a pursuit is: which beliefs a goal needs, and what a measurement is worth under them.

To add a goal of one's own, write one file with a `Pursuit` in it and name it in the campaign file::

    [objective]
    goal = "my_goal:PURSUIT"
    feature = "peak_d"
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from models.domain.decision import Prediction, Reason
from models.domain.objective import ObjectiveBase
from models.domain.scattering import Floats
from models.domain.wording import in_unit
from models.gp.acquisitions.worth import Worth
from models.gp.belief import Belief
from models.gp.knowledge import Knowledge
from models.gp.training import Training


@dataclass(frozen=True, eq=False)
class Lesson:
    """What is to be believed for a goal."""

    trainings: Mapping[str, Training]
    """What each belief learns from, by its name."""
    presence: Mapping[str, Training]
    """What each belief about the chance of a feature learns from, by the feature's name."""
    context: Any = None
    """Whatever the pursuit wants to find again in its situation."""


@dataclass(frozen=True, eq=False)
class Situation:
    """What is known when a decision is made."""

    objective: ObjectiveBase
    """What is sought."""
    beliefs: Mapping[str, Belief]
    """What is believed, by the names of the lesson; something is supposed there of points still being
    measured."""
    measured: Mapping[str, Belief]
    """The same from what was measured alone: what predictions are told from."""
    units: Mapping[str, str]
    """Unit of each feature."""
    context: Any
    """That of the lesson."""
    options: Any = None
    """Keys of one's own goal, as its pursuit's `Options`; None where it has none."""


@dataclass(frozen=True, eq=False)
class Aim:
    """What a measurement is worth for a goal, and how that is said."""

    worth: Worth
    """The acquisition, a natural logarithm."""
    expect: Callable[[Floats], tuple[tuple[Prediction, ...], ...]]
    """What is expected at points, shape (m, d): predictions for each, the one that is shown first at the
    front."""
    explain: Callable[[tuple[Prediction, ...], bool], Reason]
    """Why a point was chosen, from what is expected of it; True when little could be gained anywhere, and
    `idle` chose."""
    gain: Callable[[Floats], Floats]
    """What values of `worth` stand for, in `gain_unit`."""
    gain_unit: str
    """Unit of the gain."""
    idle: Worth | None = None
    """What a measurement is worth when little can be gained; None where any gain is worth it."""
    unit_of_gain: float = 1.0
    """What the gain is compared with before it counts as little: that of `exp(worth)`."""


def of_features(objective: ObjectiveBase, knowledge: Knowledge, n_context: int) -> Lesson:
    """A belief for each feature of the objective."""
    del n_context
    names = objective.features
    presence = {name: knowledge.presence[name] for name in names if name in knowledge.presence}
    return Lesson({name: knowledge.features[name] for name in names}, presence)


@dataclass(frozen=True, eq=False)
class Pursuit:
    """How a goal is pursued."""

    aim: Callable[[Situation], Aim]
    """What a measurement is worth in a situation."""
    study: Callable[[ObjectiveBase, Knowledge, int], Lesson] = of_features
    """What is to be believed: a function of the objective, of all that is known, and of how many of the first
    measurements may shape the lesson's context, which must not change before the next fit."""
    is_pairwise: bool = False
    """True when the aim asks for covariances between the watched points."""
    is_averaged: bool = False
    """True when the worth is an average over the members of a belief, each with a best of its own: then each
    may suppose another outcome of the points still being measured. Else what is expected is supposed."""
    is_ordinal: bool = False
    """True when only the order of values counts: then their logarithms may be believed in their place, where
    they are likelier."""
    options: type[BaseModel] | None = None
    """Model of the keys that a goal of one's own has besides `feature` and `also`."""


def expectations(situation: Situation) -> Callable[[Floats], tuple[tuple[Prediction, ...], ...]]:
    """What is expected of each belief of a situation, as an `Aim` says it."""

    def expect(points: Floats) -> tuple[tuple[Prediction, ...], ...]:
        columns = [
            predictions(name, situation.units.get(name, "1"), *belief.predict(points))
            for name, belief in situation.measured.items()
        ]
        return tuple(zip(*columns, strict=True))

    return expect


def predictions(name: str, unit: str, means: Floats, sigmas: Floats) -> tuple[Prediction, ...]:
    """What is expected of one quantity at points, means and sigmas of shape (m,), as an `Aim` says it."""
    return tuple(
        Prediction(name=name, mean=mean, sigma=sigma, unit=unit)
        for mean, sigma in zip(means.tolist(), sigmas.tolist(), strict=True)
    )


def predicted_text(prediction: Prediction) -> str:
    """``peak_d 6.1 ± 0.2 nm``."""
    return f"{prediction.name} {prediction.mean:.3g} ± {prediction.sigma:.2g}{in_unit(prediction.unit)}"


def expected_text(prediction: Prediction) -> str:
    """``peak_d 6.1 ± 0.2 nm expected``."""
    return f"{predicted_text(prediction)} expected"
