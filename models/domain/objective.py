"""What a campaign is after: one class for each goal, with its keys and the words that people read."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Discriminator, Field, Tag, TypeAdapter, model_validator

from models.domain.curve_goals import Curves, Match
from models.domain.feature_goals import Extreme, Level, Map, Part, Target
from models.domain.goal import ObjectiveBase, tag_by_goal
from models.domain.history import Observation
from models.domain.inputs import TAG, UNKNOWN_GOAL
from models.domain.own_parts import OWN_PART
from models.domain.phase_goal import Phases


class Pareto(ObjectiveBase):
    """Several goals at once: what can be had of each without giving up another."""

    goal: Literal["pareto"]
    """All of `of` at once: every best compromise."""
    of: tuple[Part, ...] = Field(min_length=2, max_length=4)
    """The goals, each on a feature of its own."""
    reference: tuple[float, ...] | None = None
    """For each goal the value that is just not good enough any more, in its feature's unit (for a target, the
    distance from it); chosen from the first design when left out."""

    @model_validator(mode="after")
    def _each_part_has_its_own(self) -> Self:
        names = self.features
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"of names the feature {name!r} twice; give each goal a feature of its own")
        if self.reference is not None and len(self.reference) != len(self.of):
            raise ValueError(
                f"reference has {len(self.reference)} values for {len(self.of)} goals; give one for each"
            )
        for part, value in zip(self.of, self.reference or (), strict=False):
            if isinstance(part, Target) and value < 0:
                raise ValueError(f"reference has {value:g} for {part.text()}; give a distance, 0 or more")
        return self

    def place_of(self, feature: str) -> str:
        """That of the part which is on it."""
        return f"objective.of[{self.features.index(feature)}].feature"

    @property
    def features(self) -> tuple[str, ...]:
        """One of each part."""
        return tuple(part.feature for part in self.of)

    @property
    def reference_distances(self) -> tuple[float, ...] | None:
        """The reference as distances from the goals; None where it was left out."""
        if self.reference is None:
            return None
        pairs = zip(self.of, self.reference, strict=True)
        return tuple(
            value if isinstance(part, Target) else float(part.distance(value)) for part, value in pairs
        )

    @property
    def has_best(self) -> bool:
        """Several compromises are best."""
        return True

    @property
    def first_in_line(self) -> str:
        """For headings."""
        return "best compromises"

    def text(self) -> str:
        """``maximise peak_strength and minimise rg at once``."""
        return f"{' and '.join(part.text() for part in self.of)} at once"

    def badness(self, observations: Sequence[Observation]) -> list[float | None]:
        """All best compromises are alike; what another beats is none, and has no place in a ranking."""
        rows = [[part.badness([one])[0] for part in self.of] for one in observations]
        known = [[value for value in row if value is not None] for row in rows]
        whole = [row for row in known if len(row) == len(self.of)]
        return [
            0.0 if len(row) == len(self.of) and not any(_beats(other, row) for other in whole) else None
            for row in known
        ]


def _beats(one: list[float], other: list[float]) -> bool:
    """True when `one` is nowhere farther from its goals than `other`, and somewhere nearer."""
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))


class Own(ObjectiveBase):
    """A goal of one's own: ``module:PURSUIT``, see docs/extending.md. All further keys are its own."""

    model_config = ConfigDict(extra="allow")

    goal: str = Field(pattern=OWN_PART)
    """Name of the pursuit, ``module:attribute``."""
    feature: str
    """Feature that is learned from and shown."""
    also: tuple[str, ...] = ()
    """Further features that are learned from."""

    @property
    def features(self) -> tuple[str, ...]:
        """All that are named."""
        return (self.feature, *self.also)

    @property
    def options(self) -> dict[str, Any]:
        """The keys that belong to the pursuit itself."""
        return dict(self.model_extra or {})

    @property
    def first_in_line(self) -> str:
        """For headings."""
        return "largest values"

    def text(self) -> str:
        """``my_goal:STEEPEST of peak_strength``."""
        return f"{self.goal} of {', '.join(self.features)}"

    def badness(self, observations: Sequence[Observation]) -> list[float | None]:
        """Largest values first."""
        found = [observation.feature(self.feature) for observation in observations]
        return [None if one is None else -one.value for one in found]


KINDS: dict[str, type[ObjectiveBase]] = {
    "maximise": Extreme, "minimise": Extreme, "target": Target, "map": Map, "level": Level, "pareto": Pareto,
    "curves": Curves, "match": Match, "phases": Phases,
}  # fmt: skip
"""Class of each goal that ships."""
Objective = Annotated[
    Annotated[Extreme, Tag(f"{TAG}Extreme")]
    | Annotated[Target, Tag(f"{TAG}Target")]
    | Annotated[Map, Tag(f"{TAG}Map")]
    | Annotated[Level, Tag(f"{TAG}Level")]
    | Annotated[Pareto, Tag(f"{TAG}Pareto")]
    | Annotated[Curves, Tag(f"{TAG}Curves")]
    | Annotated[Match, Tag(f"{TAG}Match")]
    | Annotated[Phases, Tag(f"{TAG}Phases")]
    | Annotated[Own, Tag(f"{TAG}Own")],
    Discriminator(
        tag_by_goal(KINDS, Own),
        custom_error_type=UNKNOWN_GOAL,
        custom_error_message=f"is no goal that is known; use {', '.join([*KINDS, 'module:PURSUIT'])}",
    ),
]
"""Any goal, told apart by its key `goal`."""
_ADAPTER: TypeAdapter[Any] = TypeAdapter(Objective)


def as_objective(**keys: Any) -> Any:
    """The objective that these keys of a campaign file describe; `pydantic.ValidationError` when none."""
    return _ADAPTER.validate_python(keys)
