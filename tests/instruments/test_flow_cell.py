"""A flow cell over Channel Access, with each of its faults: named in one line, and left safe."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("epics")
pytest.importorskip("caproto")

from bluesky import RunEngine
from bluesky import preprocessors as bpp
from bluesky.utils import RunEngineInterrupted
from ophyd import EpicsSignal

from instruments import flow_cell_plans as plans
from instruments.beamline import unreachable_devices
from instruments.fence import Permit, fenced
from instruments.flow_cell import FlowCell, FlowCellLoader, flow_cell
from instruments.flow_cell_limits import FlowCellLimits
from instruments.journal import Journal, Vial
from models.domain.errors import BeamlineFault, BeamlineUnsafe, LogUnavailable, UnreachablePoint

LIMITS = FlowCellLimits(settle_s=0.1, move_s=1.0, rinse_ul=300.0)
SPEED = 60.0


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Ioc:
    """The process that serves the records."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "instruments.soft_ioc.flow_cell", "--speed", f"{SPEED}"],
            env=os.environ | {"EPICS_CA_SERVER_PORT": str(self.port)},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@pytest.fixture(scope="module")
def ioc() -> Iterator[Ioc]:
    """One for all tests: the client library reads its addresses once in the life of a process."""
    port = free_port()
    os.environ |= {
        "EPICS_CA_ADDR_LIST": f"127.0.0.1:{port}", "EPICS_CA_AUTO_ADDR_LIST": "NO",
    }  # fmt: skip
    served = Ioc(port)
    served.start()
    yield served
    served.kill()


@pytest.fixture(scope="module")
def records(ioc: Ioc) -> Any:
    """The cell, and the records by which the tests make it fail."""
    made = SimpleNamespace(cell=FlowCell("FC:", name="cell"))
    for name, suffix in (
        ("fault", "FAULT"),
        ("rinse", "SIM:RINSE"),
        ("waste", "SIM:WASTE_ROOM"),
        ("reset", "SIM:RESET"),
    ):
        setattr(made, name, EpicsSignal(f"FC:{suffix}", name=name))
    for device in vars(made).values():
        device.wait_for_connection(timeout=20.0)
    return made


@pytest.fixture(scope="module")
def engine() -> Iterator[RunEngine]:
    made = RunEngine({}, context_managers=[])
    yield made
    made.loop.call_soon_threadsafe(made.loop.stop)
    while made.loop.is_running():
        time.sleep(0.001)
    made.loop.close()


def wait_for(readback: Any, value: object) -> None:
    """Wait until the client has heard of a value."""
    deadline = time.monotonic() + 5.0
    while readback.get() != value and time.monotonic() < deadline:
        time.sleep(0.002)
    assert readback.get() == value


def refill(told: Any, readback: Any, value: float) -> None:
    told.put(value, wait=True)
    wait_for(readback, value)


@pytest.fixture
def cell(records: Any) -> Any:
    """A cell that is dry, full of everything, and well."""
    records.waste.put(123.0, wait=True)
    wait_for(records.cell.waste_room, 123.0)
    records.reset.put(1, wait=True)
    wait_for(records.cell.waste_room, 200.0)
    return records.cell


def limits(**changes: float) -> FlowCellLimits:
    return FlowCellLimits.model_validate(LIMITS.model_dump() | changes)


def is_safe(cell: Any) -> bool:
    return cell.running.get() == 0 and cell.valve.get() == "closed"


def fault_of(engine: RunEngine, plan: Any, kind: type[Exception] = BeamlineFault) -> str:
    began = time.monotonic()
    with pytest.raises(kind) as raised:
        engine(plan)
    assert time.monotonic() - began < 10.0
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_a_sample_is_pumped_until_the_sensor_trips_and_a_little_on(cell, engine):
    before = cell.waste_room.get()
    engine(plans.load_sample(cell, LIMITS, "plate/A1"))
    assert cell.well.get() == "plate/A1"
    assert cell.sensor.get() > 0.9
    assert cell.pumped.get() == pytest.approx(LIMITS.push_ul), "the last thing that was pumped"
    assert is_safe(cell)
    assert before - cell.waste_room.get() < 0.3, "not all that might be pumped went to the waste"


def test_the_blank_is_loaded_in_the_same_way(cell, engine):
    engine(plans.blank(cell, LIMITS))
    assert cell.sensor.get() > 0.9
    assert is_safe(cell)


def test_rinsing_takes_what_it_says_and_leaves_the_cell_dry(cell, engine):
    engine(plans.load_sample(cell, LIMITS, "plate/A1"))
    before = cell.rinse_left.get()
    engine(plans.rinse(cell, LIMITS, n_times=2))
    assert before - cell.rinse_left.get() == pytest.approx(0.6, abs=0.01)
    assert cell.sensor.get() < 0.1
    assert is_safe(cell)


def test_a_clogged_line_is_told_by_its_pressure(cell, engine, records):
    records.fault.put("clog", wait=True)
    said = fault_of(engine, plans.load_sample(cell, LIMITS, "plate/A1"))
    assert re.search(r"cell: the pressure is \d+ kPa, limit 200 kPa, at a flow of 0\.0 uL/s: .*clogged", said)
    assert is_safe(cell)


def test_a_bubble_is_told_by_the_sensor_once_the_flow_has_stopped(cell, engine, records):
    records.fault.put("bubble", wait=True)
    said = fault_of(engine, plans.load_sample(cell, LIMITS, "plate/A1"))
    assert re.search(
        r"the sensor shows 0\.15, at least 0\.5 is liquid: a bubble is in the cell; rinse it", said
    )
    assert is_safe(cell)


def test_a_well_that_has_run_out_is_told_by_volume(cell, engine, records):
    records.fault.put("run_out", wait=True)
    said = fault_of(engine, plans.load_sample(cell, LIMITS, "plate/A1"))
    assert re.search(
        r"shows 0\.02 after 600 of 600 uL, .*: plate/A1 has run out, or the line leaks; fill it", said
    )
    assert is_safe(cell)


def test_a_stuck_valve_is_told_and_nothing_is_pumped(cell, engine, records):
    records.fault.put("stuck_valve", wait=True)
    said = fault_of(engine, plans.load_sample(cell, LIMITS, "plate/A1"))
    assert "the valve was told sample and is not there after 1 s; free or restart it" in said
    assert is_safe(cell), "it stuck where it was"


def test_a_valve_that_sticks_while_open_stops_the_pump_all_the_same(cell, engine, records):
    threading.Timer(0.3, records.fault.put, ("stuck_valve",)).start()
    said = fault_of(engine, plans.rinse(cell, limits(rinse_rate_ul_s=10.0)))
    assert re.search(r"told air and is not there after 1 s.* Then: .*told closed and is not there", said)
    assert cell.running.get() == 0
    assert cell.valve.get() == "rinse"


@pytest.mark.parametrize(
    ("level", "readback", "value", "said"),
    [
        ("rinse", "rinse_left", 0.5, r"cell: 0\.50 mL are left to rinse with, limit 1 mL; fill it up"),
        ("waste", "waste_room", 1.5, r"cell: the waste has room for 1\.50 mL, limit 2 mL; empty it"),
    ],
)
def test_no_rinse_is_begun_with_too_little_of_anything(cell, engine, records, level, readback, value, said):
    refill(getattr(records, level), getattr(cell, readback), value)
    assert re.search(said, fault_of(engine, plans.rinse(cell, LIMITS)))
    assert is_safe(cell)


def test_a_rinse_that_runs_out_in_the_middle_is_told_by_its_level(cell, engine, records):
    refill(records.rinse, cell.rinse_left, 1.1)
    said = fault_of(engine, plans.rinse(cell, LIMITS))
    assert re.search(r"0\.80 mL are left to rinse with, limit 1 mL; fill it up", said)
    assert is_safe(cell)


def test_pumping_that_takes_too_long_is_stopped(cell, engine):
    said = fault_of(engine, plans.load_sample(cell, limits(rate_ul_s=0.5, load_s=0.3), "plate/A1"))
    assert re.search(r"\d+ of 600 uL were pumped in 0\.3 s; look at pump", said)
    assert is_safe(cell)


def test_a_cell_that_is_not_empty_is_not_loaded(cell, engine):
    engine(plans.blank(cell, LIMITS))
    said = fault_of(engine, plans.load_sample(cell, LIMITS, "plate/A1"))
    assert re.search(r"the sensor shows 0\.97 before loading, below 0\.5 is empty; rinse the cell", said)


def test_nothing_is_pumped_while_bluesky_is_paused_and_no_more_afterwards(cell, engine):
    slow = limits(rate_ul_s=2.0, load_s=20.0)
    threading.Timer(0.4, engine.request_pause).start()
    with pytest.raises(RunEngineInterrupted):
        engine(bpp.rewindable_wrapper(plans.load_sample(cell, slow, "plate/A1"), False))
    time.sleep(0.1)
    assert cell.running.get() == 0
    stood = cell.pumped.get()
    assert 0 < stood < 150
    time.sleep(0.2)
    assert cell.pumped.get() == stood
    engine.resume()
    assert cell.sensor.get() > 0.9
    assert is_safe(cell)


def test_an_abort_stops_the_pump(cell, engine):
    threading.Timer(0.4, engine.request_pause).start()
    with pytest.raises(RunEngineInterrupted):
        engine(plans.load_sample(cell, limits(rate_ul_s=1.0), "plate/A1"))
    engine.abort("a person said so")
    assert is_safe(cell)


def test_the_pump_may_be_stopped_when_nobody_can_tell_whose_the_instrument_is(cell, engine):
    began = time.monotonic()

    def check() -> None:
        if time.monotonic() - began > 0.3:
            raise LogUnavailable("the database does not answer")

    loader = FlowCellLoader(cell, limits(rate_ul_s=1.0), lambda sample: "plate/A1")
    beamline: Any = SimpleNamespace(shutter=None, loader=loader)
    plan = fenced(plans.load_sample(cell, loader.limits, "plate/A1"), beamline, Permit(check=check))
    with pytest.raises(LogUnavailable):
        engine(plan)
    assert is_safe(cell)


def test_a_loader_rinses_and_loads_a_sample_from_where_it_was_made(cell, engine, tmp_path):
    journal = Journal(tmp_path / "journal")
    loader = replace(flow_cell("FC:", journal, LIMITS), device=cell)
    with pytest.raises(UnreachablePoint, match="not known where 'S1' is; prepare it first"):
        engine(loader.load("S1"))
    vial = Vial("S1", {"water": 1.0}, "plate/C4")
    journal.begin("night-00001-1prepare-1", vial, 1)
    journal.end("night-00001-1prepare-1", vial)
    engine(loader.load("S1"))
    assert cell.well.get() == "plate/C4"
    engine(loader.load("S1"))
    assert cell.sensor.get() > 0.9


def test_a_beamline_with_a_loader_pumps_each_sample_before_it_is_exposed(
    cell, beamline, start, decide, measure, tmp_path
):
    loader = FlowCellLoader(cell, LIMITS, lambda sample: f"plate/{sample}")
    with_cell = replace(beamline, loader=loader)
    assert "cell (loader)" in unreachable_devices(
        replace(beamline, loader=FlowCellLoader(FlowCell("NO:", name="cell"), LIMITS, str)), 0.05
    )
    report = measure(start(with_cell), decide(1))
    assert report.status == "succeeded"
    assert cell.well.get() == "plate/S1"
    assert cell.sensor.get() > 0.9


def test_an_ioc_that_dies_in_mid_pumping_needs_a_person(cell, engine, ioc):
    threading.Timer(0.4, ioc.kill).start()
    said = fault_of(engine, plans.load_sample(cell, limits(rate_ul_s=0.5), "plate/A1"), BeamlineUnsafe)
    assert re.search(r"\(FC:\S+\) read: \w+: .*see that its IOC runs", said)
    assert "The pump may be running: switch it off by hand" in said
