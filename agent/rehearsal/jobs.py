"""One campaign to rehearse, and what comes back of it: plain and small, so that it can travel."""

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from models.domain.campaign import CampaignSpec
from models.domain.clock import Stamp
from models.domain.frozen import Frozen
from models.domain.records import Record
from models.domain.seeds import derive_seed

WorldKind = Literal["twin", "fast", "folder", "log"]
TRACK_ROLE = "rehearsal"
"""Role of the artifact on record that tells how a rehearsed campaign fared."""


class Job(Frozen):
    """One campaign to rehearse."""

    name: str
    """Its name on record: ``night.bayes.003``."""
    contender: str
    """Name of the strategy."""
    place: int
    """Which of the seeds, from 0; strategies are compared seed by seed."""
    variant: str = ""
    """What is changed to see what it matters, such as ``noise x2``; empty in the contest itself."""
    noise: float = Field(default=1.0, gt=0)
    """Factor on the standard deviation of all noise."""
    spec: CampaignSpec
    """The campaign file, under that name and seed."""
    problem_json: str
    """What strategies are told of the task, under that seed."""


class Step(Frozen):
    """How things stood after one measurement of a rehearsed campaign."""

    score: float | None
    """Regret, map error or share wrong; None before anything is learned, or where it was not looked at."""
    hours: float
    """Time since the beginning, h."""
    exposed_s: float
    """Exposure of all samples so far, s."""
    used: dict[str, float] = Field(default_factory=dict)
    """What was used up of each component so far, in the unit of the samples' amount."""


class Forecast(Frozen):
    """What was foretold of one measurement, and what came."""

    gain: float | None
    """Expected gain, in the feature's unit; None where the goal has none that one measurement shows."""
    gained: float | None
    """By how much the best measured value improved, in the same unit."""
    z: float
    """Measured less expected value, in standard deviations of both."""


class Track(Frozen):
    """How a rehearsed campaign fared."""

    contender: str
    """Name of the strategy."""
    place: int
    """Which of the seeds."""
    variant: str = ""
    """What was changed."""
    steps: tuple[Step, ...]
    """After each measurement, the first first."""
    forecasts: tuple[Forecast, ...] = ()
    """Of each measurement that a model foretold."""
    failed: dict[str, int] = Field(default_factory=dict)
    """Decisions that brought nothing, by the code of the failure or of the check that refused the frame."""
    repeats: int = 0
    """Second tries."""
    ending: str = ""
    """Code of the reason for which it ended."""
    cpu_s: float = 0.0
    """Processor time that it took, s."""


@dataclass(frozen=True)
class Rehearsed:
    """What comes back of a job."""

    job: Job
    """The job."""
    track: Track
    """How it fared."""
    stamped: tuple[tuple[Record, Stamp], ...]
    """Its records with their times, in order."""


def seed_of(spec: CampaignSpec, place: int) -> int:
    """Seed of a rehearsed campaign: the first is the campaign's own."""
    return spec.seed if place == 0 else derive_seed(spec.seed, "rehearsal", place)
