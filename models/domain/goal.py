"""What all goals of a campaign have in common."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from models.domain.frozen import Frozen
from models.domain.history import Observation
from models.domain.inputs import TAG
from models.domain.scattering import Feature


class ObjectiveBase(Frozen):
    """What all goals have in common."""

    goal: Any  # each goal narrows it
    """What is sought."""

    @property
    def features(self) -> tuple[str, ...]:
        """Features that are learned from, the one that is shown first at the front."""
        return ()

    @property
    def quantity(self) -> str:
        """Name of what is predicted where a prediction bears no name of its own."""
        return self.features[0] if self.features else self.goal

    def place_of(self, feature: str) -> str:
        """The key of a campaign file that names a feature, for messages."""
        del feature
        return "objective.feature"

    @property
    def needs_curves(self) -> bool:
        """True when whole curves are learned from."""
        return self.profile_bins is not None

    @property
    def profile_bins(self) -> int | None:
        """In how many bins of q whole curves go on record; None where they do not."""
        return None

    @property
    def has_best(self) -> bool:
        """True when one measurement can be better than another."""
        return False

    @property
    def first_in_line(self) -> str:
        """What the samples are that a ranking puts first, for headings."""
        return "samples"

    @property
    def sought(self) -> dict[str, float]:
        """Values of the first feature that are worth a line in a picture, by their name."""
        return {}

    def text(self) -> str:
        """Short form for people."""
        return self.goal

    def badness(self, observations: Sequence[Observation]) -> list[float | None]:
        """How far each observation is from the goal, smaller is better; None where it cannot be said."""
        return [None] * len(observations)

    def shown(self, observation: Observation) -> tuple[Feature, ...]:
        """What people see of an observation."""
        found = (observation.feature(name) for name in self.features)
        return tuple(feature for feature in found if feature is not None)


def tag_by_goal(
    kinds: Mapping[str, type[ObjectiveBase]], own: type[ObjectiveBase] | None = None
) -> Callable[[Any], str | None]:
    """Tells by its key `goal` which of several classes an objective is, for a union of pydantic.

    Parameters
    ----------
    kinds
        Class of each goal by its name.
    own
        Class of all goals that are named ``module:attribute``, where they may be.
    """

    def tag_of(value: Any) -> str | None:
        goal = value.get("goal", "maximise") if isinstance(value, Mapping) else getattr(value, "goal", None)
        if not isinstance(goal, str):
            return None
        kind = own if ":" in goal else kinds.get(goal)
        return None if kind is None else TAG + kind.__name__

    return tag_of
