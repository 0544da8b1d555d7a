"""After a crash, documents, files and the dispenser's journal tell what became of each command."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from instruments.documents import documents_path
from instruments.fence import Permit
from instruments.kinds import BuildContext, build_beamline
from instruments.runner import BlueskyInstrument
from instruments.virtual import Options, beamline_around, build
from instruments.virtual_sample import JOURNAL
from models.domain.errors import LeaseLost, UnreachablePoint

REPOSITORY = Path(__file__).parents[2]
OVERFULL = {"surfactant": 0.5, "cosurfactant": 0.5, "water": 0.5}


@pytest.fixture
def exposed(instrument, decide, measure):
    """A decision that was measured, its expose action and its exposure."""
    decision = decide(1)
    report = measure(instrument, decision)
    return decision, instrument.actions(decision)[-1], report.exposure


def cut_documents(folder: Path, action_id: str, last: str) -> None:
    """Leave the documents up to the last of that name, as a crash right after it would."""
    path = documents_path(folder, action_id)
    lines = path.read_text().splitlines(keepends=True)
    names = [json.loads(line)[0] for line in lines]
    path.write_text("".join(lines[: names.index(last) + 1]))


def test_nothing_begun_means_failed_with_nothing_left(instrument, decide):
    decision = decide(1)
    report = instrument.reconcile(instrument.actions(decision)[-1], decision)
    assert (report.status, report.assets) == ("failed", ())


def test_a_run_with_only_a_start_failed(instrument, exposed, tmp_path):
    decision, action, exposure = exposed
    cut_documents(tmp_path, action.action_id, "start")
    Path(exposure.assets[0].path).unlink()
    report = instrument.reconcile(action, decision)
    assert (report.status, report.assets) == ("failed", ())


def test_a_frame_without_an_event_failed_and_the_frame_is_named(instrument, exposed, tmp_path):
    decision, action, exposure = exposed
    cut_documents(tmp_path, action.action_id, "datum")
    report = instrument.reconcile(action, decision)
    assert report.status == "failed"
    assert report.exposure is None
    (left,) = report.assets
    assert (left.role, left.path, left.sha256) == (
        "abandoned",
        exposure.assets[0].path,
        exposure.assets[0].sha256,
    )


def test_an_event_without_a_stop_is_a_whole_exposure(instrument, exposed, tmp_path):
    decision, action, exposure = exposed
    cut_documents(tmp_path, action.action_id, "event")
    report = instrument.reconcile(action, decision)
    assert report.status == "succeeded"
    assert report.exposure == exposure
    assert "stop document is missing" in report.sentence


def test_an_event_line_that_was_cut_short_does_not_count(instrument, exposed, tmp_path):
    decision, action, _ = exposed
    cut_documents(tmp_path, action.action_id, "event")
    path = documents_path(tmp_path, action.action_id)
    path.write_text(path.read_text()[:-40])
    assert instrument.reconcile(action, decision).status == "failed"


def test_a_finished_exposure_is_found_by_a_fresh_process(exposed, world, start, tmp_path):
    decision, action, exposure = exposed
    again = start(beamline_around(world, Options(), BuildContext("night", 1, tmp_path)))
    report = again.reconcile(action, decision)
    assert report.status == "succeeded"
    assert report.exposure == exposure
    assert len(world.shots) == 1, "nothing was exposed again"


def test_an_event_whose_frame_is_gone_failed(instrument, exposed):
    decision, action, exposure = exposed
    Path(exposure.assets[0].path).unlink()
    report = instrument.reconcile(action, decision)
    assert report.status == "failed"
    assert "wrote no file" in report.sentence


def test_a_frame_that_was_changed_since_is_not_taken_for_the_exposure(instrument, exposed):
    decision, action, exposure = exposed
    path = Path(exposure.assets[0].path)
    path.write_bytes(path.read_bytes()[:-100])
    report = instrument.reconcile(action, decision)
    assert report.status == "failed"
    assert "sha256" in report.sentence
    assert [asset.role for asset in report.assets] == ["abandoned"]


def test_a_frame_of_another_action_is_not_taken_for_this_one(instrument, exposed, decide, measure, tmp_path):
    decision, action, exposure = exposed
    other = measure(instrument, decide(2)).exposure
    path = documents_path(tmp_path, action.action_id)
    path.write_text(path.read_text().replace(exposure.assets[0].sha256, other.assets[0].sha256))
    Path(exposure.assets[0].path).write_bytes(Path(other.assets[0].path).read_bytes())
    report = instrument.reconcile(action, decision)
    assert report.status == "failed"
    assert "belongs to night-00002-3expose-1" in report.sentence


def test_half_written_files_are_removed_and_others_are_kept(instrument, decide, tmp_path):
    decision = decide(1)
    action = instrument.actions(decision)[-1]
    frames = tmp_path / "frames"
    frames.mkdir()
    mine = frames / f".{action.action_id}.h5.partial"
    other = frames / f".{action.action_id}0.h5.partial"
    mine.write_bytes(b"half a file")
    other.write_bytes(b"of attempt 10")
    report = instrument.reconcile(action, decision)
    assert (report.status, report.assets) == ("failed", ())
    assert not mine.exists()
    assert other.exists()


def test_a_load_may_simply_be_done_again(instrument, decide):
    decision = decide(1)
    report = instrument.reconcile(instrument.actions(decision)[1], decision)
    assert report.status == "failed"
    assert "done again" in report.sentence


@pytest.fixture
def start_again(world, tmp_path):
    """Starts a fresh process with a fence of its own."""
    started: list[BlueskyInstrument] = []

    def begin(fence: int) -> BlueskyInstrument:
        beamline = beamline_around(world, Options(), BuildContext("night", 1, tmp_path))
        started.append(BlueskyInstrument(beamline, "night", tmp_path, Permit(fence)))
        return started[-1]

    yield begin
    for instrument in started:
        instrument.close()


def test_the_journal_proves_a_mix(start_again, decide):
    first, second = start_again(1), decide(2)
    first.perform(first.actions(decide(1))[0], decide(1))
    instrument = start_again(2)
    prepare = instrument.actions(second)[0]
    assert instrument.reconcile(prepare, second).status == "failed"
    instrument.perform(prepare, second)
    assert instrument.reconcile(prepare, second).status == "succeeded"
    assert start_again(3).reconcile(prepare, second).status == "succeeded"


def test_a_journal_that_was_lost_proves_nothing(start_again, decide, tmp_path):
    decision = decide(1)
    first = start_again(1)
    prepare = first.actions(decision)[0]
    first.perform(prepare, decision)
    (tmp_path / JOURNAL).unlink()
    for fence in (2, 3):  # the one who begins a new journal may die over it
        again = start_again(fence)
        again.make_safe()
        assert again.reconcile(prepare, decision).status == "unknown"


def test_what_is_mixed_after_the_journal_was_lost_is_in_the_new_one(start_again, decide, tmp_path):
    instrument = start_again(1)
    for seq in (1, 2):
        instrument.perform(instrument.actions(decide(seq))[0], decide(seq))
        if seq == 1:
            (tmp_path / JOURNAL).unlink()
    prepare = instrument.actions(decide(2))[0]
    assert instrument.reconcile(prepare, decide(2)).status == "succeeded"
    assert start_again(2).reconcile(prepare, decide(2)).status == "succeeded"


def test_a_mix_that_was_refused_before_it_began_is_known_not_to_be_made(start_again, decide):
    instrument, decision = start_again(1), decide(1, point={"coordinates": OVERFULL})
    prepare = instrument.actions(decision)[0]
    with pytest.raises(UnreachablePoint):
        instrument.perform(prepare, decision)
    assert instrument.reconcile(prepare, decision).status == "failed"


def test_once_a_mix_was_looked_up_the_older_agents_command_comes_too_late(start_again, decide, tmp_path):
    decision = decide(2)
    older, newer = start_again(1), start_again(2)
    older.perform(older.actions(decide(1))[0], decide(1))
    prepare = older.actions(decision)[0]
    assert newer.reconcile(prepare, decision).status == "failed"
    with pytest.raises(LeaseLost, match="fence 1, and an agent with fence 2"):
        older.perform(prepare, decision)
    assert "night-00002" not in (tmp_path / JOURNAL).read_text()


def test_a_sample_that_has_a_name_exists_and_is_not_mixed(instrument, decide):
    named = decide(2, point={"coordinates": {"water": 1.0}, "sample": "S1"})
    assert [action.kind for action in instrument.actions(named)] == ["load", "expose"]
    assert {action.sample for action in instrument.actions(named)} == {"S1"}


def test_a_mix_that_began_and_has_no_end_is_unknown(instrument, decide, beamline, world, start, tmp_path):
    decision = decide(1)
    prepare = instrument.actions(decision)[0]
    instrument.perform(prepare, decision)
    journal = tmp_path / JOURNAL
    journal.write_text(journal.read_text().splitlines(keepends=True)[0] + '{"word": "do')

    again = start(beamline_around(world, Options(), BuildContext("night", 1, tmp_path)))
    assert again.reconcile(prepare, decision).status == "unknown"


def test_without_a_dispenser_to_ask_a_mix_is_unknown(instrument, beamline, decide, start):
    decision = decide(1)
    prepare = instrument.actions(decision)[0]
    assert start(replace(beamline, dispenser=None)).reconcile(prepare, decision).status == "unknown"


def test_a_fresh_process_loads_and_exposes_what_the_old_one_mixed(instrument, decide, world, start, tmp_path):
    decision = decide(1)
    prepare, load, expose = instrument.actions(decision)
    instrument.perform(prepare, decision)

    again = start(beamline_around(world, Options(), BuildContext("night", 1, tmp_path)))
    again.perform(load, decision)
    exposure = again.perform(expose, decision).exposure
    assert exposure.point["surfactant"] == pytest.approx(0.2)
    assert world.shots[0][1]["surfactant"] == pytest.approx(0.2)


KILLED = """
import sys
from pathlib import Path
from instruments.kinds import BuildContext, build_beamline
from instruments.runner import BlueskyInstrument
from instruments.virtual import build
from models.domain.decision import Decision

folder, decision = Path(sys.argv[1]), Decision.model_validate_json(sys.argv[2])
beamline = build_beamline(build, {"time_scale": 30.0}, BuildContext("night", 5, folder))
instrument = BlueskyInstrument(beamline, "night", folder)
for action in instrument.actions(decision):
    instrument.perform(action, decision)
"""


def test_a_process_killed_in_mid_exposure_leaves_nothing_that_passes_for_a_frame(decide, start, tmp_path):
    decision = decide(1)
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path), decision.model_dump_json()], cwd=REPOSITORY
    )
    documents = documents_path(tmp_path, "night-00001-3expose-1")
    deadline = time.monotonic() + 30
    while not documents.exists() and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.05)
    time.sleep(0.2)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()

    instrument = start(build_beamline(build, {}, BuildContext("night", 5, tmp_path)))
    prepare, _, expose = instrument.actions(decision)
    assert instrument.reconcile(prepare, decision).status == "succeeded"
    report = instrument.reconcile(expose, decision)
    assert (report.status, report.assets) == ("failed", ())

    retry = expose.model_copy(update={"attempt": 2, "action_id": "night-00001-3expose-2"})
    instrument.perform(instrument.actions(decision)[1], decision)
    assert instrument.perform(retry, decision).exposure.action_id == "night-00001-3expose-2"


def test_documents_that_say_nonsense_fail_the_exposure_and_no_resume(instrument, exposed, tmp_path):
    decision, action, _ = exposed
    path = documents_path(tmp_path, action.action_id)
    path.write_text(path.read_text().replace('"exposure_s": 2.0', '"exposure_s": "for ever"'))
    report = instrument.reconcile(action, decision)
    assert (report.status, report.exposure) == ("failed", None)
    assert "for ever" in report.sentence
