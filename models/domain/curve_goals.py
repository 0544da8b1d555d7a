"""Goals that are about whole curves: learn all of them, or find the sample whose curve is the one sought."""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from models.domain.goal import ObjectiveBase
from models.domain.history import Observation
from models.domain.misfit import mean_log_intensity, misfit_of
from models.domain.scattering import CurveProfile, Feature


class OnCurves(ObjectiveBase):
    """A goal that is about whole curves."""

    bins: int = Field(default=64, ge=16, le=1024)
    """Bins, even in log q, in which curves are learned and go on record."""

    @property
    def profile_bins(self) -> int | None:
        """As many as the campaign file says."""
        return self.bins


class Curves(OnCurves):
    """All curves: that of any sample can be told with a band."""

    goal: Literal["curves"]
    """The curves of all samples."""

    @property
    def quantity(self) -> str:
        """What is predicted of a curve in one number: its log-intensity, averaged over the bins."""
        return "log_intensity"

    def text(self) -> str:
        """``learn whole curves``."""
        return "learn whole curves"

    def badness(self, observations: Sequence[Observation]) -> list[float | None]:
        """None is better than another; those without a curve cannot be ranked."""
        return [None if one.profile is None else 0.0 for one in observations]

    def shown(self, observation: Observation) -> tuple[Feature, ...]:
        """The mean log-intensity."""
        return () if observation.profile is None else (mean_log_intensity(observation.profile),)


class Match(OnCurves):
    """The sample whose curve is nearest to a curve that is given."""

    goal: Literal["match"]
    """The sample whose curve is nearest to that in `curve`."""
    curve: str
    """File of the curve that is sought, beside the campaign file."""
    scale: Literal["free", "fixed"] = "free"
    """Whether only the shape counts, or the intensity, too."""
    target: CurveProfile | None = None
    """The curve that is sought, in the campaign's bins; filled in from `curve` when the campaign begins, so
    that the record alone says what was sought."""

    @property
    def quantity(self) -> str:
        """How far a curve is from the target."""
        return "misfit"

    @property
    def has_best(self) -> bool:
        """It has."""
        return True

    @property
    def first_in_line(self) -> str:
        """For headings."""
        return "best matches"

    def text(self) -> str:
        """``match the curve lamellar.dat, scale free``."""
        return f"match the curve {self.curve}, scale {self.scale}"

    def badness(self, observations: Sequence[Observation]) -> list[float | None]:
        """By the square of the misfit, less its noise: it may be below zero."""
        found = [misfit_of(one.profile, self.target, self.scale) for one in observations]
        return [None if one is None else one.square for one in found]

    def shown(self, observation: Observation) -> tuple[Feature, ...]:
        """The misfit."""
        found = misfit_of(observation.profile, self.target, self.scale)
        return () if found is None else (found.as_feature(),)
