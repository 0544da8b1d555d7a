"""What is recommended: worth is computed right, nothing impossible is proposed, and it is repeatable."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from scipy.optimize import OptimizeResult

from models.domain.errors import FitFailed
from models.domain.objective import Objective, as_objective
from models.domain.space import Axis, Point, SearchSpace, SumConstraint
from models.gp.acquisitions.improvement import ExpectedImprovement
from models.gp.belief import Belief
from models.gp.design import KEEP_AWAY, is_away
from models.gp.encoding import Encoding
from models.gp.knowledge import Knowledge
from models.gp.mind import Mind, read_state
from models.gp.recommend import SEPARATION, Ask, Open, Recommendation, recommend
from models.gp.search import climb
from models.gp.state import fit_state
from models.gp.training import Training
from tests.draws import draw_feasible, scale_to_unit, unscale
from tests.fakes import TERNARY, hill

HIGHEST = as_objective(feature="height")
LOWEST = as_objective(feature="height", goal="minimise")
TARGET = as_objective(feature="height", goal="target", target=0.5)
GOALS = pytest.mark.parametrize("objective", [HIGHEST, LOWEST, TARGET], ids=lambda o: o.goal)


def on_the_hill(n: int = 14, seed: int = 1) -> Training:
    unit = draw_feasible(TERNARY, n, seed)
    values = np.array([hill(point) for point in unscale(TERNARY, unit)])
    return Training(unit, values, np.full(n, 0.02))


NOWHERE = np.empty((0, 3))


def places(found: Recommendation) -> np.ndarray:
    """Scaled coordinates of what is recommended, shape (k, 3)."""
    return np.array([choice.columns for choice in found.choices])


def values(found: Recommendation) -> list[float]:
    """Acquisition values of what is recommended."""
    return [choice.value for choice in found.choices]


def recommended(
    training: Training,
    objective: Objective,
    pool: np.ndarray,
    ask: Ask,
    *,
    space: SearchSpace = TERNARY,
    absent: np.ndarray = NOWHERE,
    failed: np.ndarray = NOWHERE,
) -> Recommendation:
    """What a fresh mind recommends."""
    presence: dict[str, Training] = {}
    if len(absent):
        n_found, n_absent = len(training.values), len(absent)
        labels = np.append(np.ones(n_found), np.zeros(n_absent))
        points = np.vstack([training.unit_points, absent])
        presence = {"height": Training(points, labels, np.full(labels.size, 0.1))}
    knowledge = Knowledge(len(training.values) + len(absent), {"height": training}, presence, {})
    mind = Mind(objective)
    mind.learn(knowledge, None, lambda _: pool)
    open_ = Open(Encoding(space), pool, is_away(pool, failed), failed)
    return recommend(mind, open_, ask)


@dataclass
class Slope:
    """A worth from a formula and its gradient."""

    value: Callable[[np.ndarray], np.ndarray]
    gradient: Callable[[np.ndarray], np.ndarray]
    name: str = "slope"
    n_starts: int = 3
    n_steps: int = 60

    def at(self, points: np.ndarray) -> np.ndarray:
        return self.value(points)

    def watched(self) -> np.ndarray:
        return self.value(np.empty((0, 3)))

    def slope(self, point: np.ndarray) -> tuple[float, np.ndarray]:
        return float(self.value(point[None])[0]), self.gradient(point)


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

    score = Slope(lambda unit: -((unit - top) ** 2).sum(axis=1), lambda point: -2.0 * (point - top))
    starts = draw_feasible(space, 5, 2)
    ends = climb(score, Encoding(space), starts)
    assert np.all(score.at(ends) > -1e-8)
    assert np.all(score.at(starts) < -1e-3)
    for point in unscale(space, ends):
        assert space.objections(point) == []


def test_a_climb_whose_score_is_not_finite_ends_where_it_began():
    starts = draw_feasible(TERNARY, 2, 2)
    ends = climb(Slope(lambda unit: np.nan * unit[:, 0], np.zeros_like), Encoding(TERNARY), starts)
    assert np.array_equal(ends, starts)


def test_a_climb_that_left_the_sums_ends_where_it_began(monkeypatch):
    def wandering(*_: object, **__: object) -> OptimizeResult:
        return OptimizeResult(x=np.array([0.5, 0.5, 0.6]), fun=-1e9)

    monkeypatch.setattr("models.gp.search.minimize", wandering)
    starts = draw_feasible(TERNARY, 2, 2)
    assert np.array_equal(
        climb(Slope(lambda unit: unit.sum(axis=1), np.ones_like), Encoding(TERNARY), starts), starts
    )


@GOALS
def test_what_is_recommended_is_ranked_distinct_and_possible(objective):
    pool = draw_feasible(TERNARY, 512, 3)
    found = recommended(on_the_hill(), objective, pool, Ask(6))
    assert len(found.choices) == 6
    assert np.all(np.diff(values(found)) <= 0)
    assert all(np.isfinite(choice.expected[0].mean) for choice in found.choices)
    assert all(choice.expected[0].sigma > 0 for choice in found.choices)
    gaps = np.linalg.norm(places(found)[:, None] - places(found)[None], axis=2)
    assert gaps[~np.eye(6, dtype=bool)].min() > SEPARATION
    for point in unscale(TERNARY, places(found)):
        assert TERNARY.objections(point) == []


def test_following_gradients_is_never_worse_than_the_pool():
    pool = draw_feasible(TERNARY, 64, 3)
    found = recommended(on_the_hill(), HIGHEST, pool, Ask(1))
    belief = Belief(on_the_hill(), fit_state(on_the_hill()))
    assert found.choices[0].value > ExpectedImprovement(belief, HIGHEST).at(pool).max()


@GOALS
def test_two_fresh_recommendations_are_equal_to_the_last_bit(objective):
    pool = draw_feasible(TERNARY, 256, 3)
    one, other = (recommended(on_the_hill(), objective, pool, Ask(4)) for _ in range(2))
    assert np.array_equal(places(one), places(other))
    assert values(one) == values(other)
    assert one.state_json == other.state_json


def test_where_only_some_samples_exist_only_they_are_recommended():
    points = unscale(TERNARY, draw_feasible(TERNARY, 30, 4))
    samples = tuple(Point(coordinates=p.coordinates, sample=f"S{i}") for i, p in enumerate(points))
    space = TERNARY.model_copy(update={"candidates": samples})
    pool = scale_to_unit(space, samples)
    found = recommended(on_the_hill(), HIGHEST, pool, Ask(3), space=space)
    for choice in found.choices:
        assert choice.pool_row is not None
        assert np.array_equal(choice.columns, pool[choice.pool_row])


def test_a_pool_of_one_is_recommended_alone():
    pool = draw_feasible(TERNARY, 1, 4)
    space = TERNARY.model_copy(update={"candidates": unscale(TERNARY, pool)})
    found = recommended(on_the_hill(), HIGHEST, pool, Ask(5), space=space)
    assert [choice.pool_row for choice in found.choices] == [0]


def test_where_curves_lacked_the_feature_less_is_recommended():
    pool = draw_feasible(TERNARY, 512, 3)
    plain = recommended(on_the_hill(), HIGHEST, pool, Ask(1))
    around = places(plain)[0] + np.random.default_rng(1).normal(0, 0.03, (6, 3))
    found = recommended(on_the_hill(), HIGHEST, pool, Ask(1), absent=around)
    assert np.linalg.norm(places(found)[0] - places(plain)[0]) > 0.05
    assert set(read_state(found.state_json).presence) == {"height"}
    assert read_state(plain.state_json).presence == {}


def test_gradients_do_not_lead_back_to_where_a_measurement_failed():
    pool = draw_feasible(TERNARY, 512, 3)
    lost = places(recommended(on_the_hill(), HIGHEST, pool, Ask(1)))
    found = recommended(on_the_hill(), HIGHEST, pool, Ask(4), failed=lost)
    assert np.linalg.norm(places(found) - lost, axis=1).min() > KEEP_AWAY


def test_two_observations_are_enough_to_recommend():
    unit = np.array([[0.1, 0.2, 0.9], [0.6, 0.2, 0.5]])
    two = Training(unit, np.array([1.0, 2.0]), np.array([0.1, 0.1]))
    found = recommended(two, HIGHEST, draw_feasible(TERNARY, 64, 1), Ask(3))
    assert np.isfinite(values(found)).all()


def test_one_point_measured_a_thousand_times_is_survived():
    rng = np.random.default_rng(1)
    unit = np.repeat(draw_feasible(TERNARY, 1, 1), 1000, axis=0)
    training = Training(unit, rng.normal(1.0, 0.1, 1000), np.full(1000, 0.1))
    found = recommended(training, HIGHEST, draw_feasible(TERNARY, 64, 1), Ask(3))
    assert len(found.choices) == 3


def test_nothing_to_learn_from_is_a_failed_fit_that_says_why():
    flat = Training(draw_feasible(TERNARY, 3, 1), np.ones(3), np.full(3, 0.1))
    with pytest.raises(FitFailed, match="equal"):
        recommended(flat, HIGHEST, draw_feasible(TERNARY, 64, 1), Ask(3))


@pytest.mark.parametrize(
    ("n", "acquisition"), [(14, "log_integrated_variance_fall"), (15, "log_doubtful_improvement")]
)
def test_when_little_can_be_gained_the_map_and_a_less_sure_model_take_turns(n, acquisition):
    pool = draw_feasible(TERNARY, 256, 1)
    greedy = recommended(on_the_hill(n), HIGHEST, pool, Ask(1))
    curious = recommended(on_the_hill(n), HIGHEST, pool, Ask(1, least_gain=1e9))
    assert greedy.acquisition == "log_expected_improvement"
    assert curious.acquisition == acquisition
    chosen, best = curious.choices[0].expected[0], greedy.choices[0].expected[0]
    assert chosen.mean + 3.0 * chosen.sigma >= best.mean + 3.0 * best.sigma or n % 2 == 0
    assert chosen.sigma > best.sigma or n % 2


@pytest.mark.parametrize(
    ("objective", "acquisition"),
    [(as_objective(feature="height", goal="map"), "log_integrated_variance_fall"),
     (as_objective(feature="height", goal="level", level=0.5), "log_level_variance_fall")],
)  # fmt: skip
def test_a_map_and_a_level_have_no_best_and_are_sought_all_the_same(objective, acquisition):
    found = recommended(on_the_hill(), objective, draw_feasible(TERNARY, 256, 1), Ask(3))
    assert found.acquisition == acquisition
    assert "best" not in found.reason.sentence
    for point in unscale(TERNARY, places(found)):
        assert TERNARY.objections(point) == []


@pytest.mark.parametrize(
    "objective", [HIGHEST, as_objective(feature="height", goal="map")], ids=lambda o: o.goal
)
def test_a_mind_that_was_kept_and_one_that_was_lost_recommend_the_same_bits(objective):
    everything = on_the_hill(60)
    lacking = np.arange(60) % 7 == 3
    kept, state = Mind(objective), None

    def pool_for(fitted_to: int) -> np.ndarray:
        return draw_feasible(TERNARY, 128, fitted_to)

    for n in range(10, 60):
        known = ~lacking[:n]
        training = Training(
            everything.unit_points[:n][known], everything.values[:n][known], everything.sigmas[:n][known]
        )
        presence = Training(everything.unit_points[:n], known.astype(float), np.full(n, 0.1))
        knowledge = Knowledge(n, {"height": training}, {"height": presence}, {})
        lost = Mind(objective)
        found = []
        for mind in (kept, lost):
            pool = pool_for(mind.learn(knowledge, state, pool_for))
            open_ = Open(Encoding(TERNARY), pool, np.ones(len(pool), dtype=bool), NOWHERE)
            found.append(recommend(mind, open_, Ask(3)))
        assert np.array_equal(places(found[0]), places(found[1]))
        assert values(found[0]) == values(found[1])
        assert found[0].state_json == found[1].state_json
        state = read_state(found[0].state_json)


def test_close_to_a_target_every_gain_is_small_and_it_keeps_seeking_all_the_same():
    training = on_the_hill()
    nearly_there = as_objective(feature="height", goal="target", target=float(training.values[0]) + 0.002)
    pool = draw_feasible(TERNARY, 256, 1)
    found = recommended(training, nearly_there, pool, Ask(1, least_gain=0.01))
    assert found.acquisition == "log_expected_improvement"


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"goal": "target", "target": 40.0}, "Beware: nothing is expected to reach 40, at most"),
        ({"goal": "target", "target": -40.0}, "Beware: nothing is expected to reach -40, at least"),
        ({"goal": "level", "level": 40.0}, "Beware: nothing is expected to reach 40, at most"),
        ({"goal": "target", "target": 0.5}, None),
        ({"goal": "level", "level": 0.5}, None),
    ],
)
def test_what_nothing_in_the_space_is_expected_to_reach_is_said(wanted, said):
    objective, pool = as_objective(feature="height", **wanted), draw_feasible(TERNARY, 200, 5)
    sentence = recommended(on_the_hill(30), objective, pool, Ask(1)).reason.sentence
    assert (said in sentence) if said else ("Beware" not in sentence)
