"""Several decisions at once: those made one by one without outcomes, apart, and nearly as good."""

from statistics import median

import numpy as np
import pytest

from agent.strategy import random, space_filling
from agent.strategy.batch import propose_batch
from agent.strategy.stack import build_strategy
from models.domain.campaign import BlankSpec, MeasurementSpec, Plug
from models.domain.decision import Decision
from models.domain.history import Failure, History
from models.domain.objective import as_objective
from models.domain.ranking import ranked
from models.gp.design import KEEP_AWAY
from models.gp.encoding import Encoding
from tests import fakes
from tests.agent.test_strategy_bayes import HIGHEST, bayesian, campaign, measured, samples, task

LEVEL = as_objective(feature="height", goal="level", level=0.5)
MAP = as_objective(feature="height", goal="map")


def whole(problem, **measurement):
    """The whole strategy of a campaign."""
    spec = fakes.spec(
        strategy=Plug.model_validate({"kind": "bayes", "initial": 5, "pool": 256}),
        measurement=MeasurementSpec(attempts=2, **measurement),
    )
    return build_strategy(spec, problem)


def in_batches(strategy, n_batches: int, size: int = 4, truth=fakes.hill, **faults) -> History:
    """A campaign in which nothing is known of a batch until all of it was measured."""
    history, analysis = History(), fakes.FakeAnalysis(truth, **faults)
    for _ in range(n_batches):
        asked = propose_batch(strategy, history, size)
        for decision in asked:
            history = measured(history, decision, analysis)
    return history


def columns(decisions) -> np.ndarray:
    return Encoding(fakes.TERNARY).encode([d.point for d in decisions])


@pytest.mark.parametrize("objective", [HIGHEST, LEVEL, MAP], ids=lambda o: o.goal)
def test_a_batch_is_what_is_proposed_one_by_one_bit_for_bit_by_a_strategy_that_remembers_nothing(objective):
    problem = task(objective=objective)
    known = in_batches(whole(problem), 3)
    batch = propose_batch(whole(problem), known, 4)
    history = known
    for decision in batch:
        assert whole(problem).propose(history).model_dump_json() == decision.model_dump_json()
        history = history.plus(decision)
    assert [d.seq for d in batch] == [13, 14, 15, 16]
    assert {d.watermark for d in batch} == {12}
    assert [d.reason.sentence.partition(" Outcomes awaited: ")[2] for d in batch] == [
        "", "13.", "13, 14.", "13, 14, 15.",
    ]  # fmt: skip


@pytest.mark.parametrize("objective", [HIGHEST, LEVEL, MAP], ids=lambda o: o.goal)
def test_points_of_a_batch_lie_apart(objective):
    known = in_batches(bayesian(task(objective=objective)), 3)
    for seed in range(3):
        batch = propose_batch(bayesian(task(seed, objective=objective)), known, 4)
        places = columns(batch)
        gaps = [np.linalg.norm(places[i] - places[j]) for i in range(4) for j in range(i)]
        assert all(d.kind == "suggest" for d in batch)
        assert min(gaps) > KEEP_AWAY


def test_four_at_a_time_find_the_top_of_a_hill_nearly_as_soon_as_one_at_a_time():
    heights: dict[str, list[float]] = {"one": [], "four": []}
    for seed in range(10):
        one = campaign(bayesian(task(seed), initial=4), 16)
        four = in_batches(bayesian(task(seed), initial=4), 4)
        for name, history in (("one", one), ("four", four)):
            best = ranked(history, HIGHEST)[0][0].point
            assert best is not None
            heights[name].append(fakes.hill(best))
    assert median(heights["four"]) > median(heights["one"]) - 0.01
    assert min(heights["four"]) > 0.95


def test_no_sample_is_asked_for_twice_in_a_batch_and_it_ends_where_they_end():
    for kind in (bayesian, lambda p: random.build(random.Options(), p),
                 lambda p: space_filling.build(space_filling.Options(), p)):  # fmt: skip
        problem = task(space=samples(10))
        history = in_batches(kind(problem), 2)
        last = propose_batch(kind(problem), history, 4)
        assert [d.kind for d in last][2:] == ["stop"]
        asked = [d.point.sample for d in (*history.decisions, *last) if d.point is not None]
        assert len(set(asked)) == len(asked) == 10


def test_an_even_start_counts_what_is_awaited():
    strategy = bayesian(task(), initial=5)
    batch = propose_batch(strategy, History(), 7)
    assert {d.kind for d in batch} == {"initial_design"}  # nothing is known of any: no model could be had
    assert "5 of 5" in batch[4].reason.sentence
    assert batch[6].reason.sentence.startswith("Even start: farthest from all points so far.")
    known = in_batches(bayesian(task(), initial=5), 1)
    assert [d.kind for d in propose_batch(strategy, known, 3)] == ["initial_design", "suggest", "suggest"]


def test_one_blank_is_enough_for_a_batch():
    strategy = whole(task(), blank=BlankSpec(point={"surfactant": 0.0, "cosurfactant": 0.0, "water": 1.0}))
    assert [d.kind for d in propose_batch(strategy, History(), 3)] == ["blank", *["initial_design"] * 2]


def failing(history: History, decision: Decision) -> History:
    return history.plus(Failure(seq=decision.seq, code="BeamlineFault", sentence="The pump stopped."))


def test_a_point_of_a_batch_that_failed_is_tried_again_once_and_no_longer_counts_as_awaited():
    strategy = whole(task())
    history = in_batches(strategy, 3)
    first, second = propose_batch(strategy, history, 2)
    history = failing(history.plus(first).plus(second), first)
    assert [d.seq for d in history.pending()] == [second.seq]
    again = strategy.propose(history)
    assert (again.kind, again.repeats, again.point) == ("repeat", first.seq, first.point)
    history = history.plus(again)
    assert strategy.propose(history).kind == "suggest"  # its second try is under way
    history = failing(history, again)
    after = strategy.propose(history)
    assert after.kind == "suggest"  # two attempts are the limit
    assert after.point != first.point


def test_all_points_of_a_batch_that_failed_are_tried_again_the_earliest_first():
    strategy = whole(task())
    history = in_batches(strategy, 3)
    batch = propose_batch(strategy, history, 3)
    for decision in batch:
        history = history.plus(decision)
    for decision in batch[:2]:
        history = failing(history, decision)
    asked = propose_batch(strategy, history, 3)
    assert [(d.kind, d.repeats) for d in asked] == [("repeat", 13), ("repeat", 14), ("suggest", None)]
