"""Single steps of a flow cell: turn, pump, look. Every wait is bounded, every fault told in one line."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from bluesky import plan_stubs as bps
from bluesky.utils import MsgGenerator
from ophyd.utils.errors import DisconnectedError

from instruments.faults import named
from instruments.flow_cell_limits import FlowCellLimits
from instruments.lived_time import LivedTime
from models.domain.errors import BeamlineFault

ON, OFF = 1, 0
"""What the pump is told."""
CLOSED, SAMPLE, RINSE, BLANK, AIR = "closed", "sample", "rinse", "blank", "air"
"""Positions of the selector valve."""
POLL_S = 0.02
"""Between two looks at a record, s."""
ROUNDING_UL = 1e-3
"""What a pump may lack of its volume, uL."""
LOST = (TimeoutError, ConnectionError, DisconnectedError)
"""What ophyd raises for a record that does not answer."""


def pump(
    cell: Any, limits: FlowCellLimits, how: tuple[float, float, float], source: str | None = None
) -> MsgGenerator[None]:
    """Pump a volume, or until the sensor sees liquid where a source is named; then stop.

    Parameters
    ----------
    cell
        The cell.
    limits
        What it is held against.
    how
        Rate, uL/s; the most that is pumped, uL; how long it may take, s.
    source
        Where the liquid should come from that the sensor should see.
    """
    rate_ul_s, volume_ul, within_s = how
    yield from tell(cell.rate, rate_ul_s)
    yield from _start(cell, limits, volume_ul)
    lived, before_ul = LivedTime(), 0.0
    while True:
        yield from bps.sleep(POLL_S)
        yield from check_pressure(cell, limits)
        shown = yield from read(cell.sensor)
        now_ul = yield from read(cell.pumped)
        pumped_ul = before_ul + now_ul
        if source is not None and shown >= limits.sensor_min:
            break
        if pumped_ul >= volume_ul - ROUNDING_UL:
            if source is None:
                break
            raise BeamlineFault(
                f"{cell.name}: the sensor shows {shown:.2f} after {pumped_ul:.0f} of {volume_ul:g} uL, at "
                f"least {limits.sensor_min:g} is liquid: {source} has run out, or the line leaks; "
                "fill it, or look."
            )
        if lived.s() > within_s:
            raise BeamlineFault(
                f"{cell.name}: {pumped_ul:.0f} of {volume_ul:g} uL were pumped in {within_s:g} s; look at "
                "pump and line, or allow more time."
            )
        if getattr(cell.run, "was_paused", False):
            before_ul = pumped_ul
            yield from _start(cell, limits, volume_ul - pumped_ul)
    yield from tell(cell.run, OFF)
    yield from wait_until(
        cell, limits.move_s, lambda: is_at(cell.running, OFF), "the pump was told to stop and runs"
    )


def _start(cell: Any, limits: FlowCellLimits, volume_ul: float) -> MsgGenerator[None]:
    """Start the pump, which stops by itself after a volume, whatever becomes of this program."""
    yield from tell(cell.limit, volume_ul)
    yield from wait_until(
        cell, limits.move_s, lambda: is_at(cell.pumped, 0.0), "the pump does not count from 0"
    )
    if hasattr(cell.run, "was_paused"):
        cell.run.was_paused = False
    yield from tell(cell.run, ON)


def turn(cell: Any, limits: FlowCellLimits, position: str) -> MsgGenerator[None]:
    """Turn the valve and see that it is there."""
    yield from tell(cell.valve_told, position)
    otherwise = f"the valve was told {position} and is not there"
    yield from wait_until(cell, limits.move_s, lambda: is_at(cell.valve, position), otherwise)


def check_pressure(cell: Any, limits: FlowCellLimits) -> MsgGenerator[None]:
    """See that the pressure is below its limit."""
    pressure_kpa = yield from read(cell.pressure)
    if pressure_kpa > limits.pressure_max_kpa:
        flow_ul_s = yield from read(cell.flow)
        raise BeamlineFault(
            f"{cell.name}: the pressure is {pressure_kpa:.0f} kPa, limit {limits.pressure_max_kpa:g} kPa, at "
            f"a flow of {flow_ul_s:.1f} uL/s: the line is clogged; rinse it backwards, or change it."
        )


def check_levels(cell: Any, limits: FlowCellLimits, *, is_rinsing: bool) -> MsgGenerator[None]:
    """See that there is room in the waste, and something to rinse with."""
    room_ml = yield from read(cell.waste_room)
    if room_ml < limits.waste_room_min_ml:
        raise BeamlineFault(
            f"{cell.name}: the waste has room for {room_ml:.2f} mL, limit {limits.waste_room_min_ml:g} mL; "
            "empty it."
        )
    left_ml = (yield from read(cell.rinse_left)) if is_rinsing else limits.rinse_left_min_ml
    if left_ml < limits.rinse_left_min_ml:
        raise BeamlineFault(
            f"{cell.name}: {left_ml:.2f} mL are left to rinse with, limit {limits.rinse_left_min_ml:g} mL; "
            "fill it up."
        )


def wait_until(
    cell: Any, within_s: float, is_so: Callable[[], MsgGenerator[bool]], otherwise: str
) -> MsgGenerator[None]:
    """Look until something is so."""
    lived = LivedTime()
    while not (yield from is_so()):
        if lived.s() > within_s:
            raise BeamlineFault(
                f"{cell.name}: {otherwise} after {within_s:g} s; free or restart it, then resume."
            )
        yield from bps.sleep(POLL_S)


def is_at(signal: Any, value: object) -> MsgGenerator[bool]:
    """True when a record has that value."""
    return (yield from read(signal)) == value


def read(signal: Any) -> MsgGenerator[Any]:
    """The value of a record."""
    try:
        return (yield from bps.rd(signal))
    except LOST as error:
        raise _lost(signal, "read", error) from error


def tell(signal: Any, value: object) -> MsgGenerator[None]:
    """Send a value to a record."""
    try:
        yield from bps.abs_set(signal, value)
    except LOST as error:
        raise _lost(signal, "told", error) from error


def _lost(signal: Any, what: str, error: BaseException) -> BeamlineFault:
    with suppress(Exception):
        what = f"({signal.pvname}) {what}"
    return BeamlineFault(
        f"{signal.name} cannot be {what}: {named(error)}; see that its IOC runs, then resume."
    )
