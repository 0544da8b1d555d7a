"""An acquisition written for BoTorch serves like our own: same values, same gradients, same draws again."""

import sys

import numpy as np
import pytest
import torch
from botorch.acquisition import (
    LogExpectedImprovement,
    PosteriorStandardDeviation,
    UpperConfidenceBound,
    qLogExpectedImprovement,
    qUpperConfidenceBound,
)
from botorch.sampling import SobolQMCNormalSampler
from scipy.special import logsumexp, ndtri

from models.domain.errors import BadInput, FitFailed
from models.domain.objective import ObjectiveBase, as_objective
from models.gp.acquisitions.ignorance import Ignorance
from models.gp.acquisitions.improvement import log_rise
from models.gp.acquisitions.presence import Presence
from models.gp.acquisitions.worth import Together
from models.gp.belief import Belief, Watch
from models.gp.library.context import AcquisitionContext
from models.gp.library.own_acquisition import OwnAcquisition
from models.gp.state import fit_state
from models.gp.training import Training

POOL = np.random.default_rng(4).random((80, 2))
HERE = __name__
HIGHEST = as_objective(feature="x")


def training(n: int = 20, seed: int = 1) -> Training:
    points = np.random.default_rng(seed).random((n, 2))
    values = 40.0 + 5.0 * np.exp(-((points - [0.6, 0.3]) ** 2).sum(axis=1) / 0.08)
    return Training(points, values, np.full(n, 0.1))


@pytest.fixture(scope="module")
def belief() -> Belief:
    found = Belief(training(), fit_state(training()), Watch(POOL))
    assert len(found.weights) > 1
    return found


def brought(make, objective: ObjectiveBase = HIGHEST, seed: int = 7) -> OwnAcquisition:
    """A function of this file, as if a campaign file named it."""
    sys.modules[HERE].brought_now = make
    return OwnAcquisition(f"{HERE}:brought_now", objective, ("x", "y"), seed)


def log_improvement(model, context: AcquisitionContext):
    return LogExpectedImprovement(model, best_f=context.best, posterior_transform=context.posterior_transform)


def deviation(model, context: AcquisitionContext):
    return PosteriorStandardDeviation(model)


def bound(model, context: AcquisitionContext):
    return UpperConfidenceBound(model, beta=2.0, posterior_transform=context.posterior_transform)


@pytest.mark.parametrize("goal", ["maximise", "minimise"])
def test_the_librarys_expected_improvement_is_that_of_each_of_our_members(belief, goal):
    objective = as_objective(feature="x", goal=goal)
    theirs = brought(log_improvement, objective).worth(belief)
    assert theirs.is_log
    posterior, means = belief.watched(), objective.sign * belief.means_at_observations()
    rises = (objective.sign * posterior.means - means.max(axis=1, keepdims=True)) / posterior.sigmas
    logs = np.log(posterior.sigmas) + log_rise(rises)
    expected = logsumexp(logs, axis=0, b=belief.weights[:, np.newaxis])
    assert np.allclose(theirs.watched(), expected, rtol=0, atol=1e-6)
    assert np.allclose(theirs.at(POOL[:9]), expected[:9], rtol=0, atol=1e-6)


def test_an_acquisition_that_draws_comes_near_the_integral(belief):
    def drawn(model, context):
        sampler = SobolQMCNormalSampler(torch.Size([2048]), seed=context.seed)
        return qLogExpectedImprovement(
            model, best_f=context.best, sampler=sampler, objective=context.objective, tau_relu=1e-9
        )

    theirs = brought(drawn, as_objective(feature="x", goal="target", target=41.0)).worth(belief)
    posterior = belief.watched()
    target = (41.0 - belief.state.mean) / belief.state.spread
    left = np.abs(belief.means_at_observations() - target).min(axis=1)
    normals = ndtri((np.arange(20_000) + 0.5) / 20_000)
    expected = sum(
        weight * np.maximum(left[k] - np.abs(mean + np.outer(normals, sigma) - target), 0.0).mean(axis=0)
        for k, (weight, mean, sigma) in enumerate(
            zip(belief.weights, posterior.means, posterior.sigmas, strict=True)
        )
    )
    likely = expected > np.exp(-4.0)
    assert likely.sum() > 5
    assert theirs.watched()[likely] == pytest.approx(np.log(expected[likely]), abs=0.01)


def test_an_acquisition_that_is_no_logarithm_is_counted_from_its_least_over_the_pool(belief):
    worth = brought(bound).worth(belief)
    posterior = belief.watched()
    expected = belief.weights @ (posterior.means + np.sqrt(2.0) * posterior.sigmas)
    assert expected.min() < 0.0, "a logarithm of it there is none"
    assert not worth.is_log
    found = worth.watched()
    assert np.array_equal(np.argsort(found), np.argsort(expected))
    assert np.exp(found) == pytest.approx(expected - expected.min(), abs=1e-6)
    assert np.isfinite(found).all()


@pytest.mark.parametrize("make", [log_improvement, deviation, bound])
def test_gradients_agree_with_finite_differences(belief, make):
    worth, step = brought(make).worth(belief), 1e-5
    for point in np.random.default_rng(3).random((8, 2)):
        value, gradient = worth.slope(point)
        assert value == pytest.approx(worth.at(point[None])[0], rel=1e-9)
        for axis in range(2):
            shift = step * np.eye(2)[axis]
            up, down = worth.at(np.stack([point + shift, point - shift]))
            assert gradient[axis] == pytest.approx((up - down) / (2 * step), rel=2e-3, abs=1e-4)


def test_a_chance_multiplies_what_is_above_the_least(belief):
    presence = Training(POOL, (POOL[:, 0] > 0.5).astype(float), np.full(len(POOL), 0.1))
    chance = Presence(Belief(presence, fit_state(presence), Watch(POOL)))
    worth = brought(bound).worth(belief)
    both = Together(worth, chance)
    assert both.watched() == pytest.approx(worth.watched() + chance.watched())
    assert both.watched().argmin() == worth.watched().argmin(), "worth nothing, however likely"
    assert POOL[both.watched().argmax(), 0] > 0.4


def test_draws_that_nobody_seeded_are_the_same_again(belief):
    def careless(model, context):
        return qUpperConfidenceBound(model, beta=2.0)

    torch.manual_seed(1)
    first = brought(careless).worth(belief)
    torch.manual_seed(2)
    second = brought(careless).worth(belief)
    assert np.array_equal(first.watched(), second.watched())
    assert first.slope(POOL[3])[0] == second.slope(POOL[3])[0]
    assert first.watched() == pytest.approx(first.at(POOL), abs=1e-12)
    assert not np.array_equal(first.watched(), brought(careless, seed=8).worth(belief).watched())


def test_the_deviation_is_as_good_as_our_own_where_nothing_else_is_known(belief):
    best = brought(deviation).worth(belief).watched().argmax()
    ours = Ignorance(belief).watched()
    assert ours[best] > np.quantile(ours, 0.95)


def test_what_is_told_of_the_task_is_in_the_models_own_terms(belief):
    told: list[AcquisitionContext] = []

    def listen(model, context):
        told.append(context)
        return PosteriorStandardDeviation(model)

    brought(listen, as_objective(feature="x", goal="level", level=42.0)).worth(belief)
    for k, context in enumerate(told):
        means = belief.means_at_observations()[k]
        target = (42.0 - belief.state.mean) / belief.state.spread
        assert context.standardised(42.0) == pytest.approx(target)
        assert float(context.best) == pytest.approx(-np.abs(means - target).min(), abs=1e-6)
        assert context.measured.numpy() == pytest.approx(training().unit_points)
        assert np.array_equal(context.pool.numpy(), POOL)
    assert len(told) == len(belief.weights)


def raising(model, context):
    raise ValueError("no\n luck")


class Odd(PosteriorStandardDeviation):
    def forward(self, X):  # noqa: N803
        return super().forward(X) * torch.nan


class Wide(PosteriorStandardDeviation):
    def forward(self, X):  # noqa: N803
        return torch.stack([super().forward(X)] * 2)


class Flat(PosteriorStandardDeviation):
    def forward(self, X):  # noqa: N803
        return super().forward(X).detach()


WRONG = {
    "raises": (raising, "brought_now raised ValueError: no luck"),
    "is none": (lambda model, context: 3, "is a int and no botorch.acquisition.AcquisitionFunction"),
    "takes one": (lambda model: 3, "raised TypeError"),
    "gives NaN": (lambda model, context: Odd(model), "gives values that are no numbers, 64 of 64"),
    "gives two": (lambda model, context: Wide(model), "raised RuntimeError: shape"),
    "has no gradient": (lambda model, context: Flat(model), "raised RuntimeError: element 0 of tensors"),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_an_acquisition_that_is_wrong_is_refused_on_one_line_before_the_night(mistake):
    make, answer = WRONG[mistake]
    with pytest.raises(BadInput, match=answer) as caught:
        brought(make).check()
    assert caught.value.where == "strategy.acquisition"
    assert "\n" not in str(caught.value)


def test_an_acquisition_that_is_right_passes():
    for make in (log_improvement, deviation, bound):
        brought(make).check()


def test_an_acquisition_that_is_no_function_is_refused():
    with pytest.raises(BadInput, match="which cannot be called with"):
        brought(3).check()


def test_an_acquisition_that_breaks_in_the_night_is_a_failed_fit(belief):
    with pytest.raises(FitFailed, match="brought_now raised ValueError: no luck"):
        brought(raising).worth(belief)


def test_an_acquisition_is_for_goals_on_one_feature():
    parts = [{"feature": "x"}, {"feature": "y", "goal": "minimise"}]
    with pytest.raises(BadInput, match="is for goals on one feature, and the goal 'pareto' is on 2"):
        brought(bound, as_objective(goal="pareto", of=parts)).check()
