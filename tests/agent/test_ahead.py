"""Deciding while the instrument measures: the same decisions in a thread, without one, and computed again."""

import threading

import pytest

from agent.replay import Circumstances, replay
from agent.strategy.ahead import DecidesAhead
from agent.strategy.stack import build_strategy
from models.domain.campaign import BlankSpec, BudgetSpec, CampaignSpec, MeasurementSpec, Plug
from models.domain.decision import MEASURING_KINDS, Override
from models.domain.errors import StrategyFailed
from models.domain.history import History
from models.domain.space import Point
from models.domain.stop import StopSpec
from tests import fakes
from tests.agent.test_strategy_bayes import measured, task

WATER = {"surfactant": 0.0, "cosurfactant": 0.0, "water": 1.0}
BEGAN = "2026-01-01T00:00:00.000000+00:00"


def spec_ahead(**tables: object) -> CampaignSpec:
    return fakes.spec(
        strategy=Plug.model_validate({"kind": "bayes", "initial": 4, "pool": 256, "ahead": True}),
        **({"budget": BudgetSpec(measurements=14)} | tables),
    )


WITH_ALL = spec_ahead(measurement=MeasurementSpec(attempts=2, blank=BlankSpec(point=WATER, every=6)))
"""Blanks and second tries."""


def eventful(make_loop, problem):
    """A loop that meets a rejected frame, a fault and a person's point."""
    loop = make_loop(
        build_strategy(WITH_ALL, problem),
        campaign=WITH_ALL,
        instrument=fakes.FakeInstrument(fails=lambda action: action.seq == 10 and action.kind == "load"),
        analysis=fakes.FakeAnalysis(rejects=lambda seq: seq == 6),
    )
    point = Point(coordinates={"surfactant": 0.2, "cosurfactant": 0.1, "water": 0.7})
    perform = loop._parts.instrument.perform

    def interrupted(action, decision):
        if decision.seq == 12:
            loop.request_override(Override(point=point, exposure_s=1.0, who="Ada", why="I wonder."))
        return perform(action, decision)

    loop._parts.instrument.perform = interrupted
    loop.run()
    return loop.history


def test_each_decision_knows_all_but_the_outcome_of_the_measurement_before_it(make_loop, problem):
    history = eventful(make_loop, problem)
    kinds = [d.kind for d in history.decisions]
    assert {"blank", "initial_design", "suggest", "repeat", "human_override", "stop"} == set(kinds)
    for before, decision in zip(history.decisions, history.decisions[1:], strict=False):
        is_ahead = before.kind in MEASURING_KINDS and decision.kind not in ("human_override", "stop")
        assert decision.watermark == decision.seq - (2 if is_ahead else 1), decision
    suggested = [d for d in history.decisions if d.kind == "suggest"]
    assert all(
        f"Outcomes awaited: {d.seq - 1}." in d.reason.sentence for d in suggested if d.watermark < d.seq - 1
    )


def test_a_measurement_that_failed_is_tried_again_after_the_one_that_was_decided_already(make_loop, problem):
    history = eventful(make_loop, problem)
    assert history.failure(10) is not None
    assert [(d.kind, d.repeats) for d in history.decisions[10:12]] == [("suggest", None), ("repeat", 10)]
    assert history.decision(12).point == history.decision(10).point
    assert [(d.kind, d.repeats) for d in history.decisions[6:9]] == [
        ("suggest", None), ("blank", None), ("repeat", 6),
    ]  # fmt: skip


def test_it_is_a_function_of_the_history_whether_it_was_thought_ahead_or_not(make_loop, problem):
    history = eventful(make_loop, problem)
    for seq in range(1, len(history.decisions) + 1):
        under = Circumstances(WITH_ALL, BEGAN, BEGAN, getattr(history.decision(seq).model, "sha256", None))
        found = replay(problem, history, seq, under)
        expected = "not computed" if history.decision(seq).kind == "human_override" else "exact"
        assert found.verdict == expected, found


def test_stop_rules_take_effect_one_measurement_later(make_loop, problem):
    spec = spec_ahead(stop=StopSpec(least_gain=0.05, patience=2), budget=BudgetSpec(measurements=40))
    loop = make_loop(build_strategy(spec, problem), campaign=spec)
    ending = loop.run()
    assert ending.code == "little_gain"
    last = loop.history.decisions[-1]
    assert last.watermark == last.seq - 2
    under = Circumstances(spec, BEGAN, BEGAN)
    assert replay(problem, loop.history, last.seq, under).verdict == "exact"


class Counting:
    """A strategy that counts how often, and in which thread, it is asked."""

    def __init__(self, inner, *, fails_at: int = 0) -> None:
        self.inner, self.fails_at = inner, fails_at
        self.asked: list[tuple[int, bool]] = []

    def propose(self, history: History):
        in_main = threading.current_thread() is threading.main_thread()
        self.asked.append((history.next_seq, in_main))
        if history.next_seq == self.fails_at:
            raise StrategyFailed("no idea")
        return self.inner.propose(history)


def test_a_decision_is_made_once_in_a_thread_of_its_own_while_the_instrument_measures(make_loop, even):
    inner = Counting(even)
    strategy, begun = DecidesAhead(inner), threading.Event()
    think = strategy.think

    def noticed(history: History) -> None:
        begun.set()
        think(history)

    strategy.think = noticed
    loop = make_loop(strategy)
    perform = loop._parts.instrument.perform

    def measuring(action, decision):
        is_last = decision.seq == 6  # after which the budget is spent, and nothing is left to decide
        assert is_last or begun.wait(10.0), "nobody thinks while it measures"
        if action.kind == "expose":
            begun.clear()
        return perform(action, decision)

    loop._parts.instrument.perform = measuring
    assert loop.run().is_finished
    assert inner.asked == [(1, True), *((seq, False) for seq in range(2, 7))]


def test_an_error_in_the_thread_comes_back_where_the_decision_is_asked_for(make_loop, even):
    loop = make_loop(DecidesAhead(Counting(even, fails_at=3)))
    with pytest.raises(StrategyFailed, match="no idea"):
        loop.run()
    assert loop.history.observation(2) is not None, "the measurement in hand was brought to its end"
    assert len(loop.history.decisions) == 2
    assert not [t for t in threading.enumerate() if t.name.startswith("nightbeam-think")]


def test_a_thought_about_another_history_is_not_used(even):
    strategy, analysis = DecidesAhead(even), fakes.FakeAnalysis()
    first = strategy.propose(History())
    strategy.think(History().plus(first))
    history = measured(History(), first, analysis)
    other = first.model_copy(update={"point": Point(coordinates=WATER)})
    told = strategy.propose(measured(History(), other, analysis))
    assert told == even.propose(History().plus(other))
    assert told != even.propose(history)


def test_deciding_ahead_still_finds_the_top_of_a_hill():
    for seed in range(3):
        strategy, history, analysis = (
            build_strategy(spec_ahead(), task(seed)),
            History(),
            fakes.FakeAnalysis(),
        )
        for _ in range(14):
            history = measured(history, strategy.propose(history), analysis)
        assert max(fakes.hill(d.point) for d in history.decisions if d.point is not None) > 0.95
