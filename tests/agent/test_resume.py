"""After a crash: no decision lost, none measured twice, the same decisions as without a crash."""

from contextlib import suppress

import pytest

from models.domain.action import ActionReport
from models.domain.history import Observation
from models.domain.records import Decided, Ended, Started
from tests import fakes


class Crash(BaseException):
    """The process dies here: nothing may catch it."""


def crash_after(loop, n_appends: int) -> None:
    """Let the loop die right after its n-th record is on the disk."""
    append, left = loop._parts.log.append, iter(range(n_appends - 1, -1, -1))

    def dying(record):
        append(record)
        if next(left) == 0:
            raise Crash

    loop._parts.log.append = dying


def signature(history):
    return [(d.kind, d.point, d.reason.code) for d in history.decisions]


@pytest.mark.parametrize("n_appends", range(1, 41))
def test_a_crash_after_any_record_changes_nothing(make_loop, bayesian, tmp_path, n_appends):
    uninterrupted = make_loop(bayesian)
    uninterrupted.run()
    expected = signature(uninterrupted.history)
    for path in tmp_path.glob("log.db*"):
        path.unlink()

    first = make_loop(bayesian)
    crash_after(first, n_appends)
    with suppress(Crash):
        first.run()
    resumed = make_loop(bayesian)
    resumed.run()
    assert signature(resumed.history) == expected
    seqs = [o.seq for o in resumed.history.observations]
    assert seqs == [1, 2, 3, 4, 5, 6]


def crash_on(loop, kind, condition=lambda record: True):
    append = loop._parts.log.append

    def dying(record):
        append(record)
        if isinstance(record, kind) and condition(record):
            raise Crash

    loop._parts.log.append = dying


def test_an_exposure_that_was_verified_is_not_taken_again(make_loop, even):
    first = make_loop(even)
    crash_on(first, Started, lambda record: "expose" in record.action_id)
    with pytest.raises(Crash):
        first.run()
    instrument = fakes.FakeInstrument()
    resumed = make_loop(even, instrument=instrument)
    decision = resumed.history.decision(1)
    action = instrument.actions(decision)[1]
    exposure = fakes.exposure_of(action, decision)
    instrument.reports["expose"] = ActionReport(
        action_id=action.action_id, status="succeeded", sentence="found whole", exposure=exposure
    )
    resumed.run()
    assert "fake-00001-2expose-1" not in instrument.performed
    assert resumed.history.observation(1) is not None


def test_an_exposure_that_did_not_finish_is_taken_again_after_the_sample_is_loaded_again(make_loop, even):
    first = make_loop(even)
    crash_on(first, Started, lambda record: "expose" in record.action_id)
    with pytest.raises(Crash):
        first.run()
    instrument = fakes.FakeInstrument()
    resumed = make_loop(even, instrument=instrument)
    resumed.run()
    assert instrument.performed[:2] == ["fake-00001-1load-2", "fake-00001-2expose-2"]


def test_a_dispense_of_unknown_outcome_is_given_up_and_never_repeated(make_loop, even):
    first = make_loop(even)
    crash_on(first, Started, lambda record: "load" in record.action_id)
    with pytest.raises(Crash):
        first.run()
    instrument = fakes.FakeInstrument()
    instrument.reports["load"] = ActionReport(
        action_id="fake-00001-1load-1", status="unknown", sentence="no journal"
    )
    resumed = make_loop(even, instrument=instrument)
    resumed.run()
    failure = resumed.history.failure(1)
    assert failure is not None
    assert failure.code == "unknown_load"
    assert not any(name.startswith("fake-00001") for name in instrument.performed)


def test_a_sample_whose_making_is_unknown_is_quarantined_and_a_person_is_told(make_loop, even):
    told: list[str] = []
    first = make_loop(even, instrument=fakes.FakeInstrument(has_dispenser=True))
    crash_on(first, Started, lambda record: "00002-1prepare" in record.action_id)
    with pytest.raises(Crash):
        first.run()
    instrument = fakes.FakeInstrument(has_dispenser=True)
    instrument.reports["prepare"] = ActionReport(
        action_id="fake-00002-1prepare-1", status="unknown", sentence="A person must look at the vial."
    )
    resumed = make_loop(even, instrument=instrument)
    resumed._parts.narrator.noted = lambda event: told.append(f"{event.level}: {event.sentence}")
    resumed.run()
    assert told[0] == "warning: resumed: 2 decisions, 1 dispense unknown -> sample S2 quarantined"
    (quarantine,) = resumed.history.quarantines
    assert (quarantine.seq, quarantine.sample) == (2, "S2")
    assert make_loop(even).history.quarantines == (quarantine,)
    assert not any(name.startswith("fake-00002") for name in instrument.performed)


def test_what_was_decided_and_never_begun_is_said_in_plain_words(make_loop, even):
    told: list[str] = []
    first = make_loop(even)
    crash_on(first, Decided, lambda record: record.decision.seq == 2)
    with pytest.raises(Crash):
        first.run()
    resumed = make_loop(even)
    resumed._parts.narrator.noted = lambda event: told.append(event.sentence)
    resumed.run()
    assert told[0] == ("resumed: 2 decisions, decision 2 was on record and load and exposure not yet begun")


def test_what_was_verified_is_said_in_plain_words(make_loop, even):
    told: list[str] = []
    first = make_loop(even)
    crash_on(first, Started, lambda record: "00002-2expose" in record.action_id)
    with pytest.raises(Crash):
        first.run()
    instrument = fakes.FakeInstrument()
    resumed = make_loop(even, instrument=instrument)
    decision = resumed.history.decision(2)
    action = instrument.actions(decision)[1]
    instrument.reports["expose"] = ActionReport(
        action_id=action.action_id, status="succeeded", sentence="found whole",
        exposure=fakes.exposure_of(action, decision),
    )  # fmt: skip
    resumed._parts.narrator.noted = lambda event: told.append(event.sentence)
    resumed.run()
    assert told[0] == "resumed: 2 decisions, 1 exposure verified"


def test_a_decision_that_never_started_is_carried_out_as_it_was_written(make_loop, even):
    first = make_loop(even)
    crash_on(first, Decided, lambda record: record.decision.seq == 2)
    with pytest.raises(Crash):
        first.run()
    instrument = fakes.FakeInstrument()
    resumed = make_loop(even, instrument=instrument)
    written = resumed.history.decision(2)
    resumed.run()
    assert resumed.history.decision(2) == written
    assert instrument.performed[0] == "fake-00002-1load-1"


def test_an_exposure_that_was_never_read_is_read_on_resume(make_loop, even):
    first = make_loop(even)
    crash_on(first, Ended, lambda record: record.report.exposure is not None)
    with pytest.raises(Crash):
        first.run()
    instrument = fakes.FakeInstrument()
    resumed = make_loop(even, instrument=instrument)
    resumed.run()
    assert isinstance(resumed.history.observation(1), Observation)
    assert not any(name.startswith("fake-00001") for name in instrument.performed)
