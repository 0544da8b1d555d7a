"""What a beamline is to Nightbeam: named devices, each known by what it is for."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

from bluesky.protocols import HasName, Movable, Readable, Triggerable
from bluesky.utils import MsgGenerator

from instruments.adjusters import NOTHING, Adjusters
from instruments.empty_cell import EmptyCell
from models.domain.motion import Motion
from models.domain.space import SearchSpace

OPEN = "open"
CLOSED = "closed"
"""The two words that a shutter is given."""


@runtime_checkable
class Detector(Readable[Any], Triggerable, Protocol):
    """Takes one frame at each trigger, writes it to a file and tells Bluesky where the file is."""


@dataclass(frozen=True)
class Tags:
    """Signals that are told what a command is for, before the command is given."""

    seq: Movable[int]
    """Receives the decision's `seq`."""
    action_id: Movable[str]
    """Receives the `action_id`; a detector that writes files puts it into their names."""
    fence: Movable[int] | None = None
    """Receives the fence of the agent that gives the command. A device with a journal refuses one that is
    lower than the highest it has seen: it comes from an agent that was taken for dead."""


@dataclass(frozen=True)
class Timeouts:
    """How long a device may take before it is called stuck."""

    move_s: float = 30.0
    """Any motion, and the shutter, s."""
    mix_s: float = 600.0
    """One mix of the dispenser, s."""
    readout_s: float = 30.0
    """What the detector may need on top of the exposure time, s."""


class Dispenser(Protocol):
    """Makes a sample. Giving it the same `action_id` twice makes one sample, never two."""

    @property
    def components(self) -> tuple[str, ...]:
        """Campaign axes whose values it mixes; their devices are in `Beamline.axes`."""
        ...

    @property
    def mix(self) -> Movable[str]:
        """Takes an `action_id`; mixes what the components are set to, unless that id is in the journal."""
        ...

    def journal_entry(self, action_id: str) -> Literal["started", "done", "no journal"] | None:
        """What the journal on disk says of a mix; None when it proves that it was never begun.

        ``no journal`` as well when the journal does not reach back to that command, since it was lost.
        """
        ...


@runtime_checkable
class TakesTransfers(Protocol):
    """A dispenser that is told volumes of stocks, and into which well: an optional power."""

    @property
    def transfers(self) -> Movable[str]:
        """Takes what a sample is made of, before its `mix` is given: JSON of a `Transfers`."""
        ...


@runtime_checkable
class Fenced(Protocol):
    """A dispenser whose journal refuses agents that were taken for dead."""

    def refuse_below(self, fence: int) -> None:
        """Take no command with a lower fence from now on.

        Only then is a mix that the journal does not know one that will never be made.

        Raises
        ------
        LeaseLost
            When a higher fence was given already.
        """
        ...


class Loader(Protocol):
    """Brings a sample from its vessel into a cell, and rinses what was there before."""

    @property
    def device(self) -> Any:
        """Its device, which is read with each exposure."""
        ...

    def load(self, sample: str) -> MsgGenerator[None]:
        """A plan that loads a sample by name; every step is bounded, and ends in a safe state."""
        ...

    def is_safe(self, device: object, value: object) -> bool:
        """True when setting that device to that value only stops or closes something."""
        ...


@runtime_checkable
class EmptiesApart(Protocol):
    """A loader that empties its cell and fills it in two steps: an optional power.

    What the empty cell transmits can be measured between them, and the first step is taken while the next
    sample is being made.
    """

    def empty(self, n_more: int) -> MsgGenerator[None]:
        """A plan that rinses the cell and empties it; so many times more than is usual."""
        ...

    def fill(self, sample: str) -> MsgGenerator[None]:
        """A plan that loads a sample by name into the empty cell."""
        ...

    def holds(self, sample: str) -> bool:
        """True when that sample is in the cell already."""
        ...


@dataclass(frozen=True)
class Beamline:
    """The devices of one instrument.

    To bring one's own, write one file beside the campaign file::

        # my_beamline.py
        from typing import Any
        from ophyd import EpicsMotor, EpicsSignal
        from instruments.beamline import Beamline, Tags
        from instruments.kinds import BuildContext

        def make_beamline(options: dict[str, Any], context: BuildContext) -> Beamline:
            detector = MyPilatus(options["prefix"], name="pilatus")   # any ophyd area detector
            return Beamline(
                axes={"temperature": EpicsMotor("HEATER:T", name="temperature")},
                detector=detector,
                count_time=detector.cam.acquire_time,
                shutter=MyShutter("SH1", name="shutter"),              # takes "open" and "closed"
            )

    and name it in the campaign file, where every other key goes into `options`::

        [instrument]
        kind = "my_beamline:make_beamline"
        prefix = "13PIL1M:"

    Annotate `options` with a pydantic model instead of ``dict`` and its keys are checked before anything
    moves. Each device is any object that keeps Bluesky's protocols, as all of ophyd does.
    """

    axes: Mapping[str, Readable[Any]]
    """Device of each campaign axis, by axis name; one that is not movable is only read."""
    detector: Detector
    """Writes one file per trigger and emits its asset documents."""
    count_time: Movable[float] | None = None
    """Receives the exposure time, s, before each trigger; None when it is fixed."""
    shutter: Movable[str] | None = None
    """Takes ``"open"`` and ``"closed"``; None for a beam that cannot be closed."""
    monitor: Readable[Any] | None = None
    """Incident flux summed over the exposure, in the key named as the device is."""
    transmission: Readable[Any] | None = None
    """Transmitted over incident flux; its own `sigma` in a second key that ends in ``_sigma``."""
    changer: Movable[str] | None = None
    """Brings a sample into the beam by name: the point's own sample, else ``S17``."""
    loader: Loader | None = None
    """Pumps each sample into a cell, after everything else is in its place; None where nothing is pumped."""
    empty_cell: EmptyCell | None = None
    """Measures what the empty cell transmits, before each load by a loader that `EmptiesApart`."""
    dispenser: Dispenser | None = None
    """Makes each sample before it is loaded; None when samples exist already."""
    tags: Tags | None = None
    """Signals that receive `seq` and `action_id` before a command; None when no device wants them."""
    asset_role: Literal["frame", "curve", "values"] = "frame"
    """What the detector's files are."""
    values: Mapping[str, str] | None = None
    """Unit of each feature by name, where the instrument gives features itself and no curves."""
    units: Mapping[str, str] | None = None
    """Unit of an axis by its name, for messages."""
    motions: Mapping[str, Motion] | None = None
    """How an axis moves, by its name, where that is known: what a journey will take."""
    space: SearchSpace | None = None
    """Where one may look, when the instrument itself knows: only certain samples exist."""
    frame_shape: tuple[int, int] | None = None
    """Rows and columns of a frame, where they are known before the first."""
    adjusters: Adjusters = NOTHING
    """What readjusts the set-up, where there is anything."""
    timeouts: Timeouts = Timeouts()
    """How long the devices may take."""
    clock: Callable[[], float] = time.monotonic
    """Tells the time, s, from any beginning: how long each command takes goes on record by it."""
    is_time_simulated: bool = False
    """True where that clock runs apart from the wall's: it alone counts the hours of a night."""
    name: str | None = None
    """Name of the instrument, of which one agent at a time may hold the lease; its ``kind`` in the campaign
    file when left out."""

    def devices(self) -> Iterator[tuple[str, Any]]:
        """Every device with what it is for, each device once."""
        named: list[tuple[str, Any]] = [(f"axis {name}", device) for name, device in self.axes.items()]
        named += [
            (role, getattr(self, role))
            for role in (
                "detector",
                "count_time",
                "shutter",
                "monitor",
                "transmission",
                "changer",
                "empty_cell",
            )
        ]
        if self.loader is not None:
            named.append(("loader", self.loader.device))
        if self.dispenser is not None:
            named.append(("dispenser", self.dispenser.mix))
        if self.tags is not None:
            named += [("seq tag", self.tags.seq), ("action_id tag", self.tags.action_id)]
            named += [("fence tag", self.tags.fence)]
        named += self.adjusters.devices()
        seen: set[int] = set()
        for role, device in named:
            if device is not None and id(device) not in seen:
                seen.add(id(device))
                yield role, device

    def unit(self, axis: str) -> str:
        """Unit of an axis, with a space before it; nothing for a pure number."""
        unit = (self.units or {}).get(axis, "1")
        return "" if unit == "1" else f" {unit}"

    @property
    def movable_axes(self) -> dict[str, Movable[Any]]:
        """Axes that `load` moves: all that can be moved and that no dispenser mixes."""
        mixed = self.dispenser.components if self.dispenser else ()
        return {
            name: device
            for name, device in self.axes.items()
            if name not in mixed and isinstance(device, Movable)
        }


def device_name(device: object) -> str:
    """Name of a device, for messages."""
    return device.name if isinstance(device, HasName) else type(device).__name__


def unreachable_devices(beamline: Beamline, timeout_s: float) -> tuple[str, ...]:
    """Devices that do not answer, as ``name (role)``.

    Parameters
    ----------
    beamline
        The devices.
    timeout_s
        Longest wait for all devices together, s. Devices that need no connection answer at once.
    """
    deadline = time.monotonic() + timeout_s
    missing: list[str] = []
    for role, device in beamline.devices():
        wait = getattr(device, "wait_for_connection", None)
        if wait is None:
            continue
        try:
            wait(timeout=max(deadline - time.monotonic(), 0.01))
        except (TimeoutError, ConnectionError):
            missing.append(f"{device_name(device)} ({role})")
    return tuple(missing)


def limits_of(device: object) -> tuple[float, float] | None:
    """The lowest and highest value that a device says it can take; None when it does not say.

    In ophyd, equal limits mean none. A device that cannot be asked, since it does not answer, says nothing
    either: `unreachable_devices` names it.
    """
    try:
        low, high = getattr(device, "limits", None) or (0.0, 0.0)
        return (float(low), float(high)) if float(low) < float(high) else None
    except Exception:  # what asking raises is the device's affair
        return None
