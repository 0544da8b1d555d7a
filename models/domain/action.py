"""What is done for a decision: physical commands, and what they bring back."""

from typing import Literal

from pydantic import Field

from models.domain.errors import BeamlineFault, UnreachablePoint
from models.domain.frozen import Frozen
from models.domain.space import Point

ActionKind = Literal["prepare", "load", "expose"]
ActionClass = Literal["idempotent", "verify_then_retry", "at_most_once"]
ActionStatus = Literal["started", "succeeded", "failed", "unknown"]


class Action(Frozen):
    """One physical command that follows from a decision."""

    action_id: str
    """Unique for all time; travels with the command into devices, documents and files."""
    seq: int
    """`seq` of the decision."""
    step: int
    """Place among the decision's actions, from 1."""
    kind: ActionKind
    """What is done."""
    action_class: ActionClass
    """What a resumed run may do with it after a crash."""
    sample: str | None = None
    """Name of the sample that it makes, brings or exposes; None when there is nothing to name."""
    attempt: int = 1
    """Counts up each time the command is given again."""


class Asset(Frozen):
    """A file that belongs to the record."""

    role: Literal["frame", "curve", "values", "document", "abandoned"]
    """What it is; `abandoned` marks a frame of an exposure that never finished."""
    path: str
    """Where it lies."""
    sha256: str
    """SHA-256 of the file, 64 hexadecimal digits."""
    n_bytes: int
    """Size, bytes."""


class Exposure(Frozen):
    """What the instrument brought back."""

    seq: int
    """`seq` of the decision."""
    action_id: str
    """The action that made it."""
    run_uid: str
    """Bluesky's uid of the run."""
    point: Point
    """Where it was measured, as read back from the devices."""
    exposure_s: float
    """Exposure time, s."""
    monitor: float | None = None
    """Incident flux summed over the exposure, monitor counts; None for curves measured elsewhere."""
    attenuation: float = 1.0
    """Share of the beam that the attenuator let through."""
    transmission: float | None = None
    """Transmitted over incident flux."""
    transmission_sigma: float = 0.0
    """One standard deviation of the transmission."""
    empty_transmission: float | None = None
    """The same of the empty cell, before the sample was loaded; None where it was not measured."""
    empty_transmission_sigma: float = 0.0
    """One standard deviation of that."""
    assets: tuple[Asset, ...]
    """Files: one frame, or one curve."""


class ActionReport(Frozen):
    """How an action ended."""

    action_id: str
    """The action."""
    status: ActionStatus
    """How it ended."""
    sentence: str
    """One plain sentence."""
    exposure: Exposure | None = None
    """What an `expose` brought back."""
    assets: tuple[Asset, ...] = ()
    """Files that a failed attempt left behind, so that none is orphaned."""
    duration_s: float | None = Field(default=None, ge=0)
    """How long the command took by the instrument's clock, s; None where nobody watched it to its end."""


Outcome = ActionReport | BeamlineFault | UnreachablePoint
"""What came of a command: its report, or the fault that ended it, which a campaign survives."""
