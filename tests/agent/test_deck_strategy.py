"""Strategies on a deck: only what can be made, made to last, and a person's wish refused in words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.replay import Circumstances, replay
from agent.running_low import running_low
from agent.strategy.problem import Problem
from agent.strategy.rations import Needs, rationed
from agent.strategy.stack import build_strategy
from models.domain.campaign import BudgetSpec, Plug
from models.domain.decision import Candidate, Decision, Override, Prediction, Reason
from models.domain.deck import DeckSpec
from models.domain.history import History
from models.domain.space import Point
from models.formulation.deck import read_deck
from models.formulation.reach import can_make
from models.formulation.standing import state_after
from models.formulation.state import full_state
from tests import fakes
from tests.agent.test_strategy_bayes import measured, task

BEGAN = "2026-01-01T00:00:00.000000+00:00"


def deck(soap: str = "2 mL") -> DeckSpec:
    return DeckSpec.model_validate(
        {
            "sample_volume": "1 mL", "wells": 40, "tolerance": "0.01 g/g",
            "components": [
                {"name": "surfactant", "density": "1.1 g/mL"},
                {"name": "cosurfactant", "density": "1.0 g/mL"},
                {"name": "water", "density": "0.998 g/mL"},
            ],
            "stocks": [
                {"name": "soap", "holds": {"surfactant": "0.6 g/g", "water": "rest"}, "volume": soap,
                 "where": "A1"},
                {"name": "lipid", "holds": {"cosurfactant": "0.6 g/g", "water": "rest"}, "volume": "20 mL",
                 "where": "A2"},
                {"name": "water", "holds": {"water": "rest"}, "volume": "50 mL", "where": "A3"},
            ],
        }
    )  # fmt: skip


def on_deck(kind: str = "bayes", n: int = 12, soap: str = "2 mL", **changes: object):
    axes = tuple(axis.model_copy(update={"unit": "g/g"}) for axis in fakes.TERNARY.axes)
    space = fakes.TERNARY.model_copy(update={"axes": axes} | changes)
    options = {"initial": 4, "pool": 256} if kind == "bayes" else {}
    spec = fakes.spec(
        deck=deck(soap), axes=axes, budget=BudgetSpec(measurements=n),
        strategy=Plug.model_validate({"kind": kind} | options),
    )  # fmt: skip
    return spec, task().model_copy(update={"space": space, "is_made": True})


def run(spec, problem: Problem) -> History:
    strategy, history, analysis = build_strategy(spec, problem), History(), fakes.FakeAnalysis()
    while history.n_measured < spec.budget.measurements:
        decision = strategy.propose(history)
        if decision.kind == "stop":
            return history.plus(decision)
        history = measured(history, decision, analysis)
        for debit in decision.recipe.debits(decision.seq, f"a{decision.seq}"):
            history = history.plus(debit)
    return history


@pytest.mark.parametrize("kind", ["bayes", "space_filling", "random", "sobol", "grid"])
def test_a_scarce_stock_lasts_to_the_end_and_each_decision_is_computed_again(kind):
    spec, problem = on_deck(kind)
    history = run(spec, problem)
    assert history.n_measured == 12
    soap = sum(debit.amount for debit in history.debits if debit.name == "stock soap")
    assert 1000.0 < soap <= 2000.0 + 1e-6
    for decision in history.decisions:
        known = None if decision.model is None else decision.model.sha256
        again = replay(problem, history, decision.seq, Circumstances(spec, BEGAN, BEGAN, known))
        assert again.verdict == "exact", again


def test_of_listed_samples_only_those_are_chosen_that_can_still_be_made():
    points = [
        Point(coordinates={"surfactant": s, "cosurfactant": 0.1, "water": 0.9 - s})
        for s in (0.05, 0.1, 0.2, 0.4, 0.5, 0.55)
    ]
    spec, problem = on_deck("space_filling", n=6, soap="0.8 mL", candidates=tuple(points))
    history = run(spec, problem)
    asked = [float(d.point["surfactant"]) for d in history.decisions if d.point is not None]
    assert asked
    assert 0.55 not in asked, "0.92 mL of soap would be needed"
    assert history.decisions[-1].kind == "stop"


def test_a_sample_that_a_person_wants_and_nobody_can_make_is_closed_with_the_reason(make_loop):
    spec, problem = on_deck(soap="0.5 mL", n=4)
    loop = make_loop(build_strategy(spec, problem), campaign=spec)
    rich = Point(coordinates={"surfactant": 0.5, "cosurfactant": 0.02, "water": 0.48})
    loop.request_override(Override(point=rich, exposure_s=1.0, who="Ana", why="the corner"))
    loop.run()
    (wished,) = [d for d in loop.history.decisions if d.kind == "human_override"]
    failure = loop.history.failure(wished.seq)
    assert failure.code == "UnreachablePoint"
    assert "stock soap" in failure.sentence
    assert loop.history.exposure(wished.seq) is None
    assert wished.recipe is None


def test_a_sample_that_a_person_wants_gets_its_recipe_too(make_loop):
    spec, problem = on_deck(n=4)
    loop = make_loop(build_strategy(spec, problem), campaign=spec)
    thin = Point(coordinates={"surfactant": 0.1, "cosurfactant": 0.1, "water": 0.8})
    loop.request_override(Override(point=thin, exposure_s=1.0, who="Ana", why="a ring"))
    loop.run()
    (wished,) = [d for d in loop.history.decisions if d.kind == "human_override"]
    assert wished.recipe is not None
    assert wished.recipe.made["surfactant"] == pytest.approx(0.1, abs=0.01)


@given(
    left=st.floats(0.0, 5000.0), least=st.floats(0.0, 100.0), more=st.floats(0.0, 300.0),
    n_later=st.integers(0, 60),
)  # fmt: skip
def test_a_ration_leaves_the_least_for_all_that_come_later_where_there_is_so_much(left, least, more, n_later):
    spec, problem = on_deck()
    numbers = read_deck(spec.deck, problem.space.axes)
    state = full_state(numbers)
    state = state.model_copy(update={"left_ul": dict.fromkeys(state.left_ul, left)})
    ones = np.ones(len(numbers.stocks))
    allowed = rationed(numbers, state, Needs(least * ones, (least + more) * ones), n_later)
    for name in numbers.stocks:
        may_take = allowed.drawable_ul(name)
        assert 0.0 <= may_take <= left + 1e-9
        if left >= n_later * least:
            assert left - may_take >= n_later * least - 1e-6


def test_what_runs_low_on_the_deck_is_told_by_name_with_what_is_left():
    spec, problem = on_deck(n=12)
    history = run(spec, problem)
    assert running_low(spec, History(), 0.3) == {}
    low = running_low(spec, history, 0.3)
    assert "stock soap" in low
    assert low["stock soap"].endswith("of 2000 uL are left.")
    assert "stock water" not in low


def test_what_is_decided_and_not_yet_made_counts_as_made():
    spec, problem = on_deck()
    numbers = read_deck(spec.deck, problem.space.axes)
    decision = build_strategy(spec, problem).propose(History())
    left = state_after(numbers, History().plus(decision))
    assert len(left.wells) == 39
    assert left.left_ul["soap"] == pytest.approx(2000.0 - decision.recipe.volumes_ul["soap"])
    assert can_make(numbers, left, np.array([[0.1, 0.1, 0.8]])).all()


class Stubborn:
    """A strategy of one's own that knows no deck: it asks for the same rich corner again and again."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem

    def propose(self, history: History) -> Decision:
        corner = Point(coordinates={"surfactant": 0.6, "cosurfactant": 0.1, "water": 0.3})
        return self.problem.measure(history, "suggest", corner, Reason(code="rich", sentence="Rich."))


class WithOthers(Stubborn):
    """The same, with a second and a third candidate."""

    def propose(self, history: History) -> Decision:
        decision = super().propose(history)
        mild = {"surfactant": 0.1, "cosurfactant": 0.1, "water": 0.8}
        points = (decision.point, decision.point, Point(coordinates=mild))
        prediction = Prediction(mean=1.0, sigma=1.0, unit="1")
        candidates = tuple(
            Candidate(rank=rank, point=point, prediction=prediction, acquisition_value=1.0)
            for rank, point in enumerate(points)
        )
        return decision.model_copy(update={"candidates": candidates})


def stubborn(options: dict, problem: Problem) -> Stubborn:
    return Stubborn(problem)


def with_others(options: dict, problem: Problem) -> Stubborn:
    return WithOthers(problem)


@pytest.mark.parametrize(
    ("kind", "said"),
    [("stubborn", "the space is filled instead"), ("with_others", "number 3 of its candidates is taken")],
)
def test_what_cannot_be_made_is_recorded_and_the_next_best_taken(kind, said):
    spec, problem = on_deck(n=6)
    spec = spec.model_copy(update={"strategy": Plug(kind=f"{__name__}:{kind}")})
    history = run(spec, problem)
    assert history.n_measured == 6
    for decision in history.decisions:
        assert (decision.kind, decision.reason.code) == ("fallback", "cannot_be_made")
        assert "surfactant 0.6, cosurfactant 0.1, water 0.3 was proposed and cannot be made (" in (
            decision.reason.sentence
        )
        assert said in decision.reason.sentence
        assert decision.recipe.is_accepted
        again = replay(problem, history, decision.seq, Circumstances(spec, BEGAN, BEGAN, None))
        assert again.verdict == "exact", again.sentence
