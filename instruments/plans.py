"""Small Bluesky plans: prepare, load, expose. Every wait is bounded; the shutter closes on every exit."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from bluesky import plan_stubs as bps
from bluesky import preprocessors as bpp
from bluesky.protocols import Movable, Readable, Stageable, Status, Triggerable
from bluesky.utils import FailedStatus, MsgGenerator, short_uid
from ophyd.utils.errors import LimitError

from instruments.beamline import CLOSED, OPEN, Beamline, TakesTransfers, device_name
from instruments.commands import sample_name
from instruments.faults import named
from instruments.lived_time import LivedTime
from models.domain.action import Action
from models.domain.decision import Decision
from models.domain.errors import BeamlineFault, NightbeamError, UnreachablePoint

PRIMARY = "primary"
"""Bluesky's usual name for the stream of the main readings."""
LOOK_S = 1.0
"""Longest wait between two looks at a device, s."""
POLL_S = 0.02
"""How often to look at a device after a pause, s."""


def _all_within(statuses: Mapping[str, Status], group: str, timeout_s: float) -> MsgGenerator[None]:
    """Wait for what was started under one group; name whatever fails or is not done in time."""
    lived = LivedTime()
    while True:
        with suppress(TimeoutError, FailedStatus):
            yield from bps.wait(group, timeout=min(LOOK_S, max(timeout_s - lived.s(), POLL_S)))
        _raise_failures(statuses)
        late = [what for what, status in statuses.items() if not status.done]
        if not late:
            return
        if lived.s() >= timeout_s:
            raise BeamlineFault(
                f"{', '.join(late)} not done within {timeout_s:g} s; free or restart the device, then resume."
            )
        # A pause cuts the wait short, and what may not be rewound is not waited for again: so look.
        yield from bps.sleep(POLL_S)


def _failure(what: str, error: BaseException) -> NightbeamError:
    """What a device's error amounts to, with the device's name."""
    if isinstance(error, NightbeamError):
        return error
    if isinstance(error, LimitError):
        return UnreachablePoint(f"{what}: {error}; choose a point inside the device's limits.")
    fault = BeamlineFault(f"{what} failed: {named(error)}; look at the device, then resume.")
    fault.__cause__ = error
    return fault


def _raise_failures(statuses: Mapping[str, Status]) -> None:
    """Raise what the first failed status says."""
    for what, status in statuses.items():
        error = status.exception() if status.done else None
        if error is not None:
            raise _failure(what, error)


def _begin(what: str, command: MsgGenerator[Any], statuses: dict[str, Status]) -> MsgGenerator[None]:
    """Give a command that is waited for later; a failure is told with the name of what failed."""
    try:
        statuses[what] = yield from command
    except LimitError as error:
        raise _failure(what, error) from None
    except FailedStatus as error:
        # Bluesky throws it at whatever is being said just then: it may be an earlier one's.
        _raise_failures(statuses)
        raise _failure(what, error.__cause__ or error) from None


def _move(moves: Iterable[tuple[Movable[Any], Any, str]], timeout_s: float) -> MsgGenerator[None]:
    """Move devices together to (device, value, unit) and wait for all."""
    group, statuses = short_uid("move"), dict[str, Status]()
    for device, value, unit in moves:
        shown = f"{value:g}" if isinstance(value, float) else str(value)
        what = f"{device_name(device)} (to {shown}{unit})"
        yield from _begin(what, bps.abs_set(device, value, group=group), statuses)
    yield from _all_within(statuses, group, timeout_s)


def _tag(beamline: Beamline, action: Action, fence: int) -> MsgGenerator[None]:
    """Tell the devices what the coming command is for, and under which lease it is given."""
    tags = beamline.tags
    if tags is None:
        return
    moves: list[tuple[Movable[Any], Any, str]] = [
        (tags.seq, action.seq, ""),
        (tags.action_id, action.action_id, ""),
    ]
    if tags.fence is not None:
        moves.append((tags.fence, fence, ""))
    yield from _move(moves, beamline.timeouts.move_s)


def prepare(beamline: Beamline, action: Action, decision: Decision, fence: int = 0) -> MsgGenerator[None]:
    """Mix the decision's sample, once: neither a pause nor a suspension plays it again."""
    dispenser, point = beamline.dispenser, decision.point
    if dispenser is None or point is None:
        return

    moves: list[tuple[Any, Any, str]] = [
        (beamline.axes[name], point.coordinates[name], beamline.unit(name)) for name in dispenser.components
    ]
    if decision.recipe is not None and isinstance(dispenser, TakesTransfers):
        told = decision.recipe.transfers(sample_name(decision)).model_dump_json()
        moves.append((dispenser.transfers, told, ""))

    def mix_once() -> MsgGenerator[None]:
        yield from _tag(beamline, action, fence)
        yield from _move(moves, beamline.timeouts.move_s)
        yield from _move([(dispenser.mix, action.action_id, "")], beamline.timeouts.mix_s)

    yield from bpp.rewindable_wrapper(mix_once(), False)


def load(beamline: Beamline, action: Action, decision: Decision, fence: int = 0) -> MsgGenerator[None]:
    """Bring the sample into the beam: absolute moves, and rinsing before pumping, may be done again."""
    if decision.point is None:
        return
    yield from _tag(beamline, action, fence)
    moves: list[tuple[Movable[Any], Any, str]] = [
        (device, decision.point.coordinates[name], beamline.unit(name))
        for name, device in beamline.movable_axes.items()
    ]
    if beamline.changer is not None:
        moves.append((beamline.changer, sample_name(decision), ""))
    if decision.setup is not None:
        moves += beamline.adjusters.moves(decision.setup)
    yield from _move(moves, beamline.timeouts.move_s)
    if beamline.loader is not None:
        yield from bpp.rewindable_wrapper(beamline.loader.load(sample_name(decision)), False)


def close_shutter(beamline: Beamline) -> MsgGenerator[None]:
    """Close the shutter, if there is one."""
    if beamline.shutter is not None:
        yield from _move([(beamline.shutter, CLOSED, "")], beamline.timeouts.move_s)


def _instruments_read(beamline: Beamline) -> list[Any]:
    """What is triggered and read in one exposure, each device once."""
    chosen = (beamline.detector, beamline.monitor, beamline.transmission)
    return list({id(device): device for device in chosen if device is not None}.values())


def expose(
    beamline: Beamline, action: Action, decision: Decision, fence: int = 0, *, metadata: dict[str, Any]
) -> MsgGenerator[None]:
    """Take one exposure as one Bluesky run with one event; never taken twice by a pause.

    The event is emitted after the shutter has closed, so a run that has an event is a whole exposure.
    """
    counters = _instruments_read(beamline)
    places: list[Any] = [
        *beamline.axes.values(),
        *([beamline.changer] if beamline.changer is not None else []),
        *([beamline.loader.device] if beamline.loader is not None else []),
        *(device for _, device in beamline.adjusters.devices() if isinstance(device, Readable)),
    ]

    def shoot() -> MsgGenerator[None]:
        if beamline.count_time is not None:
            yield from _move([(beamline.count_time, decision.exposure_s, " s")], beamline.timeouts.move_s)
        if beamline.shutter is not None:
            yield from _move([(beamline.shutter, OPEN, "")], beamline.timeouts.move_s)
        group, statuses = short_uid("count"), dict[str, Status]()
        for device in counters:
            if isinstance(device, Triggerable):
                yield from _begin(device_name(device), bps.trigger(device, group=group), statuses)
        yield from _all_within(statuses, group, decision.exposure_s + beamline.timeouts.readout_s)

    def read() -> MsgGenerator[None]:
        yield from bps.create(PRIMARY)
        for device in {id(d): d for d in [*counters, *places]}.values():
            yield from bps.read(device)
        yield from bps.save()

    def take() -> MsgGenerator[None]:
        yield from bpp.finalize_wrapper(shoot(), lambda: close_shutter(beamline))
        yield from read()

    staged = [device for device in counters if isinstance(device, Stageable)]
    run = bpp.run_wrapper(bpp.stage_wrapper(take(), staged), md=metadata)
    yield from _tag(beamline, action, fence)
    yield from bpp.rewindable_wrapper(run, False)
