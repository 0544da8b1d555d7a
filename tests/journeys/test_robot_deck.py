"""A deck at a robot that drops replies, killed in a transfer: no drop without a debit, and none twice."""

import os
import re
import signal
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from models.domain.history import History
from tests.instruments.loopback_ot2 import Robot, serving
from tests.journeys.nights import history_in

EXAMPLE = Path(__file__).parents[2] / "examples" / "formulation.toml"
WELLS = [f"plate/{row}{column}" for column in range(1, 5) for row in "ABCDEFGH"]
ROBOT = """[instrument]
kind = "opentrons"
host = "127.0.0.1"
port = PORT
reply_s = 0.3
command_s = 0.6
plates = ["plate"]
[instrument.labware]
tips = { slot = 1, definition = "opentrons_96_tiprack_300ul" }
tubes = { slot = 2, definition = "opentrons_6_tuberack_falcon_50ml_conical" }
plate = { slot = 3, definition = "nest_96_wellplate_2ml_deep" }
[instrument.pipettes]
left = { name = "p300_single_gen2", tips = ["tips"] }
"""
STARTED = """
import os, sys
from pathlib import Path
from agent import cli
Path("pid").write_text(str(os.getpid()))
sys.argv = ["nightbeam", "run", "formulation.toml"]
cli.main()
"""


@dataclass
class Troubled(Robot):
    """Fails at certain strokes, and pulls the plug of whoever commands it at one."""

    script: dict[int, str] = field(default_factory=dict[int, str])
    """How the reply to a dispense fails, by its number."""
    kill_at: int = 0
    """At which dispense the program that asked for it is killed."""
    pid_file: Path = Path()

    def mode(self, name: str) -> str | None:
        is_asked = name == "dispenseInPlace" and self.asked[-1:] != [name]  # and is not about to be answered
        return self.script.pop(self.n_done(name) + 1, None) if is_asked else None

    def take(self, kind: str, params: dict[str, Any], mode: str | None) -> dict[str, Any]:
        answer = super().take(kind, params, mode)
        if kind == "dispenseInPlace" and self.n_done(kind) == self.kill_at:
            os.kill(int(self.pid_file.read_text()), signal.SIGKILL)
        return answer


def campaign(folder: Path, port: int, *, overlap: bool, n: int = 6) -> None:
    text = EXAMPLE.read_text()
    text = text.replace('[instrument]\nkind = "virtual"\n', ROBOT.replace("PORT", str(port)))
    text = text.replace("[deck] ", f'[deck]\nmax_transfer = "300 uL"\noverlap = {str(overlap).lower()}\n#', 1)
    text = text.replace('"rack/', '"tubes/').replace("wells = 48", f"wells = {WELLS}").replace("'", '"')
    text = re.sub(r"^tips = \d+", "tips = 96", text, flags=re.MULTILINE)
    text = re.sub(r"^measurements = \d+", f"measurements = {n}", text, flags=re.MULTILINE)
    text = re.sub(r"^initial = \d+", "initial = 5", text, flags=re.MULTILINE)
    (folder / "formulation.toml").write_text(text)


def strokes(robot: Robot) -> Iterator[tuple[tuple[float, float], float]]:
    """Where each stroke was taken up, and what was given away, uL, as the robot remembers it."""
    at = taken_at = (0.0, 0.0)
    for kind, params in robot.done:
        if kind == "moveToCoordinates":
            at = (round(params["coordinates"]["x"], 1), round(params["coordinates"]["y"], 1))
        elif kind == "aspirateInPlace":
            taken_at = at
        elif kind == "dispenseInPlace":
            yield taken_at, params["volume"]


def recipes_of(history: History) -> dict[str, Any]:
    own = {one.sample: one.recipe for one in history.decisions if one.recipe is not None}
    return own | {one.ahead.sample: one.ahead.recipe for one in history.decisions if one.ahead is not None}


@pytest.mark.parametrize("overlap", [False, True])
def test_what_a_troubled_robot_dispensed_is_on_the_books_to_the_last_drop(nightbeam, tmp_path, overlap):
    robot = Troubled(script={8: "dropped", 14: "repeated"}, kill_at=22, pid_file=tmp_path / "pid")
    with serving(robot) as port:
        campaign(tmp_path, port, overlap=overlap)
        killed = nightbeam("-c", STARTED)
        assert killed.returncode == -9, killed.stdout + killed.stderr
        done = nightbeam("-c", STARTED)
        assert done.returncode == 0, done.stdout + done.stderr
    history = history_in(tmp_path, "formulation")
    debited: dict[str, float] = defaultdict(float)
    for debit in history.debits:
        debited[debit.name] += debit.amount
    dispensed: dict[tuple[float, float], float] = defaultdict(float)
    for place, volume in strokes(robot):
        dispensed[place] += volume
    assert len(history.quarantines) == 3, "each fault leaves a vessel of which nobody can tell"
    recipes = recipes_of(history)
    by_stock = sorted(amount for name, amount in debited.items() if name.startswith("stock "))
    more = [book - drop for book, drop in zip(by_stock, sorted(dispensed.values()), strict=True)]
    in_doubt = sum(recipes[one.sample].volume_ul for one in history.quarantines)
    assert min(more) >= -1e-6, "nothing was dispensed that is not on the books"
    assert 0 < sum(more) < in_doubt, "and what is there besides is in the vessels in doubt"
    wells = Counter(debit.name for debit in history.debits if debit.name.startswith("well "))
    assert max(wells.values()) == 1
    tips = [(p["labwareId"], p["wellName"]) for kind, p in robot.done if kind == "pickUpTip"]
    assert len(tips) == len(set(tips)) <= debited["tips"]
    said = " ".join(done.stdout.split())
    assert "debits are what recipes and rinses say, to the last." in said
    assert all(one.sample in said for one in history.quarantines)
    if overlap:
        assert any(one.sample.startswith("A") for one in history.quarantines)
    again = nightbeam("replay", "all").stdout
    assert f"{len(history.decisions)} decisions: {len(history.decisions)} exact" in again, again
