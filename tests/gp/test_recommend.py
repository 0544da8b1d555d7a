"""What is recommended: worth is computed right, nothing impossible is proposed, and it is repeatable."""

import numpy as np
import pytest
import torch
from scipy.optimize import OptimizeResult

from models.domain.campaign import ObjectiveSpec
from models.domain.errors import FitFailed
from models.domain.space import Axis, Point, SearchSpace, SumConstraint
from models.gp.acquisition import ExpectedImprovement
from models.gp.design import KEEP_AWAY, draw_feasible, is_away, scale_to_unit, unscale
from models.gp.recommend import SEPARATION, Ask, Knowledge, fit_surrogate, recommend
from models.gp.search import climb, score_pool
from models.gp.surrogate import Surrogate, Training
from tests.fakes import TERNARY, hill

HIGHEST = ObjectiveSpec(feature="height")
LOWEST = ObjectiveSpec(feature="height", goal="minimise")
TARGET = ObjectiveSpec(feature="height", goal="target", target=0.5)
GOALS = pytest.mark.parametrize("objective", [HIGHEST, LOWEST, TARGET], ids=lambda o: o.goal)


def on_the_hill(n: int = 14, seed: int = 1) -> Training:
    unit = draw_feasible(TERNARY, n, seed)
    values = np.array([hill(point) for point in unscale(TERNARY, unit)])
    return Training(unit, values, np.full(n, 0.02))


def nothing_absent(training: Training) -> Knowledge:
    none = np.empty((0, training.unit_points.shape[1]))
    return Knowledge(training, none, none)


@pytest.fixture(scope="module")
def surrogate() -> Surrogate:
    return fit_surrogate(on_the_hill())


def improvement(surrogate: Surrogate, objective: ObjectiveSpec) -> ExpectedImprovement:
    return ExpectedImprovement(surrogate, objective, on_the_hill().unit_points)


@GOALS
def test_the_expectation_agrees_with_a_million_draws(surrogate, objective):
    points = draw_feasible(TERNARY, 12, 5)
    worth = improvement(surrogate, objective)
    closed = np.exp(score_pool(worth, points)) * surrogate.spread
    mean, sigma = surrogate.predict(points)
    normal = np.random.default_rng(6).standard_normal(1_000_000)
    for place in range(len(points)):
        value, best = mean[place] + sigma[place] * normal, worth.incumbent
        if objective.target is not None:
            gain = abs(best - objective.target) - np.abs(value - objective.target)
        else:
            gain = value - best if objective.goal == "maximise" else best - value
        gain = np.maximum(gain, 0.0)
        error = gain.std() / np.sqrt(gain.size)
        assert abs(closed[place] - gain.mean()) < 3.0 * error + 1e-7  # what a million draws never meet


def test_the_worth_of_a_hopeless_point_is_right_far_into_the_tail(surrogate):
    worth = improvement(surrogate, TARGET)
    points = draw_feasible(TERNARY, 200, 5)
    mean, sigma = surrogate.predict(points)
    values = score_pool(worth, points)
    half = abs(worth.incumbent - 0.5)
    n_far = 0
    for place in np.flatnonzero(np.abs(mean - 0.5) > half + 8.0 * sigma):
        steps = np.linspace(-half, half, 20001)
        exponent = -0.5 * ((0.5 + steps - mean[place]) / sigma[place]) ** 2
        largest = exponent.max()
        density = np.exp(exponent - largest) / (sigma[place] * np.sqrt(2.0 * np.pi))
        expected = np.log(np.trapezoid((half - np.abs(steps)) * density, steps) / surrogate.spread) + largest
        assert values[place] == pytest.approx(expected, abs=1e-3)
        n_far += 1
    assert n_far >= 3


@GOALS
def test_the_incumbent_is_the_believed_best_of_the_measured_points(surrogate, objective):
    mean, _ = surrogate.predict(on_the_hill().unit_points)
    best = {"maximise": mean.max(), "minimise": mean.min(), "target": mean[np.abs(mean - 0.5).argmin()]}
    assert improvement(surrogate, objective).incumbent == best[objective.goal]


@GOALS
def test_the_gradient_agrees_with_finite_differences(surrogate, objective):
    worth = improvement(surrogate, objective)
    step = 1e-5
    for row in draw_feasible(TERNARY, 8, 7):
        x = torch.from_numpy(row[np.newaxis].copy()).requires_grad_(True)
        (gradient,) = torch.autograd.grad(worth(x).sum(), x)
        for axis in range(3):
            shift = np.zeros(3)
            shift[axis] = step
            up, down = score_pool(worth, np.stack([row + shift, row - shift]))
            assert float(gradient[0, axis]) == pytest.approx((up - down) / (2 * step), rel=2e-3, abs=1e-4)


def test_an_incumbent_that_hits_the_target_still_leaves_one_point_better_than_another(surrogate):
    mean, _ = surrogate.predict(on_the_hill().unit_points)
    exact = ObjectiveSpec(feature="height", goal="target", target=float(mean[3]))
    worth = improvement(surrogate, exact)
    assert worth.incumbent == exact.target
    values = score_pool(worth, draw_feasible(TERNARY, 256, 8))
    assert len(np.unique(values)) > 200


FIXED_PART = SearchSpace(
    axes=(
        Axis(name="a", low=0.0, high=1.0),
        Axis(name="b", low=0.0, high=0.8),
        Axis(name="salt", low=0.1, high=0.1),
        Axis(name="t", low=20.0, high=60.0, unit="C"),
    ),
    sums=(SumConstraint(axes=("a", "b", "salt")),),
)
MICROLITRES = SearchSpace(
    axes=(Axis(name="a", low=0.0, high=900.0), Axis(name="b", low=50.0, high=1000.0)),
    sums=(SumConstraint(axes=("a", "b"), total=1000.0),),
)
FREE = SearchSpace(axes=(Axis(name="x", low=-1.0, high=1.0), Axis(name="y", low=0.0, high=5.0)))


@pytest.mark.parametrize(
    "space", [TERNARY, FIXED_PART, MICROLITRES, FREE], ids=["ternary", "fixed part", "microlitres", "free"]
)
def test_a_climb_rises_and_stays_inside_bounds_and_sums(space):
    top = draw_feasible(space, 1, 99)[0]

    def score(unit: torch.Tensor) -> torch.Tensor:
        return -((unit - torch.from_numpy(top)) ** 2).sum(dim=-1)

    starts = draw_feasible(space, 5, 2)
    ends = climb(score, space, starts)
    assert np.all(score_pool(score, ends) > -1e-8)
    assert np.all(score_pool(score, starts) < -1e-3)
    for point in unscale(space, ends):
        assert space.objections(point) == []


def test_a_climb_whose_score_is_not_finite_ends_where_it_began():
    starts = draw_feasible(TERNARY, 2, 2)
    ends = climb(lambda unit: unit.sum(dim=-1) * torch.nan, TERNARY, starts)
    assert np.array_equal(ends, starts)


def test_a_climb_that_left_the_sums_ends_where_it_began(monkeypatch):
    def wandering(*_: object, **__: object) -> OptimizeResult:
        return OptimizeResult(x=np.array([0.5, 0.5, 0.6]), fun=-1e9)

    monkeypatch.setattr("models.gp.search.minimize", wandering)
    starts = draw_feasible(TERNARY, 2, 2)
    assert np.array_equal(climb(lambda unit: unit.sum(dim=-1), TERNARY, starts), starts)


@GOALS
def test_what_is_recommended_is_ranked_distinct_and_possible(objective):
    pool = draw_feasible(TERNARY, 512, 3)
    found = recommend(TERNARY, objective, nothing_absent(on_the_hill()), pool, Ask(6))
    assert len(found.values) == 6
    assert np.all(np.diff(found.values) <= 0)
    assert np.isfinite(found.means).all()
    assert np.all(found.sigmas > 0)
    gaps = np.linalg.norm(found.unit_points[:, None] - found.unit_points[None], axis=2)
    assert gaps[~np.eye(6, dtype=bool)].min() > SEPARATION
    for point in unscale(TERNARY, found.unit_points):
        assert TERNARY.objections(point) == []


def test_following_gradients_is_never_worse_than_the_pool():
    pool = draw_feasible(TERNARY, 64, 3)
    knowledge = nothing_absent(on_the_hill())
    worth = improvement(fit_surrogate(knowledge.training), HIGHEST)
    found = recommend(TERNARY, HIGHEST, knowledge, pool, Ask(1))
    assert found.values[0] > score_pool(worth, pool).max()


@GOALS
def test_two_fresh_recommendations_are_equal_to_the_last_bit(objective):
    pool = draw_feasible(TERNARY, 256, 3)
    one, other = (
        recommend(TERNARY, objective, nothing_absent(on_the_hill()), pool, Ask(4)) for _ in range(2)
    )
    assert np.array_equal(one.unit_points, other.unit_points)
    assert np.array_equal(one.values, other.values)
    assert one.state_json == other.state_json


def test_where_only_some_samples_exist_only_they_are_recommended():
    points = unscale(TERNARY, draw_feasible(TERNARY, 30, 4))
    samples = tuple(Point(coordinates=p.coordinates, sample=f"S{i}") for i, p in enumerate(points))
    space = TERNARY.model_copy(update={"candidates": samples})
    pool = scale_to_unit(space, samples)
    found = recommend(space, HIGHEST, nothing_absent(on_the_hill()), pool, Ask(3))
    assert None not in found.pool_rows
    for place, row in enumerate(found.pool_rows):
        assert np.array_equal(found.unit_points[place], pool[row])


def test_a_pool_of_one_is_recommended_alone():
    pool = draw_feasible(TERNARY, 1, 4)
    space = TERNARY.model_copy(update={"candidates": unscale(TERNARY, pool)})
    found = recommend(space, HIGHEST, nothing_absent(on_the_hill()), pool, Ask(5))
    assert found.pool_rows == (0,)


def test_where_curves_lacked_the_feature_less_is_recommended():
    knowledge = nothing_absent(on_the_hill())
    pool = draw_feasible(TERNARY, 512, 3)
    plain = recommend(TERNARY, HIGHEST, knowledge, pool, Ask(1)).unit_points[0]
    around = plain + np.random.default_rng(1).normal(0, 0.03, (6, 3))
    lacking = Knowledge(knowledge.training, around, knowledge.failed)
    found = recommend(TERNARY, HIGHEST, lacking, pool, Ask(1))
    assert np.linalg.norm(found.unit_points[0] - plain) > 0.1
    assert '"presence":{' in found.state_json
    assert '"presence":null' in recommend(TERNARY, HIGHEST, knowledge, pool, Ask(1)).state_json


def test_gradients_do_not_lead_back_to_where_a_measurement_failed():
    knowledge, pool = nothing_absent(on_the_hill()), draw_feasible(TERNARY, 512, 3)
    lost = recommend(TERNARY, HIGHEST, knowledge, pool, Ask(1)).unit_points
    clear = pool[is_away(pool, lost)]
    found = recommend(TERNARY, HIGHEST, Knowledge(knowledge.training, knowledge.absent, lost), clear, Ask(4))
    assert np.linalg.norm(found.unit_points - lost, axis=1).min() > KEEP_AWAY


def test_two_observations_are_enough_to_recommend():
    unit = np.array([[0.1, 0.2, 0.9], [0.6, 0.2, 0.5]])
    knowledge = nothing_absent(Training(unit, np.array([1.0, 2.0]), np.array([0.1, 0.1])))
    found = recommend(TERNARY, HIGHEST, knowledge, draw_feasible(TERNARY, 64, 1), Ask(3))
    assert np.isfinite(found.values).all()


def test_one_point_measured_a_thousand_times_is_survived():
    rng = np.random.default_rng(1)
    unit = np.repeat(draw_feasible(TERNARY, 1, 1), 1000, axis=0)
    training = Training(unit, rng.normal(1.0, 0.1, 1000), np.full(1000, 0.1))
    found = recommend(TERNARY, HIGHEST, nothing_absent(training), draw_feasible(TERNARY, 64, 1), Ask(3))
    assert len(found.values) == 3


def test_nothing_to_learn_from_is_a_failed_fit_that_says_why():
    flat = Training(draw_feasible(TERNARY, 3, 1), np.ones(3), np.full(3, 0.1))
    with pytest.raises(FitFailed, match="equal"):
        recommend(TERNARY, HIGHEST, nothing_absent(flat), draw_feasible(TERNARY, 64, 1), Ask(3))


def test_when_little_can_be_gained_it_goes_where_the_model_knows_least():
    pool = draw_feasible(TERNARY, 256, 1)
    knowledge = nothing_absent(on_the_hill())
    greedy = recommend(TERNARY, HIGHEST, knowledge, pool, Ask(1))
    curious = recommend(TERNARY, HIGHEST, knowledge, pool, Ask(1, least_gain=1e9))
    assert greedy.acquisition == "log_expected_improvement"
    assert curious.acquisition == "log_posterior_sigma"
    _, sigmas = fit_surrogate(knowledge.training).predict(pool)
    assert curious.sigmas[0] >= sigmas.max() * (1 - 1e-9)


def test_close_to_a_target_every_gain_is_small_and_it_keeps_seeking_all_the_same():
    training = on_the_hill()
    nearly_there = ObjectiveSpec(feature="height", goal="target", target=float(training.values[0]) + 0.002)
    pool = draw_feasible(TERNARY, 256, 1)
    found = recommend(TERNARY, nearly_there, nothing_absent(training), pool, Ask(1, least_gain=0.01))
    assert found.acquisition == "log_expected_improvement"
