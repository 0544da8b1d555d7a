"""Values that span decades are believed by their logarithms, where only their order counts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.domain.objective import as_objective
from models.gp.acquisitions.improvement import ExpectedImprovement
from models.gp.belief import Belief, Watch
from models.gp.knowledge import Knowledge
from models.gp.mind import Mind
from models.gp.scale import LARGEST_LOG_SIGMA, Scale, logarithms
from models.gp.state import fit_state
from models.gp.training import Training

POOL = np.random.default_rng(3).random((200, 2))
SIZES = st.floats(-20.0, 20.0)


def decades(points: np.ndarray) -> np.ndarray:
    """A peak's strength from 1 to 1,000."""
    return 10.0 ** (3.0 * np.exp(-((points - [0.3, 0.6]) ** 2).sum(axis=1) / 0.15))


def lesson(n: int, seed: int = 5, truth=decades, share: float = 0.03) -> Training:
    points = np.random.default_rng(seed).random((n, 2))
    values = truth(points)
    sigmas = share * np.abs(values) + 1e-3
    noise = np.random.default_rng(seed + 1).standard_normal(n)
    return Training(points, values + sigmas * noise, sigmas)


def mind_for(goal: str, training: Training, **keys) -> Mind:
    mind = Mind(as_objective(feature="strength", goal=goal, **keys))
    n = len(training.values)
    known = Knowledge(n, {"strength": training}, {}, {"strength": "1/cm"})
    mind.learn(known, None, lambda _: POOL)
    return mind


@given(mean=SIZES, spread=st.floats(0.01, 3.0), at=st.floats(-3.0, 3.0), sigma=st.floats(0.001, 0.5))
def test_what_is_told_of_logarithms_is_the_mean_and_deviation_of_the_log_normal(mean, spread, at, sigma):
    scale = Scale(mean, spread, is_log=True)
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    values = np.exp((at + sigma * nodes) * spread + mean)
    weights = weights / weights.sum()
    expected = weights @ values
    told_mean, told_sigma = scale.told(np.array([at]), np.array([sigma]))
    assert told_mean[0] == pytest.approx(expected, rel=1e-9)
    assert told_sigma[0] == pytest.approx(np.sqrt(weights @ (values - expected) ** 2), rel=1e-6)


def test_a_step_up_from_a_value_ends_where_the_logarithm_does():
    scale = Scale(2.0, 0.5, is_log=True)
    value = float(scale.middle(np.array([1.0]))[0])
    assert value == pytest.approx(np.exp(2.5))
    assert scale.steps(np.array([1.0]), at=value)[0] == pytest.approx(np.exp(3.0) - np.exp(2.5))


def test_a_value_of_nothing_is_less_than_its_sigma_and_no_more_is_known():
    logs, sigmas = logarithms(np.array([-1.0, 0.0, 100.0]), np.array([2.0, 2.0, 1.0]))
    assert logs == pytest.approx(np.log([2.0, 2.0, 100.0]))
    assert sigmas == pytest.approx([LARGEST_LOG_SIGMA, LARGEST_LOG_SIGMA, 0.01])


@pytest.mark.parametrize("goal", ["maximise", "minimise"])
def test_the_best_of_values_over_decades_is_sought_by_logarithms(goal):
    assert mind_for(goal, lesson(25)).beliefs["strength"].state.is_log


@pytest.mark.parametrize(
    ("goal", "keys"), [("map", {}), ("target", {"target": 30.0}), ("level", {"level": 30.0})]
)
def test_a_goal_that_asks_for_the_values_themselves_believes_them(goal, keys):
    assert not mind_for(goal, lesson(25), **keys).beliefs["strength"].state.is_log


def test_values_that_may_be_nothing_are_believed_as_they_are():
    known = lesson(25)
    known = Training(known.unit_points, known.values, np.maximum(known.sigmas, known.values.min()))
    assert not mind_for("maximise", known).beliefs["strength"].state.is_log


def test_values_that_are_normal_as_they_are_stay_so():
    waves = lesson(30, truth=lambda points: 6.0 + np.sin(7.0 * points[:, 0]) + 3.0 * points[:, 1])
    assert not fit_state(waves, may_take_logs=True).is_log


def test_bands_told_back_from_logarithms_cover_the_truth():
    hits = []
    places = np.random.default_rng(11).random((200, 2))
    for seed in range(12):
        known = lesson(25, seed=seed)
        state = fit_state(known, may_take_logs=True)
        assert state.is_log
        mean, sigma = Belief(known, state).predict(places)
        hits.append(np.abs(decades(places) - mean) < 1.96 * sigma)
    assert 0.90 < np.mean(hits) <= 0.995


def test_gains_of_logarithms_are_told_in_the_unit_of_the_feature():
    mind = mind_for("maximise", lesson(25))
    belief, aim = mind.beliefs["strength"], mind.aim()
    worth = ExpectedImprovement(belief, as_objective(feature="strength"))
    assert worth.incumbent == pytest.approx(lesson(25).values.max(), rel=0.1)
    one_sigma = float(aim.gain(np.zeros(1))[0])
    assert one_sigma == pytest.approx(worth.incumbent * np.expm1(belief.state.spread))


def test_a_value_of_nothing_after_the_fit_is_taken_in():
    known = lesson(25)
    more = Training(
        np.vstack([known.unit_points, [[0.9, 0.1]]]),
        np.append(known.values, -0.5),
        np.append(known.sigmas, 0.7),
    )
    belief = Belief(known, fit_state(known, may_take_logs=True), Watch(POOL))
    belief.learn(more)
    assert np.isfinite(belief.predict(POOL)).all()
