"""Bluesky plans of a flow cell: load, check, rinse, blank. The pump stops on every exit."""

from typing import Any

from bluesky import plan_stubs as bps
from bluesky.utils import MsgGenerator

from instruments.flow_cell_limits import FlowCellLimits
from instruments.flow_cell_steps import (
    AIR,
    BLANK,
    CLOSED,
    OFF,
    RINSE,
    SAMPLE,
    check_levels,
    check_pressure,
    is_at,
    pump,
    read,
    tell,
    turn,
    wait_until,
)  # fmt: skip
from models.domain.errors import BeamlineFault, BeamlineUnsafe, LeaseLost, NightbeamError


def load_sample(cell: Any, limits: FlowCellLimits, well: str) -> MsgGenerator[None]:
    """Load the sample of a well into an empty cell, and check it.

    Parameters
    ----------
    cell
        A `FlowCell`, or a device with the same attributes.
    limits
        What the steps may take.
    well
        Where the needle goes: ``plate/A1``.

    Raises
    ------
    BeamlineFault
        When a step fails or takes too long; pump and valve are then stopped and closed.
    BeamlineUnsafe
        When the pump does not stop.
    """

    def steps() -> MsgGenerator[None]:
        yield from tell(cell.well, well)
        yield from _fill(cell, limits, SAMPLE, well)
        yield from check_load(cell, limits)

    yield from _safely(cell, limits, steps())


def blank(cell: Any, limits: FlowCellLimits) -> MsgGenerator[None]:
    """Load the blank into an empty cell, and check it; raises as `load_sample` does."""

    def steps() -> MsgGenerator[None]:
        yield from _fill(cell, limits, BLANK, "the blank's bottle")
        yield from check_load(cell, limits)

    yield from _safely(cell, limits, steps())


def check_load(cell: Any, limits: FlowCellLimits) -> MsgGenerator[None]:
    """See that a loaded cell holds liquid at rest, and that no pressure is on it.

    Raises
    ------
    BeamlineFault
        When the sensor sees air, or the pressure is too high.
    """
    yield from bps.sleep(limits.settle_s)
    shown = yield from read(cell.sensor)
    if shown < limits.sensor_min:
        raise BeamlineFault(
            f"{cell.name}: the sensor shows {shown:.2f}, at least {limits.sensor_min:g} is liquid: a bubble "
            "is in the cell; rinse it and load again."
        )
    yield from check_pressure(cell, limits)


def rinse(cell: Any, limits: FlowCellLimits, n_times: int | None = None) -> MsgGenerator[None]:
    """Rinse the cell and blow it dry.

    Parameters
    ----------
    cell
        The cell.
    limits
        What the steps may take.
    n_times
        How often; as the limits say when left out.

    Raises
    ------
    BeamlineFault
        When there is too little to rinse with, the waste is full, a step fails, or the cell does not get dry.
    """

    def steps() -> MsgGenerator[None]:
        rate, volume = limits.rinse_rate_ul_s, limits.rinse_ul
        for _ in range(n_times or limits.n_rinses):
            yield from check_levels(cell, limits, is_rinsing=True)
            for position in (RINSE, AIR):
                yield from turn(cell, limits, position)
                yield from pump(cell, limits, (rate, volume, limits.rinse_s))
            yield from check_levels(cell, limits, is_rinsing=True)
        shown = yield from read(cell.sensor)
        if shown >= limits.sensor_min:
            raise BeamlineFault(
                f"{cell.name}: the sensor shows {shown:.2f} after blowing {volume:g} uL of air, below "
                f"{limits.sensor_min:g} is dry; raise rinse_ul, or look for a leak."
            )

    yield from _safely(cell, limits, steps())


def make_cell_safe(cell: Any, limits: FlowCellLimits) -> MsgGenerator[None]:
    """Stop the pump, then close the valve.

    Raises
    ------
    BeamlineUnsafe
        When the pump does not stop.
    BeamlineFault
        When the valve does not close; the pump has stopped.
    """
    try:
        yield from tell(cell.run, OFF)
        yield from wait_until(cell, limits.move_s, lambda: is_at(cell.running, OFF), "the pump still runs")
    except BeamlineFault as error:
        raise BeamlineUnsafe(f"{error} The pump may be running: switch it off by hand.") from error
    yield from turn(cell, limits, CLOSED)


def _safely(cell: Any, limits: FlowCellLimits, steps: MsgGenerator[None]) -> MsgGenerator[None]:
    """Carry steps out and leave the cell safe, whatever happens; what happened first is told first."""
    first: BaseException | None = None
    try:
        yield from steps
    except GeneratorExit:
        raise
    except BaseException as error:  # an abort as well: the pump must stop
        first = error
    try:
        yield from make_cell_safe(cell, limits)
    except NightbeamError as error:
        if first is None:
            raise
        if isinstance(first, NightbeamError) and not isinstance(first, LeaseLost):
            kind = BeamlineUnsafe if isinstance(error, BeamlineUnsafe) else BeamlineFault
            raise kind(f"{first} Then: {error}") from first
    if first is not None:
        raise first


def _fill(cell: Any, limits: FlowCellLimits, position: str, source: str) -> MsgGenerator[None]:
    """Pump from a position until the sensor sees liquid, then on by a little."""
    yield from check_levels(cell, limits, is_rinsing=False)
    shown = yield from read(cell.sensor)
    if shown >= limits.sensor_min:
        raise BeamlineFault(
            f"{cell.name}: the sensor shows {shown:.2f} before loading, below {limits.sensor_min:g} is "
            "empty; rinse the cell."
        )
    yield from turn(cell, limits, position)
    yield from pump(cell, limits, (limits.rate_ul_s, limits.load_ul, limits.load_s), source)
    if limits.push_ul > 0:
        yield from pump(cell, limits, (limits.rate_ul_s, limits.push_ul, limits.load_s))
