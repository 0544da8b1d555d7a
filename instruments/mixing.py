"""What dispensers have in common: how each is told what to mix, and how none mixes twice."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bluesky.protocols import Status

from instruments.journal import Journal
from instruments.soft import Setting, Signal, SoftStatus
from models.domain.errors import BeamlineFault, UnreachablePoint
from models.domain.sample_names import ahead_name, own_name
from models.domain.space import SUM_TOLERANCE


@dataclass(frozen=True)
class SoftTags:
    """What the devices are told before each command, as soft signals."""

    seq: Setting
    """Receives the decision's `seq`."""
    action_id: Setting
    """Receives the `action_id`."""
    fence: Setting
    """Receives the fence."""

    @property
    def sample(self) -> str:
        """Name of the sample that is made for that decision."""
        return self.samples[0]

    @property
    def samples(self) -> tuple[str, str]:
        """The same, and the name of the one that is made ahead with that decision."""
        seq = int(self.seq.number())
        return own_name(seq), ahead_name(seq)


class ComponentFraction(Signal):
    """One component: `set` chooses the next mix, `read` tells what the sample in the beam holds."""

    def __init__(self, *, name: str) -> None:
        """Start with nothing asked for and nothing in the beam."""
        super().__init__(name=name, value=0.0)
        self.asked = 0.0

    def set(self, value: float, **_: Any) -> Status:
        """Choose the fraction of the next mix, 0 to 1."""
        if not -SUM_TOLERANCE <= value <= 1 + SUM_TOLERANCE:
            raise UnreachablePoint(f"{self.name} = {value:g} is outside 0 to 1; choose a fraction.")
        self.asked = min(max(float(value), 0.0), 1.0)
        status = SoftStatus(self)
        status.set_finished()
        return status


class Mix(Signal):
    """The command to mix. It takes an action_id and never mixes twice for one."""

    def __init__(self, *, name: str, on_set: Callable[[str], Status]) -> None:
        """Give each command on to the dispenser."""
        super().__init__(name=name, value="")
        self._on_set = on_set

    def set(self, value: str, **_: Any) -> Status:
        """Mix what the components are set to."""
        self.put(value)
        return self._on_set(value)


def entry_of(
    journal: Journal, tags: SoftTags, action_id: str
) -> Literal["started", "done", "no journal"] | None:
    """What a journal on disk says of a mix; ``no journal`` when it does not reach back to it."""
    entry = journal.entry(action_id)
    is_from_before = str(tags.action_id.get()) != action_id
    return "no journal" if entry is None and is_from_before and not journal.has_mixes else entry


def made_before(journal: Journal, action_id: str) -> Status | None:
    """Done, for a mix that was made before; None for one that is still to be made.

    Raises
    ------
    BeamlineFault
        When it was begun and not ended.
    """
    entry = journal.entry(action_id)
    if entry == "started":
        raise BeamlineFault(f"mix {action_id} was begun and not ended; look at the vial.")
    if entry is None:
        return None
    status = SoftStatus()
    status.set_finished()
    return status


def fractions_asked(fractions: Mapping[str, ComponentFraction]) -> dict[str, float]:
    """The fractions of the next mix, by component.

    Raises
    ------
    UnreachablePoint
        When they do not sum to 1.
    """
    asked = {name: fraction.asked for name, fraction in fractions.items()}
    total = sum(asked.values())
    if abs(total - 1.0) > len(asked) * SUM_TOLERANCE:
        shown = " + ".join(f"{name} {value:g}" for name, value in asked.items())
        raise UnreachablePoint(f"{shown} = {total:g}, the fractions must sum to 1; change one of them.")
    return asked
