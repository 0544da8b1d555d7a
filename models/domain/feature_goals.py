"""Goals that are about one feature: its best value, one that is given, its map, or a boundary in it."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from models.domain.goal import ObjectiveBase, tag_by_goal
from models.domain.history import Observation
from models.domain.inputs import TAG, UNKNOWN_GOAL


class OnFeature(ObjectiveBase):
    """A goal that is about one feature."""

    feature: str
    """Name of the feature, as the analysis makes it."""

    @property
    def features(self) -> tuple[str, ...]:
        """The one feature."""
        return (self.feature,)

    def badness(self, observations: Sequence[Observation]) -> list[float | None]:
        """By the feature's value."""
        found = [observation.feature(self.feature) for observation in observations]
        return [None if one is None else float(self.distance(one.value)) for one in found]

    @property
    def at(self) -> float | None:
        """The value that is sought, in the feature's unit; None where it is none that can be named."""
        return None

    @property
    def sought(self) -> dict[str, float]:
        """That value by the name of the goal."""
        return {} if self.at is None else {self.goal: self.at}

    def distance(self, value: Any) -> Any:
        """How far a value, or each of an array, is from the goal, in the feature's unit.

        A map has no best: its largest values come first.
        """
        return -value if self.at is None else abs(value - self.at)


class BestOf(OnFeature):
    """A goal of which one measurement is nearer than another."""

    @property
    def has_best(self) -> bool:
        """It has."""
        return True

    @property
    def first_in_line(self) -> str:
        """For headings."""
        return "best samples"


class Extreme(BestOf):
    """The largest or the smallest value."""

    goal: Literal["maximise", "minimise"] = "maximise"
    """Largest or smallest value."""

    @property
    def sign(self) -> float:
        """1 where more is better, -1 where less is."""
        return 1.0 if self.goal == "maximise" else -1.0

    def text(self) -> str:
        """``maximise peak_strength``."""
        return f"{self.goal} {self.feature}"

    def distance(self, value: Any) -> Any:
        """The value, less is better."""
        return -self.sign * value


class Target(BestOf):
    """The value nearest to a target."""

    goal: Literal["target"]
    """Value nearest to `target`."""
    target: float
    """The value to hit, in the feature's unit."""

    @property
    def at(self) -> float:
        """The target."""
        return self.target

    def text(self) -> str:
        """``peak_d as near as possible to 6``."""
        return f"{self.feature} as near as possible to {self.target:g}"


class Map(OnFeature):
    """The whole map of a feature."""

    goal: Literal["map"]
    """The feature everywhere."""
    edges: float = Field(default=0.0, ge=0)
    """How much more places count where the feature changes steeply: with 2, one of the typical squared slope
    counts three times. 0 for all alike; for a thing of sharp parts, 1 or 2."""

    @property
    def first_in_line(self) -> str:
        """For headings."""
        return "largest values"

    def text(self) -> str:
        """``map peak_strength``."""
        return f"map {self.feature}"


class Level(OnFeature):
    """Where a feature crosses a value."""

    goal: Literal["level"]
    """Where the feature crosses `level`."""
    level: float
    """The value at which a boundary runs, in the feature's unit."""

    @property
    def first_in_line(self) -> str:
        """For headings."""
        return "nearest to the level"

    @property
    def at(self) -> float:
        """The level."""
        return self.level

    def text(self) -> str:
        """``where peak_strength crosses 3``."""
        return f"where {self.feature} crosses {self.level:g}"


Part = Annotated[
    Annotated[Extreme, Tag(f"{TAG}Extreme")] | Annotated[Target, Tag(f"{TAG}Target")],
    Discriminator(
        tag_by_goal({"maximise": Extreme, "minimise": Extreme, "target": Target}),
        custom_error_type=UNKNOWN_GOAL,
        custom_error_message="is no goal that can be one of several; use maximise, minimise, target",
    ),
]
"""A goal that can be one of several."""
