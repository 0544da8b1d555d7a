"""Small Bluesky plans: prepare, load, expose. Every wait is bounded; the shutter closes on every exit."""

from typing import Any

from bluesky import plan_stubs as bps
from bluesky import preprocessors as bpp
from bluesky.protocols import Movable, Readable, Stageable, Status, Triggerable
from bluesky.utils import MsgGenerator, short_uid

from instruments.beamline import CLOSED, OPEN, Beamline, TakesTransfers, device_name
from instruments.loading import fill_cell, ready_cell
from instruments.waits import all_within, begin, move
from models.domain.action import Action
from models.domain.decision import Decision

PRIMARY = "primary"
"""Bluesky's usual name for the stream of the main readings."""


def tag(beamline: Beamline, action: Action, fence: int) -> MsgGenerator[None]:
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
    yield from move(moves, beamline.timeouts.move_s)


def prepare(beamline: Beamline, action: Action, decision: Decision, fence: int = 0) -> MsgGenerator[None]:
    """Mix the decision's sample, once: neither a pause nor a suspension plays it again.

    Meanwhile the cell is rinsed, emptied and measured, where the beamline can do that.
    """
    dispenser, point = beamline.dispenser, decision.point
    if dispenser is None or point is None:
        return

    moves: list[tuple[Any, Any, str]] = [
        (beamline.axes[name], point.coordinates[name], beamline.unit(name)) for name in dispenser.components
    ]
    if decision.recipe is not None and isinstance(dispenser, TakesTransfers):
        told = decision.recipe.transfers(decision.sample).model_dump_json()
        moves.append((dispenser.transfers, told, ""))

    def mix_once() -> MsgGenerator[None]:
        yield from tag(beamline, action, fence)
        yield from move(moves, beamline.timeouts.move_s)
        group, statuses = short_uid("mix"), dict[str, Status]()
        mix = bps.abs_set(dispenser.mix, action.action_id, group=group)
        yield from begin(f"{device_name(dispenser.mix)} (to {action.action_id})", mix, statuses)
        yield from ready_cell(beamline, decision)
        yield from all_within(statuses, group, beamline.timeouts.mix_s)

    yield from bpp.rewindable_wrapper(mix_once(), False)


def load(beamline: Beamline, action: Action, decision: Decision, fence: int = 0) -> MsgGenerator[None]:
    """Bring the sample into the beam: absolute moves, and rinsing before pumping, may be done again."""
    if decision.point is None:
        return
    yield from tag(beamline, action, fence)
    moves: list[tuple[Movable[Any], Any, str]] = [
        (device, decision.point.coordinates[name], beamline.unit(name))
        for name, device in beamline.movable_axes.items()
    ]
    if beamline.changer is not None:
        moves.append((beamline.changer, decision.sample, ""))
    if decision.setup is not None:
        moves += beamline.adjusters.moves(decision.setup)
    yield from move(moves, beamline.timeouts.move_s)
    yield from fill_cell(beamline, decision)


def close_shutter(beamline: Beamline) -> MsgGenerator[None]:
    """Close the shutter, if there is one."""
    if beamline.shutter is not None:
        yield from move([(beamline.shutter, CLOSED, "")], beamline.timeouts.move_s)


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
        *(device for device in (beamline.changer, beamline.empty_cell) if device is not None),
        *([beamline.loader.device] if beamline.loader is not None else []),
        *(device for _, device in beamline.adjusters.devices() if isinstance(device, Readable)),
    ]

    def shoot() -> MsgGenerator[None]:
        if beamline.count_time is not None:
            yield from move([(beamline.count_time, decision.exposure_s, " s")], beamline.timeouts.move_s)
        if beamline.shutter is not None:
            yield from move([(beamline.shutter, OPEN, "")], beamline.timeouts.move_s)
        group, statuses = short_uid("count"), dict[str, Status]()
        for device in counters:
            if isinstance(device, Triggerable):
                yield from begin(device_name(device), bps.trigger(device, group=group), statuses)
        yield from all_within(statuses, group, decision.exposure_s + beamline.timeouts.readout_s)

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
    yield from tag(beamline, action, fence)
    yield from bpp.rewindable_wrapper(run, False)
