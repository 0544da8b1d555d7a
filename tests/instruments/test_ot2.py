"""An OT-2 that fails, is slow, hangs up or repeats itself never makes a sample twice, nor hangs a night."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from instruments.beamline import Beamline
from instruments.journal import Journal
from instruments.kinds import BuildContext, build_beamline
from instruments.mixing import SoftTags
from instruments.opentrons import Options, build
from instruments.ot2 import Ot2
from instruments.ot2_http import Patience, RobotRun, Wire
from instruments.robot_dispenser import RobotDispenser
from instruments.soft import Setting
from instruments.virtual_sample import JOURNAL
from models.domain.errors import BadInput, BeamlineFault, LeaseLost, UnreachablePoint
from tests.instruments.loopback_ot2 import Robot, serving
from tests.instruments.robot_decks import DECK, deck, sample

ID, NEXT = "night-00001-1prepare-1", "night-00002-1prepare-1"
PATIENCE = Patience(reply_s=0.3, command_s=0.6, mix_s=20.0, poll_s=0.005)
LONGEST_S = 3.0
"""What any of these faults may take: two waits for a command, and stopping."""


def words(folder: Path) -> list[str]:
    path = folder / JOURNAL
    lines = path.read_text().splitlines() if path.exists() else []
    return [word for word in (json.loads(line)["word"] for line in lines) if word != "fence"]


Make = Callable[..., RobotDispenser]


@pytest.fixture
def server() -> Iterator[tuple[Robot, int]]:
    robot = Robot()
    with serving(robot) as port:
        yield robot, port


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes dispensers that share the folder's journal."""

    def dispenser(
        port: int | None = None, *, patience: Patience = PATIENCE, fence: int = 1, is_tip_off: bool = False
    ) -> RobotDispenser:
        run = None if port is None else RobotRun(Wire("127.0.0.1", port, patience))
        tags = SoftTags(*(Setting(name=name, value=value) for name, value in
                          (("seq", 1), ("action_id", ""), ("fence", fence))))  # fmt: skip
        return RobotDispenser(
            deck(), Ot2(deck(), run, drops_doubtful_tip=not is_tip_off), Journal(tmp_path / JOURNAL), tags
        )

    return dispenser


def mix(dispenser: RobotDispenser, action_id: str = ID, wanted: Any = None) -> None:
    told = wanted or sample()
    dispenser._tags.seq.put(int(told.sample.removeprefix("S")))
    dispenser.transfers.set(told.model_dump_json())
    dispenser.mix.set(action_id).wait(10.0)


def fault_of(dispenser: RobotDispenser, action_id: str = ID, wanted: Any = None) -> str:
    """What a mix failed with, in one line and in bounded time."""
    began = time.monotonic()
    with pytest.raises(BeamlineFault) as raised:
        mix(dispenser, action_id, wanted)
    assert time.monotonic() - began < LONGEST_S
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_a_sample_is_made_over_http_and_written_down_before_and_after(server, make, tmp_path):
    robot, port = server
    dispenser = make(port)
    dispenser.mix.wait_for_connection(timeout=1.0)
    mix(dispenser)
    assert words(tmp_path) == ["started", "done"]
    dispensed = [params["volume"] for kind, params in robot.done if kind == "dispenseInPlace"]
    assert dispensed == pytest.approx([300.0, 700 / 3, 700 / 3, 700 / 3])
    assert robot.n_done("pickUpTip") == robot.n_done("dropTipInPlace") == 2
    said = json.loads((tmp_path / JOURNAL).read_text().splitlines()[-1])
    assert (said["well"], said["volumes_ul"]) == ("plate/A1", {"soap": 300.0, "water": 700.0})


def test_a_tip_travels_above_the_rims_of_the_tallest_tubes(server, make):
    robot, port = server
    mix(make(port))
    heights = [params["coordinates"]["z"] for kind, params in robot.done if kind == "moveToCoordinates"]
    assert max(heights) == 127.0, "122 mm of tube rack, and 5 mm"
    assert heights[0] == pytest.approx(8.22 + (5000 - 300) / (3.14159265 / 4 * 26.45**2) - 3.0, abs=0.01)


def test_the_second_sample_goes_on_in_the_same_run_with_the_next_tips(server, make):
    robot, port = server
    dispenser = make(port)
    mix(dispenser)
    mix(dispenser, NEXT, sample("S2", "plate/B1"))
    tips = [params["wellName"] for kind, params in robot.done if kind == "pickUpTip"]
    assert len(set(tips)) == 4
    assert robot.n_runs == 1


def test_the_same_command_twice_makes_one_sample(server, make, tmp_path):
    robot, port = server
    mix(make(port))
    n_before = len(robot.done)
    mix(make(port))
    assert len(robot.done) == n_before
    assert words(tmp_path) == ["started", "done"]


@pytest.mark.parametrize("step", ["pickUpTip", "aspirateInPlace", "dispenseInPlace"])
@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("500", r"was answered 500: .*motor driver did not answer.*look at the robot"),
        ("failed", r"failed \(overpressure: the plunger is stuck\); look at the robot"),
        ("slow", r"was not answered within 0\.3 s; look at the robot"),
        ("dripping", r"was not answered within 0\.3 s; look at the robot"),
        ("dropped", r"the connection broke \(IncompleteRead\); look at the robot"),
        ("repeated", r"was answered with an earlier command's reply; look at the robot"),
        ("nonsense", r"which is not JSON; look at the robot"),
        ("never", r"did not end within 0\.6 s; look at the robot"),
    ],
)
def test_a_reply_that_fails_leaves_the_vessel_unknown_and_is_never_dispensed_again(
    server, make, tmp_path, mode, said, step
):
    robot, port = server
    robot.trouble = {step: mode}
    dispenser = make(port)
    message = fault_of(dispenser)

    assert re.search(said, message), message
    assert words(tmp_path) == ["started"]
    assert dispenser.journal_entry(ID) == "started"
    n_dispensed = robot.n_done("dispenseInPlace")
    assert n_dispensed <= 1
    assert "was begun and not ended" in fault_of(dispenser)
    assert "was begun and not ended" in fault_of(make(port)), "nor does another process"
    assert robot.n_done("dispenseInPlace") == n_dispensed
    assert robot.is_stopped


@pytest.mark.parametrize("place", ["/runs", "/pipettes", "/health", "/home", "loadPipette"])
@pytest.mark.parametrize("mode", ["500", "slow", "dropped"])
def test_a_robot_that_fails_before_the_first_tip_has_made_nothing_and_may_be_asked_again(
    server, make, tmp_path, place, mode
):
    robot, port = server
    robot.trouble = {place: mode}
    dispenser = make(port)
    fault_of(dispenser)
    assert words(tmp_path) == []
    mix(dispenser)
    assert words(tmp_path) == ["started", "done"]
    assert robot.n_done("dispenseInPlace") == 4


@pytest.mark.parametrize("mode", ["500", "slow", "dropped", "nonsense"])
def test_a_look_at_a_command_that_fails_once_is_simply_taken_again(server, make, tmp_path, mode):
    robot, port = server
    robot.trouble = {"look": mode}
    robot.n_times = 1
    mix(make(port))
    assert words(tmp_path) == ["started", "done"]
    assert robot.n_done("dispenseInPlace") == 4


def test_a_robot_that_is_not_there_has_made_nothing(make, tmp_path):
    with serving(Robot()) as port:
        pass
    dispenser = make(port)
    with pytest.raises(TimeoutError, match="ConnectionRefusedError"):
        dispenser.mix.wait_for_connection(timeout=1.0)
    assert "the connection broke (ConnectionRefusedError)" in fault_of(dispenser)
    assert words(tmp_path) == []


def test_after_a_mix_that_was_not_ended_a_tip_is_dropped_before_the_next(server, make, tmp_path):
    robot, port = server
    robot.trouble = {"aspirateInPlace": "dropped"}
    fault_of(make(port))
    del robot.done[:]
    mix(make(port), NEXT, sample("S2", "plate/B1"))
    kinds = [kind for kind, _ in robot.done]
    assert kinds.index("unsafe/dropTipInPlace") < kinds.index("pickUpTip")
    assert words(tmp_path) == ["started", "started", "done"]


def test_no_run_begins_before_the_old_one_is_known_to_be_stopped(server, make, tmp_path):
    robot, port = server
    robot.trouble, robot.n_times = {"aspirateInPlace": "dropped", "/stop": "dropped"}, 3
    dispenser = make(port)
    fault_of(dispenser)
    assert "/actions" in fault_of(dispenser, NEXT, sample("S2", "plate/B1"))
    assert robot.n_runs == 1
    mix(dispenser, NEXT, sample("S2", "plate/B1"))
    assert words(tmp_path) == ["started", "started", "done"]


def test_a_tip_that_cannot_be_dropped_is_taken_off_by_a_person(server, make, tmp_path):
    robot, port = server
    robot.trouble = {"dispenseInPlace": "dropped"}
    fault_of(make(port))
    robot.trouble, robot.n_times = {"unsafe/dropTipInPlace": "failed"}, 1
    said = fault_of(make(port), NEXT, sample("S2", "plate/B1"))
    assert re.search(
        "a tip may be on p300_single_gen2 .*Take it off by hand, and set is_tip_off = true", said
    )
    del robot.done[:]
    mix(make(port, is_tip_off=True), NEXT, sample("S2", "plate/B1"))
    assert robot.n_done("unsafe/dropTipInPlace") == 0


def test_a_robot_with_other_pipettes_is_another_robot(server, make, tmp_path):
    robot, port = server
    robot.pipettes["left"] = "p20_single_gen2"
    assert "has p20_single_gen2 on its left mount, the campaign file says p300_single_gen2" in fault_of(
        make(port)
    )
    assert words(tmp_path) == []


def test_a_sample_that_takes_too_long_is_given_no_more_commands(server, make, tmp_path):
    robot, port = server
    patience = replace(PATIENCE, mix_s=0.0)
    assert "sample took more than 0 s" in fault_of(make(port, patience=patience))
    assert robot.n_done("pickUpTip") == 0


def test_an_agent_that_was_taken_for_dead_pipettes_nothing(server, make, tmp_path):
    robot, port = server
    Journal(tmp_path / JOURNAL).refuse_below(5)
    with pytest.raises(LeaseLost, match="fence 4"):
        mix(make(port, fence=4))
    assert robot.n_done("pickUpTip") == 0


def test_a_mix_without_transfers_or_with_the_last_ones_is_refused(make):
    dispenser = make()
    with pytest.raises(UnreachablePoint, match="no transfers were set for S1"):
        dispenser.mix.set(ID)
    mix(dispenser)
    dispenser._tags.seq.put(2)
    with pytest.raises(UnreachablePoint, match="no transfers were set for S2"):
        dispenser.mix.set(NEXT)
    with pytest.raises(UnreachablePoint, match=r"dispenser_transfers: .*correct the transfers"):
        dispenser.transfers.set('{"sample": "S1"}')


def test_a_sample_that_cannot_be_made_is_refused_before_the_journal_and_the_robot(make, tmp_path):
    with pytest.raises(UnreachablePoint, match="5 uL of soap is outside"):
        mix(make(), wanted=sample(soap=5.0))
    assert words(tmp_path) == []


OPTIONS = {
    key: value for key, value in DECK.items() if key != "stocks"
} | {
    "stocks": {
        name: {"where": f"tubes/{well}", "volume_ul": 20_000.0, "dead_volume_ul": 500.0}
        for name, well in (("surfactant", "A1"), ("cosurfactant", "B1"), ("water", "A2"))
    }
}  # fmt: skip


@pytest.fixture
def rehearsal(tmp_path: Path) -> Beamline:
    return build_beamline(build, OPTIONS, BuildContext("night", 1, tmp_path))


def test_the_chatterbox_makes_the_samples_that_a_virtual_beam_measures(
    rehearsal, start, decide, measure, tmp_path
):
    report = measure(start(rehearsal), decide(1))
    assert report.status == "succeeded"
    assert report.exposure.point["surfactant"] == pytest.approx(0.2)
    assert words(tmp_path) == ["started", "done"]


def test_a_sample_whose_share_is_too_little_to_pipette_is_refused_and_the_next_is_made(
    rehearsal, start, decide, measure, tmp_path
):
    instrument = start(rehearsal)
    tiny = decide(1, point={"coordinates": {"surfactant": 0.01, "cosurfactant": 0.29, "water": 0.7}})
    with pytest.raises(UnreachablePoint, match="10 uL of surfactant is outside"):
        instrument.perform(instrument.actions(tiny)[0], tiny)
    measure(instrument, decide(2))
    assert words(tmp_path) == ["started", "done"]


def test_a_rehearsal_wants_the_stocks_that_its_beam_can_measure(tmp_path):
    options = Options.model_validate(DECK)
    with pytest.raises(BadInput, match=r"are soap, water\. Name them surfactant, cosurfactant, water"):
        build(options, BuildContext("night", 1, tmp_path))


def test_without_pylabrobot_one_is_told_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(
        BadInput, match=r"needs pylabrobot, .*Install it: pip install 'nightbeam\[opentrons\]'"
    ):
        build(Options.model_validate(OPTIONS), BuildContext("night", 1, tmp_path))


def test_nobody_waits_for_pylabrobot_who_does_not_use_it():
    code = "import sys, instruments.ot2; print('pylabrobot' in sys.modules or 'ot_api' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "False\n"
