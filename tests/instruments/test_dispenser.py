"""A dispense happens at most once, whatever pauses, suspends or repeats it."""

import fcntl
import json
import threading
import time

import pytest
from bluesky import RunEngine
from bluesky.utils import RunEngineInterrupted

from instruments import journal, plans
from instruments.kinds import BuildContext
from instruments.virtual import Options, beamline_around
from instruments.virtual_sample import JOURNAL, Journal, Vial
from models.domain.errors import BeamlineFault, UnreachablePoint


def words(folder) -> list[str]:
    return [json.loads(line)["word"] for line in (folder / JOURNAL).read_text().splitlines()]


@pytest.fixture
def slow_beamline(world, tmp_path):
    return beamline_around(world, Options(mix_s=0.4), BuildContext("night", 1, tmp_path))


@pytest.fixture
def engine():
    made = RunEngine({}, context_managers=[])
    yield made
    made.loop.call_soon_threadsafe(made.loop.stop)
    while made.loop.is_running():
        time.sleep(0.001)
    made.loop.close()


def run_with_a_pause(engine: RunEngine, plan, after_s: float) -> None:
    """Run a plan, pause it in the middle, resume it, and see it to its end."""
    threading.Timer(after_s, engine.request_pause).start()
    with pytest.raises(RunEngineInterrupted):
        engine(plan)
    assert engine.state == "paused"
    engine.resume()


def test_a_pause_in_mid_mix_does_not_dispense_again(
    engine, slow_beamline, instrument, decide, tmp_path, monkeypatch
):
    decision = decide(1)
    prepare = instrument.actions(decision)[0]
    commands = []
    mix = slow_beamline.dispenser.mix
    monkeypatch.setattr(
        mix, "_on_set", lambda action_id, ask=mix._on_set: commands.append(action_id) or ask(action_id)
    )
    run_with_a_pause(engine, plans.prepare(slow_beamline, prepare, decision), 0.2)
    assert commands == [prepare.action_id]
    assert words(tmp_path) == ["started", "done"]


def test_a_pause_in_mid_exposure_does_not_expose_again(engine, slow_beamline, world, start, decide, tmp_path):
    instrument = start(slow_beamline)
    decision = decide(1, exposure_s=0.1)
    prepare, load, expose = instrument.actions(decision)
    instrument.perform(prepare, decision)
    instrument.perform(load, decision)
    usual = world.expose

    def slow(composition, *, seq, exposure_s, stand):
        time.sleep(0.4)
        return usual(composition, seq=seq, exposure_s=exposure_s, stand=stand)

    world.expose = slow
    plan = plans.expose(slow_beamline, expose, decision, metadata={"action_id": expose.action_id})
    run_with_a_pause(engine, plan, 0.2)
    assert len(world.shots) == 1
    assert not slow_beamline.shutter.is_open


def test_the_same_command_twice_mixes_once(instrument, decide, tmp_path):
    decision = decide(1)
    prepare = instrument.actions(decision)[0]
    instrument.perform(prepare, decision)
    instrument.perform(prepare, decision)
    assert words(tmp_path) == ["started", "done"]


def test_a_new_attempt_mixes_anew(instrument, decide, tmp_path):
    decision = decide(1)
    prepare = instrument.actions(decision)[0]
    instrument.perform(prepare, decision)
    again = prepare.model_copy(update={"attempt": 2, "action_id": "night-00001-1prepare-2"})
    instrument.perform(again, decision)
    assert words(tmp_path) == ["started", "done", "started", "done"]


def test_a_mix_that_began_and_never_ended_is_not_begun_again(world, instrument, start, decide, tmp_path):
    decision = decide(1)
    prepare = instrument.actions(decision)[0]
    instrument.perform(prepare, decision)
    journal = tmp_path / JOURNAL
    journal.write_text(journal.read_text().splitlines(keepends=True)[0])

    again = start(beamline_around(world, Options(), BuildContext("night", 1, tmp_path)))
    with pytest.raises(BeamlineFault, match="was begun and not ended"):
        again.perform(prepare, decision)
    assert words(tmp_path) == ["started"]


def test_a_line_that_was_cut_short_does_not_swallow_the_next(tmp_path):
    path = tmp_path / JOURNAL
    path.write_text('{"word": "star')
    Journal(path).begin("night-00001-1prepare-1", Vial("S1", {"water": 1.0}), 1)
    assert Journal(path).entry("night-00001-1prepare-1") == "started"


def test_a_vial_that_was_never_made_cannot_be_loaded(instrument, decide):
    decision = decide(1)
    with pytest.raises(UnreachablePoint, match="there is no vial 'S1'; prepare it first"):
        instrument.perform(instrument.actions(decision)[1], decision)


def test_a_journal_that_a_stopped_agent_holds_is_not_waited_for_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr(journal, "LOCK_S", 0.1)
    mine = Journal(tmp_path / JOURNAL)
    mine.begin("night-00001-1prepare-1", Vial("S1", {"water": 1.0}), 1)
    with (tmp_path / JOURNAL).open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(BeamlineFault, match=r"held by another process for more than 0\.1 s"):
            mine.end("night-00001-1prepare-1", Vial("S1", {"water": 1.0}))
    mine.end("night-00001-1prepare-1", Vial("S1", {"water": 1.0}))
    assert words(tmp_path) == ["started", "done"]
