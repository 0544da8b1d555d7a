"""A flow cell is emptied and measured while the sample is made, filled, and otherwise left alone."""

import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from instruments.beamline import EmptiesApart
from instruments.flow_cell import FlowCellLoader
from instruments.kinds import BuildContext
from instruments.runner import BlueskyInstrument
from instruments.virtual import Options, beamline_around
from instruments.virtual_cell import LOOK_S, FlowCellOptions, VirtualFlowCell
from models.domain.decision import Decision, Reason
from models.domain.errors import LoadFailed
from models.domain.setup import Setup
from models.domain.space import Point
from tests.instruments.conftest import SmallWorld

ROOT = Path(__file__).parents[2]
OPTIONS = Options(mix_clock_s=180.0, flow_cell=FlowCellOptions(load_s=60.0, rinse_s=22.0))


@dataclass
class WorldWithCell(SmallWorld):
    """The same with a cell that gets dirtier by a hundredth at each decision."""

    def look_through(self, seq: int) -> tuple[float, float]:
        return 1.0 - 0.01 * seq, 0.003


@pytest.fixture
def cell_world() -> WorldWithCell:
    return WorldWithCell()


@pytest.fixture
def lab(cell_world, tmp_path):
    opened = []

    def begin(options: Options = OPTIONS):
        beamline = beamline_around(cell_world, options, BuildContext("night", 1, tmp_path))
        instrument = BlueskyInstrument(beamline, "night", tmp_path)
        opened.append(instrument)
        return instrument, beamline

    yield begin
    for instrument in opened:
        instrument.close()


def again(decision: Decision, seq: int, **changes: object) -> Decision:
    """The same sample once more."""
    point = Point(coordinates=decision.point.coordinates, sample=f"S{decision.seq}")
    return Decision(
        seq=seq, kind="setup", point=point, repeats=decision.seq, exposure_s=decision.exposure_s,
        setup=Setup(**changes), reason=Reason(code="rinse", sentence="."),
    )  # fmt: skip


def took(instrument: BlueskyInstrument, decision: Decision) -> list[float]:
    return [instrument.perform(action, decision).duration_s for action in instrument.actions(decision)]


def test_the_cell_is_rinsed_and_measured_while_the_sample_is_made(lab, decide):
    instrument, beamline = lab()
    one = decide(1)
    prepare, load, expose = instrument.actions(one)
    assert instrument.perform(prepare, one).duration_s == 180.0
    assert beamline.empty_cell.is_measured_for(1)
    assert not beamline.shutter.is_open
    assert instrument.perform(load, one).duration_s == 60.0
    exposure = instrument.perform(expose, one).exposure
    assert (exposure.empty_transmission, exposure.empty_transmission_sigma) == (0.99, 0.003)


def test_a_quick_mix_is_waited_for_no_longer_than_the_rinse(lab, decide):
    instrument, _ = lab(OPTIONS.model_copy(update={"mix_clock_s": 5.0}))
    assert took(instrument, decide(1))[:2] == [22.0 + LOOK_S, 60.0]


def test_a_readjusted_sample_stays_in_the_cell_and_a_rinsed_one_is_pumped_again(lab, decide):
    instrument, beamline = lab()
    one = decide(1)
    took(instrument, one)
    assert took(instrument, again(one, 2))[0] == 0.0
    assert beamline.empty_cell.is_measured_for(1)
    assert took(instrument, again(one, 3, rinses=1))[0] == 2 * 22.0 + LOOK_S + 60.0
    assert beamline.empty_cell.is_measured_for(3)


def test_a_process_that_was_started_anew_knows_of_no_sample_in_the_cell(lab, decide):
    one = decide(1)
    took(lab()[0], one)
    assert took(lab()[0], again(one, 2))[0] == 22.0 + LOOK_S + 60.0


def test_a_clog_is_a_failed_load_and_leaves_the_shutter_closed(lab, decide, cell_world):
    cell_world.faults[1] = "clog"
    instrument, beamline = lab()
    one = decide(1)
    prepare, load, _ = instrument.actions(one)
    instrument.perform(prepare, one)
    with pytest.raises(
        LoadFailed, match=r"S1 did not arrive, the pressure rose to 2.4 bar \(limit 1.5 bar\)"
    ):
        instrument.perform(load, one)
    assert not beamline.shutter.is_open


def test_without_a_flow_cell_nothing_is_looked_through(lab, decide):
    instrument, _ = lab(Options())
    one = decide(1)
    reports = [instrument.perform(action, one) for action in instrument.actions(one)]
    assert reports[-1].exposure.empty_transmission is None


def test_both_flow_cells_empty_apart():
    assert issubclass(FlowCellLoader, EmptiesApart)
    assert issubclass(VirtualFlowCell, EmptiesApart)


def test_the_power_is_cut_once_in_the_middle_of_a_mix(tmp_path):
    story = """
import sys
from pathlib import Path
from instruments.power_cut import cut_power
from tests.instruments.conftest import SmallWorld
from instruments.virtual_hall import Hall
folder = Path(sys.argv[1])
hall = Hall(SmallWorld(faults={3: "power_cut"}), folder, 0.0)
for seq in (2, 3):
    hall.seq.put(seq)
    cut_power(hall, folder)
print("alive")
"""
    ends = [
        subprocess.run(
            [sys.executable, "-c", story, str(tmp_path)], cwd=ROOT, capture_output=True, check=False
        )
        for _ in range(2)
    ]
    assert [end.returncode for end in ends] == [-signal.SIGKILL, 0]
    assert ends[1].stdout == b"alive\n"
