"""At milestones a map of what was believed goes on record, from the decision's own hyperparameters."""

import time

import numpy as np
import pytest

from agent.milestones import N_POINTS, Milestones, map_points
from agent.strategy import bayes, space_filling
from agent.strategy.learned import learned, left_out
from agent.strategy.problem import Problem
from models.domain.decision import Decision, ModelState, Reason
from models.domain.errors import BadInput
from models.domain.history import Failure, History
from models.domain.posterior_grid import PosteriorGrid, posterior_grid_from_json
from models.domain.space import Point
from models.gp import posterior_grid
from models.gp.belief import Belief
from models.gp.encoding import Encoding
from models.gp.mind import read_state
from tests import fakes
from tests.draws import draw_feasible, scale_to_unit, unscale

WHY = Reason(code="test", sentence="A test asked for it.")


def measured(history: History, decision: Decision, analysis: fakes.FakeAnalysis) -> History:
    """The history after that decision was carried out."""
    action = fakes.FakeInstrument().actions(decision)[1]
    exposure = fakes.exposure_of(action, decision)
    return history.plus(decision).plus(exposure).plus(analysis(exposure, None).observation)


def evenly_measured(problem: Problem, n: int, analysis: fakes.FakeAnalysis | None = None) -> History:
    """A history of n measurements, spread evenly."""
    history, analysis = History(), analysis or fakes.FakeAnalysis()
    for point in unscale(problem.space, draw_feasible(problem.space, max(n, 1), 1))[:n]:
        decision = problem.measure(history, "initial_design", point, WHY)
        history = measured(history, decision, analysis)
    return history


def suggestion(problem: Problem, history: History) -> Decision:
    decision = bayes.build(bayes.Options(initial=3, pool=64, alternatives=0), problem).propose(history)
    assert decision.model is not None
    return decision


def only_map(milestones: Milestones, history: History, decision: Decision) -> PosteriorGrid:
    (artifact,) = milestones(history, decision)
    assert (artifact.role, artifact.media_type) == ("posterior_grid", "application/json")
    return posterior_grid_from_json(artifact.content)


def test_the_map_is_what_the_decisions_own_model_believed(problem):
    history = evenly_measured(problem, 12)
    decision = suggestion(problem, history)
    grid = only_map(Milestones(problem, 1), history, decision)
    assert decision.model is not None
    training = learned(Encoding(problem.space), problem.objective, history).features["height"]
    state = read_state(decision.model.canonical_json).beliefs["height"]
    assert state is not None
    points = tuple(Point(coordinates=dict(zip(problem.space.names, p, strict=True))) for p in grid.points)
    mean, sigma = Belief(training, state).predict(scale_to_unit(problem.space, points))
    assert grid.mean == tuple(mean.tolist())
    assert grid.sigma == tuple(sigma.tolist())
    assert (grid.seq, grid.watermark, grid.hyperparameters_of) == (13, 12, 13)
    assert (grid.feature, grid.unit, grid.axes) == ("height", "1/cm", problem.space.axes)


def test_the_map_of_a_well_measured_hill_is_that_hill(problem):
    history = evenly_measured(problem, 60)
    grid = only_map(Milestones(problem, 1), history, suggestion(problem, history))
    names = problem.space.names
    truth = [fakes.hill(Point(coordinates=dict(zip(names, p, strict=True)))) for p in grid.points]
    assert np.abs(np.array(truth) - grid.mean).max() < 0.05
    assert np.mean(np.abs(np.array(truth) - grid.mean) < 3 * np.array(grid.sigma)) > 0.97


def test_nothing_is_fitted_for_a_map_whose_decision_has_a_model(problem, monkeypatch):
    history = evenly_measured(problem, 8)
    decision = suggestion(problem, history)
    monkeypatch.setattr(posterior_grid, "fit_state", lambda *_: pytest.fail("it fitted"))
    assert only_map(Milestones(problem, 1), history, decision).hyperparameters


def test_maps_come_with_every_third_decision_that_asked_a_model(problem):
    history, milestones, kept = evenly_measured(problem, 4), Milestones(problem, 3), []
    analysis = fakes.FakeAnalysis()
    for _ in range(4):
        blank = problem.measure(history, "blank", Point(coordinates={}), WHY)
        assert milestones(history, blank) == ()
        decision = suggestion(problem, history)
        kept.append(len(milestones(history, decision)))
        history = measured(history, decision, analysis)
    assert kept == [0, 0, 1, 0]


def test_a_stop_keeps_a_map_of_all_that_was_measured(problem):
    history = evenly_measured(problem, 5)
    for _ in range(2):
        history = measured(history, suggestion(problem, history), fakes.FakeAnalysis())
    grid = only_map(
        Milestones(problem, 25), history, problem.end(history, Reason(code="budget", sentence="Done."))
    )
    assert (grid.seq, grid.watermark, grid.hyperparameters_of) == (8, 7, 7)


def test_a_stop_of_a_campaign_that_asked_no_model_keeps_none(problem):
    history = evenly_measured(problem, 6)
    assert (
        Milestones(problem, 1)(history, problem.end(history, Reason(code="budget", sentence="Done."))) == ()
    )
    filling = space_filling.build(space_filling.Options(), problem).propose(history)
    assert Milestones(problem, 1)(history, filling) == ()


@pytest.mark.parametrize("state", ['{"mine":1}', '{"belief":{"slope":[1.0]}}', '{"belief":null}'])
def test_the_state_of_another_model_is_not_mistaken_for_this_one(problem, state):
    history = evenly_measured(problem, 8)
    other = ModelState(acquisition="mine", canonical_json=state, training_sha256="0" * 64)
    decision = suggestion(problem, history).model_copy(update={"model": other})
    grid = only_map(Milestones(problem, 1), history, decision)
    assert grid.hyperparameters_of is None
    assert set(grid.hyperparameters) == {"length_scales", "variance", "noise"}


@pytest.mark.parametrize("n", [0, 1])
def test_where_no_model_can_be_had_there_is_no_map(problem, n):
    with_model = suggestion(problem, evenly_measured(problem, 5))
    assert Milestones(problem, 1)(evenly_measured(problem, n), with_model) == ()


def test_equal_values_give_no_map(problem):
    history = evenly_measured(problem, 5, fakes.FakeAnalysis(lambda _: 1.0))
    with_model = suggestion(problem, evenly_measured(problem, 5))
    assert Milestones(problem, 1)(history, with_model) == ()


def test_every_map_of_a_campaign_has_the_same_allowed_points(problem):
    points = map_points(problem.space, 5)
    assert len(points) == N_POINTS
    assert points == map_points(problem.space, 5)
    assert points != map_points(problem.space, 6)
    assert all(problem.space.objections(point) == [] for point in points)


@pytest.mark.parametrize("n_samples", [9, 400])
def test_where_only_some_samples_exist_the_map_is_of_those(problem, n_samples):
    drawn = unscale(problem.space, draw_feasible(problem.space, n_samples, 2))
    named = tuple(Point(coordinates=p.coordinates, sample=f"S{i}") for i, p in enumerate(drawn))
    few = problem.model_copy(update={"space": problem.space.model_copy(update={"candidates": named})})
    history = evenly_measured(problem, 5)
    grid = only_map(Milestones(few, 1), history, suggestion(problem, history))
    assert len(set(grid.samples)) == min(n_samples, N_POINTS)
    where = {point.sample: point for point in named}
    assert all(
        tuple(where[name][axis] for axis in few.space.names) == place
        for name, place in zip(grid.samples, grid.points, strict=True)
    )


def test_a_map_is_quick_at_a_hundred_observations(problem):
    history = evenly_measured(problem, 100)
    decision = suggestion(problem, history)
    milestones, times_s = Milestones(problem, 1), []
    for _ in range(5):
        begin = time.process_time()  # what else the machine does is not the map's cost
        milestones(history, decision)
        times_s.append(time.process_time() - begin)
    assert min(times_s) < 0.05


@pytest.mark.parametrize("text", ["", "[]", '{"seq": 1}'])
def test_what_is_no_map_is_refused(text):
    with pytest.raises(BadInput, match="posterior grid"):
        posterior_grid_from_json(text)


def test_a_decision_names_the_measurements_that_it_did_not_learn_from(problem):
    history = evenly_measured(problem, 4)  # decisions 1 to 4, all good
    spot = Point(coordinates={"surfactant": 0.1, "cosurfactant": 0.1, "water": 0.8})
    rejected, lacking = fakes.FakeAnalysis(rejects=lambda _: True), fakes.FakeAnalysis(lacks=lambda _: True)
    history = measured(history, problem.measure(history, "suggest", spot, WHY), rejected)  # 5
    history = measured(history, problem.measure(history, "suggest", spot, WHY), lacking)  # 6
    history = measured(history, problem.measure(history, "blank", spot, WHY), fakes.FakeAnalysis())  # 7
    lost = problem.measure(history, "repeat", spot, WHY)  # 8
    history = history.plus(lost).plus(Failure(seq=8, code="BeamlineFault", sentence="It was stuck."))
    assert left_out(problem.objective, history) == (5, 6, 8)
    decision = suggestion(problem, history)
    assert decision.model is not None
    assert decision.model.left_out == (5, 6, 8)
    after = history.plus(decision)  # 9 has no outcome yet
    assert left_out(problem.objective, after) == (5, 6, 8)
