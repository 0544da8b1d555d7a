"""Bayesian optimisation finds the top sooner than chance, and every decision follows from the record."""

from collections.abc import Callable
from statistics import median

import numpy as np
import pytest

from agent.strategy import bayes, random, space_filling
from agent.strategy.choices import failed_points
from agent.strategy.problem import Problem
from models.domain.decision import Decision, Reason
from models.domain.history import History
from models.domain.objective import Objective, as_objective
from models.domain.ranking import ranked
from models.domain.records import Decided, Ended, Observed, Started
from models.domain.space import Point, SearchSpace
from models.gp.design import KEEP_AWAY
from models.gp.encoding import Encoding
from tests import fakes
from tests.draws import draw_feasible, scale_to_unit, unscale

HIGHEST = as_objective(feature="height")


def task(seed: int = 7, objective: Objective = HIGHEST, space: SearchSpace = fakes.TERNARY) -> Problem:
    return Problem(space=space, objective=objective, units={"height": "1/cm"}, exposure_s=1.0, seed=seed)


def measured(history: History, decision: Decision, analysis: fakes.FakeAnalysis) -> History:
    """The history after that decision was carried out."""
    action = fakes.FakeInstrument().actions(decision)[1]
    exposure = fakes.exposure_of(action, decision)
    return history.plus(decision).plus(exposure).plus(analysis(exposure, None).observation)


def campaign(strategy, n_steps: int, truth: Callable[[Point], float] = fakes.hill, **faults) -> History:
    """What a strategy does with a perfect instrument; it ends early when the strategy stops."""
    history, analysis = History(), fakes.FakeAnalysis(truth, **faults)
    for _ in range(n_steps):
        decision = strategy.propose(history)
        if decision.kind == "stop":
            return history.plus(decision)
        history = measured(history, decision, analysis)
    return history


def bayesian(problem: Problem, initial: int = 5, **options: float) -> bayes.Bayes:
    return bayes.build(bayes.Options(initial=initial, pool=256, alternatives=2, **options), problem)


def samples(n: int = 15, seed: int = 4) -> SearchSpace:
    """A space in which only some samples exist."""
    points = unscale(fakes.TERNARY, draw_feasible(fakes.TERNARY, n, seed))
    named = tuple(Point(coordinates=p.coordinates, sample=f"S{i:02d}") for i, p in enumerate(points))
    return fakes.TERNARY.model_copy(update={"candidates": named})


def test_on_a_smooth_hill_it_beats_chance_over_ten_seeds():
    heights: dict[str, list[float]] = {"bayes": [], "random": []}
    for seed in range(10):
        problem = task(seed)
        chance = random.build(random.Options(), problem)
        for name, strategy in (("bayes", bayesian(problem)), ("random", chance)):
            best = ranked(campaign(strategy, 12), HIGHEST)[0][0].point
            assert best is not None
            heights[name].append(fakes.hill(best))
    assert median(heights["bayes"]) > 0.97
    assert median(heights["bayes"]) > median(heights["random"]) + 0.1
    assert sum(b > r for b, r in zip(heights["bayes"], heights["random"], strict=True)) >= 8


@pytest.mark.parametrize(
    "objective",
    [as_objective(feature="height", goal="minimise"),
     as_objective(feature="height", goal="target", target=0.5)],
    ids=lambda objective: objective.goal,
)  # fmt: skip
def test_it_seeks_the_smallest_or_the_target_just_as_well(objective):
    history = campaign(bayesian(task(objective=objective)), 11, truth=lambda p: 1.0 - fakes.hill(p))
    _, (feature,) = ranked(history, objective)[0]
    assert objective.distance(feature.value) < (0.05 if objective.goal == "target" else 0.1)
    assert history.decisions[-1].kind == "suggest"


@pytest.mark.parametrize("build", [
    lambda problem: bayesian(problem, 4),
    lambda problem: random.build(random.Options(), problem),
    lambda problem: space_filling.build(space_filling.Options(), problem),
], ids=["bayes", "random", "space_filling"])  # fmt: skip
def test_no_strategy_ever_proposes_an_impossible_point(build):
    history = campaign(build(task(3)), 9)
    for decision in history.decisions:
        assert decision.point is not None
        assert fakes.TERNARY.objections(decision.point) == []
        for candidate in decision.candidates:
            assert fakes.TERNARY.objections(candidate.point) == []


@pytest.mark.parametrize("build", [
    lambda problem: bayesian(problem, 4),
    lambda problem: random.build(random.Options(), problem),
    lambda problem: space_filling.build(space_filling.Options(), problem),
], ids=["bayes", "random", "space_filling"])  # fmt: skip
def test_each_existing_sample_is_taken_once_and_then_it_stops(build):
    space = samples(9)
    history = campaign(build(task(space=space)), 20)
    taken = [decision.point.sample for decision in history.decisions[:-1] if decision.point]
    assert sorted(taken) == [f"S{i:02d}" for i in range(9)]
    stop = history.decisions[-1]
    assert (stop.kind, stop.reason.code, stop.point) == ("stop", "exhausted", None)


def test_a_sample_that_failed_is_not_asked_for_again():
    space = samples(6)
    history = campaign(bayesian(task(space=space), 3), 20, rejects=lambda seq: seq == 2)
    taken = [decision.point.sample for decision in history.decisions[:-1] if decision.point]
    assert len(taken) == len(set(taken)) == 6


def test_the_even_start_counts_readings_and_not_tries():
    history = campaign(bayesian(task(), 4), 7, rejects=lambda seq: seq in (1, 2))
    assert [d.kind for d in history.decisions] == ["initial_design"] * 6 + ["suggest"]
    assert history.decision(3).reason.sentence.startswith("Even start, 1 of 4")


def test_equal_values_teach_nothing_and_the_space_is_filled_with_the_reason_on_record():
    history = campaign(bayesian(task(), 3), 5, truth=lambda _: 1.0)
    fallback = history.decision(4)
    assert (fallback.kind, fallback.reason.code) == ("fallback", "no_model")
    assert "all 3 observations are equal" in fallback.reason.sentence
    assert fallback.model is None
    places = {decision.point.text() for decision in history.decisions if decision.point}
    assert len(places) == 5


def test_a_feature_that_no_curve_has_leads_to_filling_the_space():
    history = campaign(bayesian(task(), 3), 5, lacks=lambda _: True)
    assert history.decision(5).reason.code == "no_model"
    assert "needs 2 observations, there are 0" in history.decision(5).reason.sentence


def test_where_curves_lack_the_feature_it_looks_elsewhere():
    history = campaign(bayesian(task(), 6), 10, lacks=lambda point: point["cosurfactant"] > 0.3)
    later = [d.point["cosurfactant"] for d in history.decisions[6:] if d.point]
    assert sum(value > 0.3 for value in later) <= 1


def test_points_that_failed_keep_all_later_ones_away():
    strategy = bayesian(task(), 4)
    history = campaign(strategy, 8, rejects=lambda seq: seq in (5, 6, 7))
    points = scale_to_unit(fakes.TERNARY, tuple(d.point for d in history.decisions if d.point))
    for lost in (4, 5, 6):
        gaps = np.linalg.norm(points[lost + 1 :] - points[lost], axis=1)
        assert gaps.min() > KEEP_AWAY


def test_a_point_that_failed_and_then_succeeded_keeps_nothing_away():
    point = Point(coordinates={"surfactant": 0.3, "cosurfactant": 0.15, "water": 0.55})
    first = task().measure(History(), "suggest", point, Reason(code="c", sentence="s"))
    history = measured(History(), first, fakes.FakeAnalysis(rejects=lambda _: True))
    assert len(failed_points(Encoding(fakes.TERNARY), history)) == 1
    again = first.model_copy(update={"seq": 2, "kind": "repeat"})
    assert len(failed_points(Encoding(fakes.TERNARY), measured(history, again, fakes.FakeAnalysis()))) == 0


def test_the_explanation_names_feature_value_sigma_unit_and_the_best_so_far():
    history = campaign(bayesian(task(), 4), 5)
    decision = history.decision(5)
    expected = decision.prediction
    assert expected is not None
    assert decision.reason.code == "expected_improvement"
    told = f"height {expected.mean:.3g} ± {expected.sigma:.2g} 1/cm expected"
    assert told in decision.reason.sentence
    assert "1/cm at the best point so far." in decision.reason.sentence
    near = as_objective(feature="height", goal="target", target=0.5)
    told = campaign(bayesian(task(objective=near), 4), 5).decision(5).reason.sentence
    assert "for a target of 0.5" in told


def test_a_decision_carries_its_runners_up_and_the_model_behind_it():
    decision = campaign(bayesian(task(), 4), 5).decision(5)
    assert [c.rank for c in decision.candidates] == [0, 1, 2]
    assert decision.candidates[0].point == decision.point
    assert [c.reject_code for c in decision.candidates] == [None, "lower_acquisition", "lower_acquisition"]
    values = [c.acquisition_value for c in decision.candidates]
    assert values == sorted(values, reverse=True)
    assert decision.model is not None
    assert decision.model.acquisition == "log_expected_improvement"
    assert decision.watermark == 4


def test_decisions_follow_from_the_record_alone():
    history = campaign(bayesian(task(), 4), 6)
    first, second = bayesian(task(), 4).propose(history), bayesian(task(), 4).propose(history)
    assert first == second
    assert first.kind == "suggest"
    assert first != bayesian(task(8), 4).propose(history)


def test_decisions_are_the_same_after_the_record_went_through_json_and_the_log(tmp_path):
    strategy, history = bayesian(task(), 4), campaign(bayesian(task(), 4), 6)
    expected = strategy.propose(history)
    assert strategy.propose(History.model_validate_json(history.model_dump_json())) == expected
    url, spec = fakes.sqlite_url(tmp_path), fakes.spec()
    log = fakes.open_log(url, spec, tmp_path)
    instrument = fakes.FakeInstrument()
    for decision in history.decisions:
        actions = instrument.actions(decision)
        log.append(Decided(decision=decision, actions=actions))
        for action in actions:
            log.append(Started(action_id=action.action_id))
            log.append(Ended(report=instrument.perform(action, decision)))
        observation = history.observation(decision.seq)
        assert observation is not None
        log.append(Observed(observation=observation))
    restored = log.history()
    log.close()
    assert restored.model_copy(update={"durations": ()}) == history
    assert strategy.propose(restored) == expected


def test_where_nothing_can_be_gained_it_does_not_circle_a_region_that_lacks_the_feature():
    problem = task()
    strategy = bayesian(problem, 6, least_gain=1e9)
    history = campaign(strategy, 11, lacks=lambda point: point["cosurfactant"] > 0.3)
    later = [d for d in history.decisions[6:] if d.point]
    assert {d.reason.code for d in later} == {"exploration"}
    assert sum(d.point["cosurfactant"] > 0.3 for d in later if d.point) <= 2


def test_a_goal_of_ones_own_that_breaks_in_the_night_leaves_the_space_to_be_filled(monkeypatch):
    from models.gp.pursuits import pursuit

    def break_off(situation: pursuit.Situation) -> pursuit.Aim:
        raise KeyError("boom")

    monkeypatch.setattr("tests.fakes.PURSUIT", pursuit.Pursuit(break_off), raising=False)
    broken = as_objective(goal="tests.fakes:PURSUIT", feature="height")
    history = campaign(bayesian(task(objective=broken), 4), 6)
    reason = history.decision(6).reason
    assert (history.decision(6).kind, reason.code) == ("fallback", "no_model")
    assert "the goal tests.fakes:PURSUIT raised KeyError: 'boom'" in reason.sentence
