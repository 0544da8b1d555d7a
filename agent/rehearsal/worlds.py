"""What strategies are rehearsed on, behind one door: the twins, measured curves, a finished night."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from agent.ports import Analysis, Instrument
from agent.rehearsal.jobs import Job, WorldKind
from models.domain.action import Exposure
from models.domain.campaign import CampaignSpec
from models.domain.history import Observation
from models.domain.space import Point

N_WORLDS_KEPT = 2
"""Worlds that one process keeps furnished."""


@dataclass(frozen=True)
class Stage:
    """What one rehearsed campaign plays on."""

    instrument: Instrument
    """What measures."""
    analysis: Analysis
    """What reads."""
    seconds: Callable[[], float]
    """Tells the seconds so far, without what `overhead_s` adds, s."""


class World(Protocol):
    """Something that a campaign can be rehearsed on. It is stateless: all follows from a job's seed."""

    def stage(self, job: Job) -> AbstractContextManager[Stage]:
        """Set the stage for one campaign."""
        ...

    def truth(self, point: Point, place: int) -> Observation:
        """What a perfect experiment would find at a point.

        Parameters
        ----------
        point
            Where.
        place
            Which of the seeds: where the truth itself is uncertain, each has its own.
        """
        ...


def bins_for(strategy: CampaignSpec, own: CampaignSpec) -> int | None:
    """In how many bins whole curves go on record: as the strategy's goal asks, or else the file's."""
    return strategy.objective.profile_bins or own.objective.profile_bins


def imagined(point: Point, seq: int = 1) -> Exposure:
    """An exposure that nobody takes: for asking an analysis what it would read."""
    return Exposure(seq=seq, action_id=str(seq), run_uid="", point=point, exposure_s=1.0, assets=())


@dataclass(frozen=True, eq=False)
class Scene:
    """All that a process needs to furnish a world; it travels once to each."""

    key: str
    """Tells scenes apart."""
    kind: WorldKind
    """Which world."""
    spec: CampaignSpec
    """The campaign file, as it was checked."""
    home: str
    """Folder of the campaign file: one's own parts lie there."""
    is_each: bool = False
    """True where each seed has a truth of its own."""
    extra: Any = None
    """What the world needs besides: for an emulator, what it learned."""
    standards: dict[int, Any] = field(default_factory=dict[int, Any])
    """What strategies are scored by, by the place of the seed; -1 where one serves all."""

    def __hash__(self) -> int:
        """By its key."""
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        """By its key."""
        return isinstance(other, Scene) and other.key == self.key


@lru_cache(maxsize=N_WORLDS_KEPT)
def furnish(scene: Scene) -> World:
    """The world of a scene; the same scene finds the same, warm world."""
    from agent.plugs import add_home

    if scene.home:
        add_home(Path(scene.home))
    match scene.kind:
        case "fast":
            from agent.rehearsal.twins import FastWorld

            return FastWorld(scene.spec, scene.home)
        case "twin":
            from agent.rehearsal.twins import FullWorld

            return FullWorld(scene.spec, scene.home)
        case "folder":
            from agent.rehearsal.measured import MeasuredWorld

            return MeasuredWorld(scene.spec, scene.home)
        case "log":
            from agent.rehearsal.emulated import EmulatedWorld

            return EmulatedWorld(scene.spec, scene.extra)
