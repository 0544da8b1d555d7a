"""The loop: intent before motion, faults survived, the shutter closed on every way out."""

import pytest

from agent.strategy.stack import build_strategy
from agent.strategy.upkeep import WithBlanks, WithRepeats
from models.domain.action import Action
from models.domain.campaign import BlankSpec, BudgetSpec, Plug
from models.domain.decision import Override
from models.domain.errors import LeaseLost, LogUnavailable
from models.domain.records import Decided, Started
from models.domain.space import Point
from models.domain.stop import StopSpec
from tests import fakes


def test_a_campaign_runs_to_its_budget_and_says_so(make_loop, even):
    loop = make_loop(even)
    ending = loop.run()
    assert ending.is_finished
    assert loop.history.n_measured == 6
    assert [d.kind for d in loop.history.decisions] == ["initial_design"] * 6 + ["stop"]


def test_a_decision_and_its_actions_are_logged_before_anything_moves(make_loop, even):
    loop = make_loop(even)
    order: list[str] = []
    log, instrument = loop._parts.log, loop._parts.instrument
    append, perform = log.append, instrument.perform

    def spy_append(record):
        append(record)
        if isinstance(record, Decided):
            order.append(f"decided {record.decision.seq}")
        if isinstance(record, Started):
            order.append(f"started {record.action_id}")

    def spy_perform(action, decision):
        order.append(f"moved {action.action_id}")
        return perform(action, decision)

    log.append, instrument.perform = spy_append, spy_perform
    loop.run()
    for place, entry in enumerate(order):
        if entry.startswith("moved"):
            assert order[place - 1] == entry.replace("moved", "started")
    assert order[0] == "decided 1"


def test_a_device_fault_is_recorded_and_the_point_is_tried_once_more(make_loop, even, problem):
    instrument = fakes.FakeInstrument(fails=lambda action: action.seq == 2 and action.kind == "load")
    loop = make_loop(WithRepeats(even, 2, problem), instrument=instrument)
    loop.run()
    failure = loop.history.failure(2)
    assert failure is not None
    assert failure.code == "BeamlineFault"
    assert "5 s" in failure.sentence
    third = loop.history.decision(3)
    assert (third.kind, third.repeats) == ("repeat", 2)
    assert third.point == loop.history.decision(2).point
    assert "fake-00002-2expose-1" not in instrument.performed


def test_a_point_that_fails_every_time_is_given_up_and_another_is_taken(make_loop, bayesian, problem):
    bad: list[object] = []

    def fails(action: Action) -> bool:
        return action.seq in (5, 6) and action.kind == "expose"

    loop = make_loop(
        WithRepeats(bayesian, 2, problem),
        instrument=fakes.FakeInstrument(fails),
        campaign=fakes.spec(budget=BudgetSpec(measurements=8)),
    )
    loop.run()
    bad.append(loop.history.decision(5).point)
    assert loop.history.decision(6).point == bad[0]
    later = loop.history.decision(7).point
    assert later is not None
    assert later != bad[0]


def test_rejected_frames_never_train_the_model(make_loop, bayesian):
    loop = make_loop(bayesian, analysis=fakes.FakeAnalysis(rejects=lambda seq: seq == 3))
    loop.run()
    assert 3 not in {decision.seq for decision, _ in loop.history.accepted()}
    assert loop.history.observation(3) is not None


def test_too_many_failures_in_a_row_stop_the_campaign_and_a_new_run_goes_on(make_loop, even):
    broken = fakes.FakeInstrument(fails=lambda _: True)
    campaign = fakes.spec(budget=BudgetSpec(measurements=9, failures_in_a_row=3))
    ending = make_loop(even, instrument=broken, campaign=campaign).run()
    assert (ending.code, ending.is_finished) == ("failures", False)
    mended = make_loop(even, campaign=campaign)
    assert mended.run().is_finished
    assert mended.history.n_measured == 9


def test_the_shutter_is_closed_when_the_log_cannot_be_written(make_loop, even):
    instrument = fakes.FakeInstrument()
    loop = make_loop(even, instrument=instrument)

    def refuse(record):
        raise LogUnavailable("the disk is full")

    loop._parts.log.append = refuse
    with pytest.raises(LogUnavailable):
        loop.run()
    assert instrument.performed == []
    assert instrument.n_safe == 2


def test_a_request_to_stop_is_obeyed_after_the_measurement_in_hand(make_loop, even):
    instrument = fakes.FakeInstrument()
    loop = make_loop(even, instrument=instrument)
    perform = instrument.perform

    def ask_during_the_second(action, decision):
        if action.seq == 2:
            loop.request_stop("a person")
        return perform(action, decision)

    instrument.perform = ask_during_the_second
    ending = loop.run()
    assert (ending.code, ending.is_finished) == ("person", False)
    assert loop.history.observation(2) is not None
    assert loop.history.n_measured == 2


def test_a_blank_comes_first_and_again_after_so_many_measurements(make_loop, even, problem):
    analysis = fakes.FakeAnalysis()
    water = {"surfactant": 0.0, "cosurfactant": 0.0, "water": 1.0}
    strategy = WithBlanks(even, BlankSpec(point=water, every=3), problem)
    loop = make_loop(strategy, analysis=analysis)
    loop.run()
    kinds = [d.kind for d in loop.history.decisions]
    assert [k == "blank" for k in kinds] == [True, False, False, False, True, False, False, False, False]
    assert analysis.blanks == [None, 1, 1, 1, None, 5, 5, 5]


def test_a_rejected_blank_is_taken_again_before_any_sample(make_loop, even, problem):
    water = {"surfactant": 0.0, "cosurfactant": 0.0, "water": 1.0}
    strategy = WithBlanks(even, BlankSpec(point=water), problem)
    loop = make_loop(strategy, analysis=fakes.FakeAnalysis(rejects=lambda seq: seq == 1))
    loop.run()
    assert [d.kind for d in loop.history.decisions[:3]] == ["blank", "blank", "initial_design"]


def test_a_larger_budget_lets_a_finished_campaign_go_on(make_loop, even):
    make_loop(even).run()
    more = make_loop(even, campaign=fakes.spec(budget=BudgetSpec(measurements=8)))
    assert more.run().is_finished
    assert more.history.n_measured == 8


def test_a_finished_campaign_that_is_run_again_writes_no_decision(make_loop, even):
    make_loop(even).run()
    again = make_loop(even)
    n_before = len(again.history.decisions)
    assert again.run().is_finished
    assert len(again.history.decisions) == n_before


def test_a_campaign_that_knows_enough_stops_once_and_a_resumed_run_stops_for_the_same_reason(
    make_loop, problem
):
    campaign = fakes.spec(
        stop=StopSpec(least_gain=0.05, patience=2),
        strategy=Plug.model_validate({"kind": "bayes", "initial": 4, "pool": 256}),
        budget=BudgetSpec(measurements=40),
    )
    first = make_loop(build_strategy(campaign, problem), campaign=campaign)
    ended = first.run()
    assert (ended.code, ended.is_finished) == ("little_gain", True)
    again = make_loop(build_strategy(campaign, problem), campaign=campaign)
    assert again.run() == ended
    assert [d.kind for d in again.history.decisions].count("stop") == 1
    greedier = campaign.model_copy(update={"stop": StopSpec(least_gain=0.001)})
    more = make_loop(build_strategy(greedier, problem), campaign=greedier)
    more.run()
    assert more.history.n_measured > again.history.n_measured


def test_a_person_may_choose_the_next_point_and_says_why(make_loop, even):
    loop = make_loop(even)
    point = Point(coordinates={"surfactant": 0.2, "cosurfactant": 0.1, "water": 0.7})
    asked = Override(point=point, exposure_s=2.0, who="A. Meyer", why="I saw a ring here by eye.")
    decided, narrator = [], loop._parts.narrator

    def after_two(decision):
        decided.append(decision)
        if decision.seq == 2:
            loop.request_override(asked)

    narrator.decided = after_two
    loop.run()
    overriding = loop.history.decision(3)
    assert (overriding.kind, overriding.point, overriding.exposure_s) == ("human_override", point, 2.0)
    assert (overriding.actor.kind, overriding.actor.name) == ("human", "A. Meyer")
    assert (overriding.supersedes, overriding.reason.sentence) == (2, "I saw a ring here by eye.")
    assert loop.history.observation(3) is not None
    assert loop.history.decision(4).kind != "human_override"
    assert make_loop(even).history.decision(3) == overriding


def test_an_agent_that_lost_its_lease_leaves_the_shutter_to_its_successor(make_loop, even):
    instrument = fakes.FakeInstrument()
    loop = make_loop(even, instrument=instrument)
    make_loop(even)  # takes the lease over
    n_safe = instrument.n_safe
    with pytest.raises(LeaseLost):
        loop.run()
    assert instrument.performed == []
    assert instrument.n_safe == n_safe + 1  # the one at the start, before anything was written


def test_when_the_log_refuses_for_good_the_run_ends_with_the_shutter_closed(make_loop, even):
    instrument = fakes.FakeInstrument()
    loop = make_loop(even, instrument=instrument)
    append = loop._parts.log.append

    def refusing(record):
        if loop.history.next_seq > 2:
            raise LogUnavailable("the log cannot be written (disk I/O error; tried for 60 s)")
        append(record)

    loop._parts.log.append = refusing
    with pytest.raises(LogUnavailable):
        loop.run()
    assert instrument.n_safe == 2
    assert instrument.performed == ["fake-00001-1load-1", "fake-00001-2expose-1"]
    resumed = make_loop(even, instrument=instrument)
    resumed.run()
    assert [o.seq for o in resumed.history.observations] == [1, 2, 3, 4, 5, 6]
    assert len(instrument.performed) == 2 * 6


def test_the_history_of_a_run_is_the_one_that_its_log_gives_back(make_loop, even):
    instrument = fakes.FakeInstrument(
        fails=lambda action: action.seq == 3 and action.kind == "expose",
        takes=lambda action: None if action.seq == 2 else 0.1 * action.seq + 0.2 * action.step,
    )
    loop = make_loop(even, instrument=instrument)
    loop.run()
    assert make_loop(even).history == loop.history
    durations = [(d.seq, d.kind) for d in loop.history.durations]
    assert durations[:5] == [(1, "load"), (1, "expose"), (3, "load"), (4, "load"), (4, "expose")]
    assert loop.history.durations[1].seconds == 0.1 + 0.2 * 2


def test_a_command_that_was_found_out_after_a_crash_has_no_duration(make_loop, even):
    instrument = fakes.FakeInstrument()
    loop = make_loop(even, instrument=instrument)
    perform = instrument.perform

    def killed_in_the_exposure(action, decision):
        report = perform(action, decision)
        if action.kind == "expose":
            instrument.reports["expose"] = report.model_copy(update={"duration_s": None})
            raise KeyboardInterrupt
        return report

    instrument.perform = killed_in_the_exposure
    with pytest.raises(KeyboardInterrupt):
        loop.run()
    instrument.perform = perform
    resumed = make_loop(even, instrument=instrument)
    resumed.run()
    assert [d.kind for d in resumed.history.durations if d.seq == 1] == ["load"]
    assert [d.kind for d in resumed.history.durations if d.seq == 2] == ["load", "expose"]
    assert make_loop(even).history == resumed.history
