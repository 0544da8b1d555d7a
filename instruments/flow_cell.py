"""A flow cell behind EPICS records: pump, selector valve, needle, pressure, sensor, and levels."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import ophyd
from bluesky.protocols import Status
from bluesky.utils import MsgGenerator

from instruments import flow_cell_plans
from instruments.flow_cell_limits import FlowCellLimits
from instruments.flow_cell_steps import CLOSED, OFF
from instruments.journal import Journal
from instruments.soft import Component, Device, SoftStatus
from models.domain.errors import BadInput, UnreachablePoint

EpicsSignal: Any = ophyd.EpicsSignal
EpicsSignalRO: Any = ophyd.EpicsSignalRO

EXTRA = "pip install 'nightbeam[epics]'"
"""What installs a client of Channel Access."""
ANSWER_S = 2.0
"""How long a record may take to answer, s."""
BOUNDED: dict[str, Any] = {
    "timeout": ANSWER_S, "connection_timeout": ANSWER_S, "auto_monitor": True,
}  # fmt: skip


class Told(EpicsSignal):
    """A record that takes a command: done when it is sent. What came of it is read from another record."""

    def set(self, value: Any, **_: Any) -> Status:
        """Send the value."""
        self.put(value, wait=False)
        status = SoftStatus(self)
        status.set_finished()
        return status


class PumpSwitch(Told):
    """Starts the pump and stops it. While Bluesky is paused, nothing is pumped."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        """Start with nothing told."""
        super().__init__(*args, **settings)
        self.was_paused = False
        """True when a pause has stopped the pump; the plan starts it again."""

    def pause(self) -> None:
        """Stop the pump for a pause."""
        self.was_paused = True
        self.put(OFF, wait=False)

    def resume(self) -> None:
        """Nothing to do: the plan knows what is left to be pumped."""


class FlowCell(Device):
    """The records of one flow cell, as ``instruments.soft_ioc.flow_cell`` serves them.

    To use a cell whose records have other names, write a class with the same attributes.
    """

    run: Any = Component(PumpSwitch, "PUMP:RUN", kind="omitted", **BOUNDED)
    rate: Any = Component(Told, "PUMP:RATE", kind="config", **BOUNDED)
    limit: Any = Component(Told, "PUMP:LIMIT", kind="omitted", **BOUNDED)
    running: Any = Component(EpicsSignalRO, "PUMP:RUN_RBV", kind="omitted", **BOUNDED)
    pumped: Any = Component(EpicsSignalRO, "PUMP:VOLUME_RBV", kind="normal", **BOUNDED)
    valve_told: Any = Component(Told, "VALVE", string=True, kind="omitted", **BOUNDED)
    valve: Any = Component(EpicsSignalRO, "VALVE_RBV", string=True, kind="normal", **BOUNDED)
    well: Any = Component(Told, "WELL", string=True, kind="normal", **BOUNDED)
    pressure: Any = Component(EpicsSignalRO, "PRESSURE_RBV", kind="normal", **BOUNDED)
    flow: Any = Component(EpicsSignalRO, "FLOW_RBV", kind="normal", **BOUNDED)
    sensor: Any = Component(EpicsSignalRO, "SENSOR_RBV", kind="hinted", **BOUNDED)
    rinse_left: Any = Component(EpicsSignalRO, "RINSE_RBV", kind="normal", **BOUNDED)
    waste_room: Any = Component(EpicsSignalRO, "WASTE_ROOM_RBV", kind="normal", **BOUNDED)


@dataclass(frozen=True)
class FlowCellLoader:
    """Rinses the cell and loads a sample from its well: a `Loader` for a `Beamline`."""

    device: Any
    """The cell, a `FlowCell` or like one."""
    limits: FlowCellLimits
    """What its steps may take."""
    well_of: Callable[[str], str]
    """Where a sample of that name is; raises `UnreachablePoint` when it is nowhere."""

    def load(self, sample: str) -> MsgGenerator[None]:
        """Rinse, then load a sample and check it."""
        self.well_of(sample)
        yield from self.empty(0)
        yield from self.fill(sample)

    def empty(self, n_more: int) -> MsgGenerator[None]:
        """Rinse and blow dry, so many times more than the limits say."""
        yield from flow_cell_plans.rinse(self.device, self.limits, self.limits.n_rinses + n_more)

    def fill(self, sample: str) -> MsgGenerator[None]:
        """Load a sample into the empty cell and check it."""
        yield from flow_cell_plans.load_sample(self.device, self.limits, self.well_of(sample))

    def holds(self, sample: str) -> bool:
        """True when the needle was last at that sample's well and the sensor sees liquid."""
        is_there = str(self.device.well.get()) == self.well_of(sample)
        return is_there and float(self.device.sensor.get()) >= self.limits.sensor_min

    def is_safe(self, device: object, value: object) -> bool:
        """True for stopping the pump, and for closing the valve."""
        is_stop = device is self.device.run and value == OFF
        return is_stop or (device is self.device.valve_told and value == CLOSED)


def flow_cell(
    prefix: str, wells: Journal | Mapping[str, str], limits: FlowCellLimits | None = None, name: str = "cell"
) -> FlowCellLoader:
    """A flow cell for ``Beamline(loader=...)``.

    Parameters
    ----------
    prefix
        What the names of its records begin with.
    wells
        Where each sample is: a dispenser's journal, which says where it was made, or wells by sample.
    limits
        What its steps may take; the usual ones when left out.
    name
        Name in the documents.

    Raises
    ------
    BadInput
        When no client of Channel Access is installed.
    """

    def well_of(sample: str) -> str:
        if isinstance(wells, Journal):
            vial = wells.vial(sample)
            well = None if vial is None else vial.well
        else:
            well = wells.get(sample)
        if not well:
            raise UnreachablePoint(f"{name}: it is not known where {sample!r} is; prepare it first.")
        return well

    if ophyd.get_cl().name == "dummy":
        raise BadInput("the flow cell", "needs EPICS, which is not installed", f"Install it: {EXTRA}")
    return FlowCellLoader(FlowCell(prefix, name=name), limits or FlowCellLimits(), well_of)
