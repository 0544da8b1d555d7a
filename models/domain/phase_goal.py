"""The goal that is about phases: which rules where, and then, if wanted, the best inside one."""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from models.domain.feature_goals import Part
from models.domain.goal import ObjectiveBase
from models.domain.history import Observation
from models.domain.scattering import Feature


class Phases(ObjectiveBase):
    """The map of phases, by their number or by the likeness of whole curves."""

    goal: Literal["phases"]
    """Which phase rules where."""
    feature: str | None = None
    """Feature that is the number of the phase; when left out, curves that are alike make a phase."""
    n_most: int = Field(default=8, ge=2, le=32)
    """Most phases there can be."""
    bins: int = Field(default=64, ge=16, le=1024)
    """Bins, even in log q, in which curves are compared and go on record, where there is no `feature`."""
    then: Part | None = None
    """What is sought, once the map is sure enough, inside the phase of the best measurement."""
    sure_to: float = Field(default=0.05, gt=0, lt=1)
    """The map is sure enough when at most this share of the space is expected to be told wrongly."""

    def place_of(self, feature: str) -> str:
        """That of the phases' own feature, or of what is sought inside one."""
        return "objective.feature" if feature == self.feature else "objective.then.feature"

    @property
    def features(self) -> tuple[str, ...]:
        """The number of the phase, where it is a feature, and what is sought then."""
        found = (self.feature, None if self.then is None else self.then.feature)
        return tuple(dict.fromkeys(name for name in found if name is not None))

    @property
    def quantity(self) -> str:
        """The phase itself."""
        return self.feature or "phase"

    @property
    def profile_bins(self) -> int | None:
        """As many as the campaign file says, where no feature tells the phase."""
        return self.bins if self.feature is None else None

    @property
    def has_best(self) -> bool:
        """Only where something is sought inside a phase."""
        return self.then is not None

    @property
    def first_in_line(self) -> str:
        """For headings."""
        return "samples" if self.then is None else self.then.first_in_line

    def text(self) -> str:
        """``map the phases, then maximise peak_strength in one``."""
        by = "" if self.feature is None else f" by {self.feature}"
        return f"map the phases{by}" + ("" if self.then is None else f", then {self.then.text()} in one")

    def badness(self, observations: Sequence[Observation]) -> list[float | None]:
        """That of what is sought inside a phase; else all that have a phase are alike."""
        if self.then is not None:
            return self.then.badness(observations)
        return [0.0 if self._is_known(one) else None for one in observations]

    def shown(self, observation: Observation) -> tuple[Feature, ...]:
        """What is sought inside a phase at the front."""
        found = (observation.feature(name) for name in reversed(self.features))
        return tuple(feature for feature in found if feature is not None)

    def _is_known(self, observation: Observation) -> bool:
        if self.feature is None:
            return observation.profile is not None
        return observation.feature(self.feature) is not None
