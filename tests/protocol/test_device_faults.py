"""Each way in which a device fails: a bounded wait, a closed shutter, one sentence, and on it goes."""

import time
from dataclasses import dataclass

import pytest

from instruments import patience, runner
from models.domain.errors import BeamlineUnsafe
from tests.protocol.agents import Agent
from tests.protocol.invariants import Row, Rows, check
from tests.protocol.laboratory import Trouble
from tests.protocol.scenarios import bring
from tests.protocol.world import World

LONGEST_S = 5.0
"""No fault of a device may cost more in this laboratory, whose timeouts are 0.15 s."""
LONGEST_SENTENCE = 1_000
GARBAGE = "\x00\x07\ud800 beam\nline\x00"


@pytest.fixture
def world(template):
    with World(template=template) as world:
        yield world


@dataclass
class Struck:
    """What is on record of the decision that was struck."""

    failure: Row
    actions: list[Row]
    ends: dict[str, list[str]]


def strike(world: World, sort: str, trouble: Trouble) -> Struck:
    """Let a device fail in the second decision, and see one more."""
    agent = world.start()
    bring(world, agent, 2)
    world.laboratory.faults[sort] = trouble
    began_s = time.monotonic()
    bring(world, agent, 1)
    assert time.monotonic() - began_s < LONGEST_S
    assert not world.laboratory.is_open
    bring(world, agent, 1)
    rows = Rows(world.database)
    struck = next(row for row in rows["decision"] if row["seq"] == 2)
    assert 3 not in rows.seqs("failure"), "the campaign does not go on"
    assert rows.seqs("failure") == [2]
    actions = [row for row in rows["action"] if row["decision_id"] == struck["id"]]
    return Struck(rows["failure"][0], actions, rows.states())


@pytest.mark.parametrize(
    ("sort", "trouble", "words"),
    [
        ("mix", "deaf", "pump_mix (to fake-"),
        ("mix", "breaks", "ConnectionError: the connection broke during mix"),
        ("load", "deaf", "changer (to S2) not done within 0.15 s"),
        ("load", "breaks", "ConnectionError: the connection broke during load"),
        ("shutter open", "deaf", "shutter (to open) not done within 0.15 s"),
        ("expose", "hangs", "detector not done within 0.25 s"),
        ("expose", "breaks", "ConnectionError: the connection broke during expose"),
        ("expose", "no file", "No such file or directory"),
        ("expose", "file vanishes", "detector wrote no file"),
        ("expose", "file changes", "has sha256"),
        ("load", RuntimeError(GARBAGE), "RuntimeError: "),
        ("load", RuntimeError("x" * 1_000_000), "RuntimeError: xxxx"),
        ("expose", RuntimeError("é" * 1_000_000), "RuntimeError: éééé"),
        ("load", KeyError(), "KeyError"),
        ("mix", Exception(), "Exception"),
        ("expose", TimeoutError(), "TimeoutError"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_device_that_fails_costs_one_decision(world, sort, trouble, words):
    struck = strike(world, sort, trouble)
    sentence = struck.failure["sentence"]
    assert words in sentence
    assert sentence.isprintable()
    assert len(sentence) < LONGEST_SENTENCE
    assert struck.failure["code"] == "BeamlineFault"
    assert {action["attempt"] for action in struck.actions} == {1}, "nothing is tried again at once"
    last = [action["action_id"] for action in struck.actions if action["action_id"] in struck.ends][-1]
    assert struck.ends[last][-1] in ("failed", "unknown")


def wait_out(world: World, agent: Agent) -> None:
    """Let an agent run to its end, which a fault must bring in bounded time."""
    began_s = time.monotonic()
    agent.go(1_000)
    assert time.monotonic() - began_s < LONGEST_S
    assert agent.state == "ended"
    check(world)


def alarms(world: World) -> list[str]:
    return [row["sentence"] for row in Rows(world.database)["event"] if row["level"] == "alarm"]


@pytest.mark.parametrize("trouble", ["deaf", "refuses", RuntimeError("jammed")], ids=str)
def test_a_shutter_that_does_not_close_ends_the_run_and_calls_a_person(world, trouble):
    agent = world.start()
    bring(world, agent, 2)
    world.laboratory.lasting["shutter closed"] = trouble
    wait_out(world, agent)
    assert isinstance(agent.error, BeamlineUnsafe)
    assert "Close it by hand" in str(agent.error)
    assert str(agent.error).count("Close it by hand") == 1
    assert alarms(world) == [str(agent.error)]

    world.laboratory.lasting.clear()
    bring(world, world.restart(), 2)
    assert not world.laboratory.is_open


def test_a_shutter_that_is_stuck_open_at_the_start_is_found_before_anything_moves(world):
    world.laboratory.lasting["shutter closed"] = "deaf"
    agent = world.start()
    wait_out(world, agent)
    assert isinstance(agent.error, BeamlineUnsafe)
    assert world.laboratory.seen == []
    assert alarms(world) == [str(agent.error)]


@pytest.fixture
def impatient(monkeypatch):
    """A device that blocks is given up soon, and its engine is not waited for."""
    monkeypatch.setattr(runner, "GRACE_S", 0.1)
    monkeypatch.setattr(runner, "CLOSE_S", 0.05)
    monkeypatch.setattr(patience, "BEAT_S", 0.1)


@pytest.mark.parametrize("sort", ["mix", "load", "shutter open", "expose"])
def test_a_device_that_never_returns_is_given_up_with_the_shutter_closed(world, impatient, sort):
    agent = world.start()
    bring(world, agent, 2)
    world.laboratory.faults[sort] = "blocks"
    wait_out(world, agent)
    assert isinstance(agent.error, BeamlineUnsafe)
    assert "a device has not returned from a command" in str(agent.error)
    assert not world.laboratory.is_open
    assert alarms(world) == [str(agent.error)]

    bring(world, world.restart(), 2)


def test_a_shutter_that_never_returns_is_not_waited_for(world, impatient):
    agent = world.start()
    bring(world, agent, 2)
    world.laboratory.lasting["shutter closed"] = "blocks"
    wait_out(world, agent)
    assert isinstance(agent.error, BeamlineUnsafe)
    assert "Close it by hand" in str(agent.error)
    assert alarms(world) == [str(agent.error)]
