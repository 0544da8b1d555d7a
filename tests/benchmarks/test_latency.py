"""Methods take turns and are timed by their own clocks; one that cannot answer has a row without a figure."""

from pathlib import Path

import pytest

from benchmarks import latency
from benchmarks.latency import Case, Runner, time_all, time_case
from benchmarks.peers import conversation as room
from benchmarks.peers.catalog import PeerSpec, find_peer
from benchmarks.problems.catalog import find_problem
from benchmarks.trajectory import Method

SLEEPS_S = 0.05
SLEEPY = f"""
import json, sys, time
sys.path.insert(0, {str(room.ADAPTERS)!r})
from wire import Lacking, serve

class Sleepy:
    def __init__(self, begin):
        pass
    def tell(self, points, values, sigmas):
        pass
    def ask(self, n):
        if n > 1:
            raise Lacking("one at a time")
        time.sleep({SLEEPS_S})
        return [[0.3, 0.2, 0.5][: 3]]

serve(Sleepy)
"""


@pytest.fixture
def methods(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Method, ...]:
    for name in ("drawn.py", "memory.py", "region.py", "wire.py"):
        (tmp_path / name).write_text((room.ADAPTERS / name).read_text())
    (tmp_path / "sleepy.py").write_text(SLEEPY)
    monkeypatch.setattr(room, "ADAPTERS", tmp_path)
    monkeypatch.setattr(latency, "FOLDER", tmp_path)
    return Method(find_peer("sobol")), Method(PeerSpec("sleepy", "sleepy.py"))


def test_a_method_that_takes_its_time_is_seen_to_take_it(methods):
    case = Case(find_problem("decoy_mixture"), 20, 1, patience_s=10.0, limit_s=30.0)
    quick, slow = time_case(case, methods)
    assert len(quick.steps_s) == len(slow.steps_s) == case.n_steps
    assert min(slow.steps_s) >= SLEEPS_S > max(quick.steps_s)


def test_rows_say_who_lacks_what_and_how_time_grows(methods, monkeypatch):
    monkeypatch.setattr(latency, "SIZES_QUICK", {"decoy_mixture": (10, 30)})
    said: list[str] = []
    rows = {row.name: row for row in time_all(methods, said.append, is_quick=True)}
    assert rows["latency.mixture.10"].ratio < 0.5
    assert rows["latency.mixture.10.four"].ratio is None
    assert rows["latency.mixture.10.four"].settings["peer"] == {"ended": "one at a time"}
    assert rows["latency.mixture.growth.sleepy"].value == pytest.approx(0.0, abs=0.1)
    assert any("one at a time" in line for line in said)


def test_a_slow_method_is_not_asked_for_ever():
    runner = Runner(Method(find_peer("sobol")), None, None, None, steps_s=[50.0, 50.0, 50.0])  # pyright: ignore
    assert not runner.is_going_on(15, patience_s=120.0)
    assert runner.is_going_on(15, patience_s=200.0)
    runner.ended = "timed out after 300 s"
    assert not runner.is_going_on(15, patience_s=200.0)
