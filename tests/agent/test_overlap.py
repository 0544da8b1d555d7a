"""One sample ahead: what goes first, what stays on the shelf, and what a fault of it ends."""

import pytest

from agent.night import figures, night_of
from agent.replay import Circumstances, replay
from agent.resume import recover
from agent.strategy.shelf import left_over
from agent.strategy.stack import build_strategy, told
from agent.strategy.supply import the_deck
from models.domain.action import Action, ActionReport
from models.domain.campaign import BlankSpec, MeasurementSpec
from models.domain.decision import Decision, Override
from models.domain.errors import BeamlineFault
from models.domain.history import History
from models.domain.records import LoggedAction
from models.domain.request import Request
from models.domain.space import Point
from models.formulation.standing import state_after
from tests import fakes
from tests.agent.test_deck_strategy import BEGAN, deck, on_deck

WATER = {"surfactant": 0.0, "cosurfactant": 0.0, "water": 1.0}


class Overlapping(fakes.FakeInstrument):
    """Makes a sample while it exposes, and tells what each command was for."""

    def __init__(self, breaks=lambda action: False, **options) -> None:
        super().__init__(has_dispenser=True, **options)
        self.breaks = breaks

    def actions(self, decision: Decision) -> tuple[Action, ...]:
        own, ahead = decision.sample, decision.ahead
        kinds = [("load", "idempotent", own), ("expose", "verify_then_retry", own)]
        if ahead is not None:
            kinds.insert(1, ("prepare", "at_most_once", ahead.sample))
        if decision.prepared is None and decision.point.sample is None:
            kinds.insert(0, ("prepare", "at_most_once", own))
        return tuple(
            Action(action_id=f"fake-{decision.seq:05d}-{step}{kind}-1", seq=decision.seq, step=step,
                   kind=kind, action_class=rule, sample=sample)
            for step, (kind, rule, sample) in enumerate(kinds, start=1)
        )  # fmt: skip

    def perform_together(self, pair, decision):
        def outcome(action):
            if self.breaks(action):
                return BeamlineFault(f"{action.kind} broke")
            report = self.perform(action, decision)
            return report.model_copy(update={"duration_s": None}) if action.kind == "prepare" else report

        return tuple(outcome(action) for action in pair)


def overlapped(n: int = 6, kind: str = "bayes", **tables: object):
    spec, problem = on_deck(kind, n=n)
    spec = spec.model_copy(update={"deck": deck("20 mL").model_copy(update={"overlap": True})} | tables)
    return spec, problem


def is_exact(spec, problem, history) -> None:
    for one in history.decisions:
        known = None if one.model is None else one.model.sha256
        found = replay(problem, history, one.seq, Circumstances(spec, BEGAN, BEGAN, known))
        assert found.verdict == ("not computed" if one.actor.kind == "human" else "exact"), found


def test_each_sample_is_made_while_the_one_before_it_is_exposed_and_chosen_without_its_outcome(make_loop):
    spec, problem = overlapped()
    loop = make_loop(build_strategy(spec, problem), campaign=spec, instrument=Overlapping())
    loop.run()
    history = loop.history
    assert [one.prepared for one in history.decisions] == [None, "A1", "A2", "A3", "A4", "A5", None]
    for maker, taker in zip(history.decisions, history.decisions[1:6], strict=False):
        assert taker.point == maker.ahead.point
        assert taker.watermark == maker.seq, "it is known what came of the one before when it is taken"
        if taker.model is not None:
            assert f"Outcomes awaited: {maker.seq}." in taker.reason.sentence
            assert taker.candidates[0].point == taker.point, "its model is the one that chose it"
    assert loop._parts.log.history() == history, "all of it is on record"
    is_exact(spec, problem, history)


def test_a_blank_that_will_be_due_is_made_ahead_too(make_loop):
    blank = MeasurementSpec(attempts=2, blank=BlankSpec(point=WATER, every=3))
    spec, problem = overlapped(measurement=blank)
    loop = make_loop(build_strategy(spec, problem), campaign=spec, instrument=Overlapping())
    loop.run()
    found = [(one.kind, one.prepared) for one in loop.history.decisions if one.kind == "blank"]
    assert found == [("blank", None), ("blank", "A4")]
    is_exact(spec, problem, loop.history)


def test_a_second_try_and_a_persons_point_go_first_and_the_sample_made_ahead_comes_after_them(make_loop):
    spec, problem = overlapped()
    loop = make_loop(
        build_strategy(spec, problem), campaign=spec, instrument=Overlapping(),
        analysis=fakes.FakeAnalysis(rejects=lambda seq: seq == 2),
    )  # fmt: skip
    perform = loop._parts.instrument.perform
    point = Point(coordinates={"surfactant": 0.2, "cosurfactant": 0.1, "water": 0.7})

    def wished(action, decision):
        if decision.seq == 3 and action.kind == "load":
            loop.request_override(Override(point=point, exposure_s=1.0, who="Ada", why="I wonder."))
        return perform(action, decision)

    loop._parts.instrument.perform = wished
    loop.run()
    found = [(one.kind, one.prepared) for one in loop.history.decisions[2:5]]
    assert found == [("repeat", None), ("human_override", None), ("initial_design", "A2")]
    is_exact(spec, problem, loop.history)


def test_a_sample_that_is_vetoed_meanwhile_stays_on_record_and_another_is_chosen(make_loop):
    spec, problem = overlapped()
    loop = make_loop(build_strategy(spec, problem), campaign=spec, instrument=Overlapping())
    perform = loop._parts.instrument.perform

    def forbidden(action, decision):
        if decision.seq == 2 and action.kind == "load":
            near = decision.ahead.point.coordinates
            loop._parts.log.append(
                Request(kind="veto", who="Ada", why="it gels", point=Point(coordinates=near), radius=0.02)
            )
        return perform(action, decision)

    loop._parts.instrument.perform = forbidden
    loop.run()
    history = loop.history
    assert "A2" not in {one.prepared for one in history.decisions}
    ((sample, why),) = left_over(history, problem.space.axes)
    assert sample == "A2"
    assert "it gels" in why
    said = "\n".join(figures(night_of(told(problem, spec), history)))
    assert "A2, made ahead, is not measured: Vetoed" in said
    assert "ledger: " in said
    assert "to the last" in said
    is_exact(spec, problem, history)


def test_a_sample_that_a_second_try_left_no_room_for_is_told_at_the_end(make_loop):
    spec, problem = overlapped(n=3)
    loop = make_loop(
        build_strategy(spec, problem), campaign=spec, instrument=Overlapping(),
        analysis=fakes.FakeAnalysis(rejects=lambda seq: seq == 2),
    )  # fmt: skip
    loop.run()
    assert list(left_over(loop.history, problem.space.axes)) == [
        ("A2", "Nothing was left to measure it for.")
    ]


@pytest.mark.parametrize("status", ["failed", "unknown", "succeeded"])
def test_a_sample_ahead_that_fails_does_not_end_the_decision_beside_it(make_loop, status):
    spec, problem = overlapped(n=4)
    instrument = Overlapping(breaks=lambda action: action.kind == "prepare" and action.sample == "A2")
    instrument.reports["prepare"] = ActionReport(action_id="?", status=status, sentence="the journal says so")

    def reconcile(action, decision):
        return instrument.reports["prepare"].model_copy(update={"action_id": action.action_id})

    instrument.reconcile = reconcile
    loop = make_loop(build_strategy(spec, problem), campaign=spec, instrument=instrument)
    loop.run()
    history = loop.history
    assert history.observation(2) is not None
    assert history.failures == ()
    assert [one.sample for one in history.quarantines] == (["A2"] if status == "unknown" else [])
    assert history.decision(3).prepared == ("A2" if status == "succeeded" else None)
    well = f"well {history.decision(2).ahead.recipe.well}"
    n_debited = sum(debit.name == well and debit.seq == 2 for debit in history.debits)
    assert n_debited == (status != "failed"), "what may have been taken is on the books, and nothing else"
    is_exact(spec, problem, history)


def test_what_is_being_made_ahead_counts_as_taken_off_the_deck():
    spec, problem = overlapped()
    first = build_strategy(spec, problem).propose(History())
    left = state_after(the_deck(spec.deck, problem.space.axes), History().plus(first))
    assert first.ahead.recipe.well != first.recipe.well
    assert not {first.ahead.recipe.well, first.recipe.well} & set(left.wells)


def logged(decision: Decision, *states: str) -> tuple[LoggedAction, ...]:
    actions = Overlapping().actions(decision)
    return tuple(LoggedAction(action=one, state=state) for one, state in zip(actions, states, strict=True))


@pytest.mark.parametrize(
    ("states", "journal", "exposure", "todo"),
    [
        ("started planned", "failed", "failed", ["load", "prepare", "expose"]),
        ("started started", "failed", "failed", ["load", "prepare", "expose"]),
        ("started started", "unknown", "failed", ["load", "expose"]),
        ("started started", "succeeded", "failed", ["load", "expose"]),
        ("started started", "unknown", "succeeded", []),
        ("started started", "failed", "succeeded", []),
        ("failed started", "-", "failed", ["load", "expose"]),
        ("unknown succeeded", "-", "-", []),
    ],
)
def test_resumed_a_sample_ahead_is_made_once_more_only_where_nothing_was_dispensed(
    states, journal, exposure, todo
):
    spec, problem = overlapped()
    decision = build_strategy(spec, problem).propose(History())
    found = {"prepare": journal, "expose": exposure}

    def reconcile(action):
        return ActionReport(action_id=action.action_id, status=found[action.kind], sentence="so")

    recovery = recover(logged(decision, "succeeded", "succeeded", *states.split()), reconcile, decision)
    assert recovery.unknown is None, "the decision itself goes on"
    assert [action.kind for action in recovery.todo] == todo
    assert "S1" not in {action.sample for action in recovery.todo if action.kind == "prepare"}
