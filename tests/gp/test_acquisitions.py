"""What a measurement is worth is computed right, with the gradients that it claims."""

import numpy as np
import pytest

from models.domain.objective import as_objective
from models.gp.acquisitions.ignorance import Ignorance
from models.gp.acquisitions.improvement import ExpectedImprovement
from models.gp.acquisitions.integrated import IntegratedVariance
from models.gp.acquisitions.level import LevelVariance
from models.gp.acquisitions.presence import LEAST_PRESENCE, Presence
from models.gp.acquisitions.worth import Together
from models.gp.belief import Belief, Watch
from models.gp.state import fit_state
from models.gp.training import Training

HIGHEST = as_objective(feature="height")
LOWEST = as_objective(feature="height", goal="minimise")
TARGET = as_objective(feature="height", goal="target", target=0.5)
GOALS = pytest.mark.parametrize("objective", [HIGHEST, LOWEST, TARGET], ids=lambda o: o.goal)
POOL = np.random.default_rng(8).random((80, 2))
CROWD = np.random.default_rng(9).random((700, 2))


def hill(points: np.ndarray) -> np.ndarray:
    return np.exp(-((points - [0.6, 0.3]) ** 2).sum(axis=1) / 0.08)


def on_the_hill(n: int = 20, seed: int = 1) -> Training:
    points = np.random.default_rng(seed).random((n, 2))
    return Training(points, hill(points), np.full(n, 0.02))


@pytest.fixture(scope="module")
def belief() -> Belief:
    learned = on_the_hill()
    return Belief(learned, fit_state(learned), Watch(POOL, is_pairwise=True))


@pytest.fixture(scope="module")
def uneven() -> Belief:
    """Learned from observations of very unlike noise, at more points than stand for all."""
    even = on_the_hill()
    learned = Training(even.unit_points, even.values, np.geomspace(0.002, 0.2, 20))
    return Belief(learned, fit_state(learned), Watch(CROWD, is_pairwise=True))


@GOALS
def test_the_expected_improvement_agrees_with_a_million_outcomes_of_the_measurement(belief, objective):
    """Each outcome moves what is believed of the place and of the incumbent; for a target the step of their
    difference is laid upon the place."""
    places = POOL[:12]
    closed = np.exp(ExpectedImprovement(belief, objective).at(places))
    posterior, state = belief.at(places), belief.state
    means = belief.means_at_observations()
    measured = on_the_hill().unit_points
    target = ((getattr(objective, "target", 0.0)) - state.mean) / state.spread
    badness = {"maximise": -means, "minimise": means, "target": np.abs(means - target)}[objective.goal]
    bests = badness.argmin(axis=1)
    variances = posterior.sigmas**2
    noises = np.exp(belief.log_known_variances(places)) + belief.noise_variances()[:, np.newaxis]
    noises *= belief.inflations[:, np.newaxis]
    normal = np.random.default_rng(6).standard_normal(1_000_000)
    for place in range(12):
        gains = np.zeros(normal.size)
        for k, weight in enumerate(belief.weights):
            tie = belief.covariances_between(places[place : place + 1], measured[bests[k]][np.newaxis])[
                k
            ].item()
            outcome = normal / np.sqrt(variances[k, place] + noises[k, place])
            here = posterior.means[k, place] + variances[k, place] * outcome
            best = means[k, bests[k]] + tie * outcome
            if objective.goal == "target":
                gain = badness[k].min() - np.abs(here - tie * outcome - target)
            else:
                gain = here - best if objective.goal == "maximise" else best - here
            gains += weight * np.maximum(gain, 0.0)
        error = gains.std() / np.sqrt(gains.size)
        assert abs(closed[place] - gains.mean()) < 4.0 * error + 1e-7  # what a million draws never meet


@GOALS
def test_it_does_not_pay_to_measure_again_what_moves_with_the_incumbent(belief, objective):
    worth = ExpectedImprovement(belief, objective)
    mean, sigma = belief.predict(on_the_hill().unit_points)
    best = on_the_hill().unit_points[[objective.distance(mean).argmin()]]
    plain = np.log(sigma.min() / belief.state.spread)
    assert worth.at(best)[0] < plain - 3.0
    assert worth.at(best)[0] < worth.at(POOL).max() - 1.0


def test_a_less_sure_model_expects_more_of_what_it_knows_least(belief):
    sigmas = belief.predict(POOL)[1]
    more = ExpectedImprovement(belief, HIGHEST, 3.0).at(POOL) - ExpectedImprovement(belief, HIGHEST).at(POOL)
    assert np.all(more > 0)
    assert more[sigmas > np.quantile(sigmas, 0.8)].max() > 2.0


@GOALS
def test_the_incumbent_is_the_believed_best_of_the_measured_points(belief, objective):
    mean, _ = belief.predict(on_the_hill().unit_points)
    best = {"maximise": mean.max(), "minimise": mean.min(), "target": mean[np.abs(mean - 0.5).argmin()]}
    assert ExpectedImprovement(belief, objective).incumbent == pytest.approx(best[objective.goal], abs=1e-9)


def test_the_worth_of_a_hopeless_point_is_finite_far_into_the_tail(belief):
    worth = ExpectedImprovement(belief, HIGHEST)
    sure = Training(
        np.vstack([on_the_hill().unit_points] * 40), np.tile(on_the_hill().values, 40), np.full(800, 1e-6)
    )
    certain = ExpectedImprovement(Belief(sure, fit_state(sure)), HIGHEST)
    for one in (worth, certain):
        assert np.isfinite(one.at(POOL)).all()
    assert certain.at(POOL).min() < -500.0


def worths(belief: Belief) -> dict[str, object]:
    learned = Training(POOL, (hill(POOL) > 0.2).astype(float), np.full(len(POOL), 0.1))
    presence = Presence(Belief(learned, fit_state(learned), Watch(POOL)))
    return {
        "highest": ExpectedImprovement(belief, HIGHEST),
        "lowest": ExpectedImprovement(belief, LOWEST),
        "doubtful": ExpectedImprovement(belief, HIGHEST, 3.0),
        "target": ExpectedImprovement(belief, TARGET),
        "ignorance": Ignorance(belief),
        "integrated": IntegratedVariance(belief),
        "level": LevelVariance(belief, 0.5),
        "presence": presence,
        "together": Together(ExpectedImprovement(belief, HIGHEST), presence),
    }


NAMES = (
    "highest",
    "lowest",
    "doubtful",
    "target",
    "ignorance",
    "integrated",
    "level",
    "presence",
    "together",
)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_agree_with_finite_differences(belief, name):
    worth, step = worths(belief)[name], 1e-5
    for point in np.random.default_rng(3).random((12, 2)):
        value, gradient = worth.slope(point)
        assert value == pytest.approx(worth.at(point[None])[0], rel=1e-9)
        for axis in range(2):
            shift = step * np.eye(2)[axis]
            up, down = worth.at(np.stack([point + shift, point - shift]))
            assert gradient[axis] == pytest.approx((up - down) / (2 * step), rel=2e-3, abs=1e-4)


@pytest.mark.parametrize("name", ["highest", "target", "integrated", "level"])
def test_gradients_hold_where_noise_is_uneven_and_few_places_stand_for_many(uneven, name):
    worth = worths(uneven)[name]
    assert len(uneven.references) < len(CROWD)
    assert worth.watched() == pytest.approx(worth.at(CROWD), rel=1e-8, abs=1e-8)
    for point in np.random.default_rng(3).random((6, 2)):
        value, gradient = worth.slope(point)
        assert value == pytest.approx(worth.at(point[None])[0], rel=1e-9)
        for axis in range(2):
            shift = 1e-6 * np.eye(2)[axis]
            up, down = worth.at(np.stack([point + shift, point - shift]))
            assert gradient[axis] == pytest.approx((up - down) / 2e-6, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_watched_points_are_worth_what_they_are_worth_when_asked_for(belief, name):
    worth = worths(belief)[name]
    assert worth.watched() == pytest.approx(worth.at(POOL), rel=1e-8, abs=1e-8)


def test_the_integrated_fall_is_what_one_more_measurement_takes_off(belief):
    worth = np.exp(IntegratedVariance(belief).watched())
    learned, state = on_the_hill(), belief.state
    sigma = 0.02
    for row in (0, 17, 60):
        more = Training(
            np.vstack([learned.unit_points, POOL[row]]), np.append(learned.values, 0.3),
            np.append(learned.sigmas, sigma),
        )  # fmt: skip
        before, after = belief.watched().sigmas, Belief(more, state, Watch(POOL)).watched().sigmas
        fall = belief.weights @ ((before**2 - after**2) * belief.doubts()).mean(axis=1)
        assert worth[row] == pytest.approx(fall, rel=1e-6)


def test_where_a_level_is_sought_the_points_near_it_are_worth_most(belief):
    def distance(worth: IntegratedVariance) -> float:
        return float(np.abs(hill(POOL[np.argsort(-worth.watched())[:10]]) - 0.5).mean())

    assert distance(LevelVariance(belief, 0.5)) < 0.9 * distance(IntegratedVariance(belief))


def test_a_level_that_nothing_comes_near_is_sought_everywhere(belief):
    far = LevelVariance(belief, 1e6).watched()
    assert far == pytest.approx(IntegratedVariance(belief).watched(), abs=1e-9)


def test_no_region_is_given_up_for_ever():
    learned = Training(POOL, np.append(np.zeros(79), 1.0), np.full(80, 0.1))
    worth = Presence(Belief(learned, fit_state(learned), Watch(POOL)))
    assert worth.at(POOL).min() >= np.log(LEAST_PRESENCE) - 1e-12
    assert worth.at(POOL).max() <= 0.0
