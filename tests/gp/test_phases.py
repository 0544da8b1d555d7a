"""Phases are drawn as whole maps, and what is measured next lessens what a chart tells wrongly."""

import re

import numpy as np
import pytest

from models.domain.errors import FitFailed
from models.domain.objective import as_objective
from models.gp.acquisitions.phase_boundary import PhaseBoundary
from models.gp.belief import Belief, Watch
from models.gp.knowledge import Knowledge
from models.gp.mind import Mind
from models.gp.phase_classes import class_trainings, number_phases
from models.gp.phase_draws import PhaseDraws
from models.gp.pursuits.phases import PURSUIT
from models.gp.state import fit_state
from models.gp.training import Training

BY_NUMBER = as_objective(goal="phases", feature="phase")
THEN = as_objective(
    goal="phases", feature="phase", sure_to=0.5, then={"feature": "height", "goal": "maximise"}
)
POOL = np.random.default_rng(8).random((150, 2))


def phase_at(points: np.ndarray) -> np.ndarray:
    """0 on the left, 2 at the lower right, 1 elsewhere."""
    x, y = points.T
    return np.where(x < 0.4, 0.0, np.where(y < 0.5, 2.0, 1.0))


def known(n: int = 24, points: np.ndarray | None = None) -> Knowledge:
    points = np.random.default_rng(1).random((n, 2)) if points is None else points
    phase = Training(points, phase_at(points), np.full(len(points), 0.05))
    height = Training(points, points[:, 0] - (points[:, 1] - 0.8) ** 2, np.full(len(points), 0.01))
    return Knowledge(len(points), {"phase": phase, "height": height}, {}, {})


def draws_of(knowledge: Knowledge, pool: np.ndarray = POOL) -> tuple[PhaseDraws, Knowledge]:
    trainings = class_trainings(number_phases(BY_NUMBER, knowledge, 0))
    return PhaseDraws([Belief(one, fit_state(one), Watch(pool)) for one in trainings.values()]), knowledge


@pytest.fixture(scope="module")
def draws() -> PhaseDraws:
    return draws_of(known())[0]


def boundary_of(draws: PhaseDraws, knowledge: Knowledge) -> PhaseBoundary:
    places = number_phases(BY_NUMBER, knowledge, 0)
    return PhaseBoundary(draws, places.points, places.numbers)


def test_a_class_learns_the_logarithm_of_a_gamma_variate_of_matching_moments():
    places = number_phases(BY_NUMBER, known(), 0)
    trainings = class_trainings(places)
    assert list(trainings) == ["phase 0", "phase 1", "phase 2"]
    for number, training in enumerate(trainings.values()):
        concentration = np.where(places.numbers == number, 1.01, 0.01)
        mean = np.exp(training.values + training.sigmas**2 / 2)
        variance = (np.exp(training.sigmas**2) - 1) * mean**2
        assert mean == pytest.approx(concentration)
        assert variance == pytest.approx(concentration)  # of a gamma variate of unit rate


def test_probabilities_add_up_to_one_and_are_sure_where_it_was_measured(draws):
    shares = draws.probabilities(POOL)
    assert shares.sum(axis=1) == pytest.approx(1.0)
    points = known().features["phase"].unit_points
    told = draws.probabilities(points)[np.arange(len(points)), phase_at(points).astype(int)]
    assert told.min() > 0.3
    assert np.median(told) > 0.9


def test_what_is_probable_is_as_often_true(draws):
    places = np.random.default_rng(11).random((3000, 2))
    shares = draws.probabilities(places)
    is_true = shares.argmax(axis=1) == phase_at(places)
    assert 1.0 - is_true.mean() == pytest.approx(draws.doubt, abs=0.05)
    assert is_true[shares.max(axis=1) > 0.9].mean() > 0.95


def test_the_fall_is_counted_map_by_map_and_place_by_place(draws):
    boundary, knowledge = boundary_of(draws, known()), known()
    points, numbers = (
        knowledge.features["phase"].unit_points,
        phase_at(knowledge.features["phase"].unit_points),
    )
    for x in POOL[:8]:
        labels_at_x = draws.at(x[None])[:, 0]
        fall = 0.0
        for place, reference in enumerate(draws.references):
            gaps = np.linalg.norm(points - reference, axis=1)
            if np.linalg.norm(x - reference) < gaps.min():
                here = draws.labels[:, place]
                fall += np.mean(here != numbers[gaps.argmin()]) - np.mean(here != labels_at_x)
        fall = max(fall / len(draws.references), 0.0)
        assert np.exp(boundary.at(x[None])[0]) == pytest.approx(fall, abs=2e-6)


def test_the_error_of_the_chart_is_about_what_it_truly_is(draws):
    places = np.random.default_rng(5).random((3000, 2))
    points = known().features["phase"].unit_points
    nearest = np.linalg.norm(places[:, None] - points[None], axis=2).argmin(axis=1)
    truly = np.mean(phase_at(points)[nearest] != phase_at(places))
    assert boundary_of(draws, known()).error == pytest.approx(truly, abs=0.05)


def test_beliefs_that_are_alike_draw_the_same_maps(draws):
    assert np.array_equal(draws_of(known())[0].labels, draws.labels)
    assert np.array_equal(draws.at(POOL), draws_of(known())[0].at(POOL))


def follow(objective, n_steps: int, n_start: int = 10) -> tuple[np.ndarray, list]:
    """Where a mind goes that is told the truth, and its aims."""
    points, aims, mind, state = np.random.default_rng(1).random((n_start, 2)), [], Mind(objective), None
    for _ in range(n_steps):
        pool = np.random.default_rng(len(points)).random((200, 2))
        mind.learn(known(points=points), state, lambda _, pool=pool: pool)
        aim, state = mind.aim(), mind.state
        watched = next(iter(mind.beliefs.values())).watch.points
        best = watched[[aim.worth.watched().argmax()]]
        aims.append((aim, best))
        points = np.vstack([points, best])
    return points, aims


def chart_error(points: np.ndarray) -> float:
    places = np.random.default_rng(5).random((2000, 2))
    nearest = np.linalg.norm(places[:, None] - points[None], axis=2).argmin(axis=1)
    return float(np.mean(phase_at(points)[nearest] != phase_at(places)))


def test_a_chart_of_chosen_points_is_better_than_one_of_as_many_random_points():
    points, aims = follow(BY_NUMBER, 18)
    by_chance = [chart_error(np.random.default_rng(seed).random((28, 2))) for seed in range(10)]
    assert chart_error(points) < 0.7 * np.mean(by_chance)
    sentences = [aim.explain(aim.expect(best)[0], False).sentence for aim, best in aims]
    said = [one for one in sentences if one.startswith("Phase boundary between")]
    assert len(said) > 5
    assert all("runs near here: probabilities 0." in one for one in said)


def test_once_the_map_is_sure_enough_the_best_is_sought_inside_the_phase_of_the_best():
    points, aims = follow(THEN, 8, n_start=24)
    aim, best = aims[-1]
    reason = aim.explain(aim.expect(best)[0], False)
    assert reason.code == "expected_improvement"
    assert "inside phase 1" in reason.sentence
    height = points[:, 0] - (points[:, 1] - 0.8) ** 2
    assert height[24:].max() > 0.97
    told = re.search(r"against ([0-9.]+) at the best point so far", reason.sentence)
    assert told is not None
    assert float(told[1]) == pytest.approx(height.max(), abs=0.05)
    assert aim.expect(best)[0][0].name == "height"


def test_a_point_still_being_measured_is_not_chosen_again():
    mind = Mind(BY_NUMBER)
    mind.learn(known(), None, lambda _: POOL)
    chosen = np.empty((0, 2))
    for step in range(4):
        aim = (mind.suppose(chosen, 1) if step else mind).aim()
        best = POOL[[aim.worth.watched().argmax()]]
        assert len(chosen) == 0 or np.linalg.norm(chosen - best, axis=1).min() > 0.02
        assert [one.mean for one in aim.expect(best)[0]] == [one.mean for one in mind.aim().expect(best)[0]]
        chosen = np.vstack([chosen, best])


def test_inside_a_phase_too_a_point_still_being_measured_is_worth_less():
    mind = Mind(THEN)
    mind.learn(known(), None, lambda _: POOL)
    worth = mind.aim().worth
    best = POOL[[worth.watched().argmax()]]
    assert worth.name == "log_expected_improvement"
    assert mind.suppose(best, 1).aim().worth.at(best)[0] < worth.at(best)[0] - 0.3


def test_each_map_says_itself_what_a_point_still_being_measured_will_be(draws):
    places = number_phases(BY_NUMBER, known(), 0)
    x = POOL[[boundary_of(draws, known()).at(POOL).argmax()]]
    after = PhaseBoundary(draws, places.points, places.numbers, x)
    fall = boundary_of(draws, known()).error - after.error
    assert fall == pytest.approx(np.exp(boundary_of(draws, known()).at(x)[0]), abs=1e-5)


def test_a_map_that_is_not_sure_enough_is_mapped_first():
    sure = THEN.model_copy(update={"sure_to": 1e-6})
    _, aims = follow(sure, 1, n_start=24)
    assert aims[-1][0].worth.name == "log_phase_error_fall"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([1.0] * 5, "all 5 measurements are of one phase"),
        ([1.0, 2.0, float("nan"), 1.0, 2.0], "a number of a phase is not finite"),
        (list(range(12)), "phase names 12 phases in 12 measurements, more than n_most = 8"),
        ([1.0], "all 1 measurements are of one phase"),
        ([], "0 measurements"),
    ],
)
def test_what_makes_no_map_of_phases_is_said(values, said):
    points = np.random.default_rng(2).random((len(values), 2))
    phase = Training(points, np.array(values, dtype=float), np.full(len(values), 0.05))
    with pytest.raises(FitFailed, match=said):
        PURSUIT.study(BY_NUMBER, Knowledge(len(values), {"phase": phase}, {}, {}), len(values))
