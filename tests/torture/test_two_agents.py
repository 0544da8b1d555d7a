"""An agent that was stopped and goes on after another took over neither moves nor writes anything."""

import signal
import time
from pathlib import Path

import pytest

from models.domain.history import History
from tests.torture.campaigns import Small
from tests.torture.ordeal import Ordeal, run_in_peace
from tests.torture.runs import Nursery, Trap
from tests.torture.torture import sqlite
from tests.torture.witness import Said, read_witness

TERM_S = 1.0
SHORT = Small(measurements=3)
DEEDS = {"commanded", "pumped", "exposed", "acknowledged"}


@pytest.fixture(scope="module")
def calm(nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> History:
    folder = tmp_path_factory.mktemp("calm")
    return run_in_peace(nursery, SHORT, folder, sqlite(folder))


def duel(nursery: Nursery, folder: Path, point: str, mutant: str | None = None) -> tuple[int, list[Said]]:
    """Stop an agent at a point, let another take over and end, continue the first: its exit and its deeds."""
    SHORT.write(folder)
    words, settings = ("run", "torture.toml", "--db", sqlite(folder)), {"term_s": TERM_S, "mutant": mutant}
    stale = nursery.start(folder, *words, trap=Trap(point, 2, is_stopped=True), **settings)
    assert stale.is_stopped_within(30), (folder / "said.txt").read_text()
    time.sleep(TERM_S)
    fresh = nursery.start(folder, *words, **settings)
    assert fresh.wait().status == 0, (folder / "said.txt").read_text()
    stale.send(signal.SIGCONT)
    status = stale.wait().status
    said = read_witness(folder)
    awake = next(n for n, one in enumerate(said) if one.word == "continued")
    return status, [one for one in said[awake:] if one.pid == stale.pid and one.word in DEEDS]


@pytest.mark.parametrize(
    "point",
    [
        "after Decided", "after Started:prepare", "before mixing", "after Started:load",
        "after Started:expose", "start emitted", "before Ended:expose", "before Observed",
    ],
)  # fmt: skip
def test_a_stale_agent_neither_moves_nor_writes(point: str, nursery: Nursery, calm: History, tmp_path: Path):
    status, deeds = duel(nursery, tmp_path, point)
    assert deeds == []
    assert status == 1
    assert "has taken over" in (tmp_path / "said.txt").read_text()
    assert Ordeal(tmp_path, sqlite(tmp_path)).findings(nursery, calm).objections() == {}


@pytest.mark.parametrize(
    ("mutant", "point"),
    [
        ("ignore_the_lease", "after Started:prepare"),
        ("commit_without_the_lease", "before Started:expose"),
        ("ignore_the_device_fence", "before mixing"),
    ],
)
def test_an_agent_that_does_not_ask_is_found_out(mutant: str, point: str, nursery: Nursery, tmp_path: Path):
    _, deeds = duel(nursery, tmp_path, point, mutant)
    assert deeds != []


def test_a_second_agent_is_refused_while_the_first_is_alive(nursery: Nursery, tmp_path: Path):
    SHORT.write(tmp_path)
    words = ("run", "torture.toml", "--db", sqlite(tmp_path))
    first = nursery.start(tmp_path, *words, trap=Trap("after Started:prepare", 1, is_stopped=True))
    assert first.is_stopped_within(30)
    assert nursery.start(tmp_path, *words).wait().status == 2
    assert f"process {first.pid}" in (tmp_path / "said.txt").read_text()
    first.send(signal.SIGCONT)
    assert first.wait().status == 0
