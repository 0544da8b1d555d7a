"""The fast Gaussian process agrees with GPyTorch and BoTorch, and growing changes not one bit."""

import math

import numpy as np
import pytest
import torch
from botorch.acquisition.analytic import LogExpectedImprovement, _log_ei_helper
from hypothesis import given, settings
from hypothesis import strategies as st

from models.domain.objective import as_objective
from models.gp.acquisitions.improvement import ExpectedImprovement
from models.gp.belief import Belief, Watch
from models.gp.hyperparameters import Standardised, fit_hyperparameters, negative_log_density
from models.gp.kernel import MEAN_VARIANCE, contract, covariance, covariance_gradient, fill_covariance
from models.gp.left_out import LeftOut
from models.gp.member import Member
from models.gp.scale import Scale
from models.gp.state import BeliefState, MemberState
from models.gp.training import Training
from tests.gp.library import library_log_density, library_model, matern_of

POINTS = np.random.default_rng(9).random((40, 3))


def known(n: int = 25, n_axes: int = 3, seed: int = 1) -> Standardised:
    rng = np.random.default_rng(seed)
    points = rng.random((n, n_axes))
    values = np.sin(5.0 * points[:, 0]) + points[:, -1] ** 2 + rng.normal(0, 0.05, n)
    return Standardised(points, (values - values.mean()) / values.std(), rng.uniform(0.001, 0.02, n))


def logs_of(n_axes: int = 3, seed: int = 2) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.append(rng.uniform(-1.5, 0.5, n_axes), [rng.uniform(-1.0, 1.0), rng.uniform(-6.0, -2.0)])


@settings(max_examples=25, deadline=None)
@given(n_axes=st.integers(1, 6), n=st.integers(2, 60), seed=st.integers(0, 10**6))
def test_mean_and_variance_are_those_of_the_library(n_axes, n, seed):
    logs, learned = logs_of(n_axes, seed), known(n, n_axes, seed)
    places = np.random.default_rng(seed + 1).random((30, n_axes))
    model = library_model(logs, learned)
    with torch.no_grad():
        posterior = model.posterior(torch.from_numpy(places).unsqueeze(-2))
    mean, variance = Member(logs, learned).predict(places)
    assert np.allclose(mean, posterior.mean.numpy().ravel(), rtol=0, atol=1e-6)
    assert np.allclose(variance, posterior.variance.numpy().ravel(), rtol=0, atol=1e-6)


def believed(logs: np.ndarray, learned: Standardised) -> Belief:
    member = MemberState(logs=tuple(logs), weight=1.0, inflation=1.0)
    state = BeliefState(fitted_to=len(learned.values), mean=0.0, spread=1.0, members=(member,))
    return Belief(Training(learned.points, learned.values, np.sqrt(learned.variances)), state)


@pytest.mark.parametrize("goal", ["maximise", "minimise"])
def test_the_expected_improvement_is_that_of_the_librarys_joint_posterior(goal):
    logs, learned = logs_of(), known()
    belief, model = believed(logs, learned), library_model(logs, learned)
    sign = 1.0 if goal == "maximise" else -1.0
    with torch.no_grad():
        incumbents = model.posterior(torch.from_numpy(learned.points)).mean[:, 0]
        row = int((sign * incumbents).argmax())
        pairs = np.stack([POINTS, np.tile(learned.points[row], (len(POINTS), 1))], axis=1)
        joint = model.posterior(torch.from_numpy(pairs))
        rise = sign * (joint.mean[:, 0, 0] - joint.mean[:, 1, 0])
        spread = joint.distribution.covariance_matrix
        noise = torch.from_numpy(np.exp(belief.log_known_variances(POINTS))) + np.exp(logs[-1])
        step = (spread[:, 0, 0] - spread[:, 0, 1]).abs() / (spread[:, 0, 0] + noise).sqrt()
        expected = (_log_ei_helper(rise / step) + step.log()).numpy()
    assert expected.min() < -8.0
    found = ExpectedImprovement(belief, as_objective(feature="x", goal=goal)).at(POINTS)
    assert np.allclose(found, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("goal", ["maximise", "minimise"])
def test_with_hardly_any_noise_the_expected_improvement_is_that_of_the_library(goal):
    learned = known()
    learned = Standardised(learned.points, learned.values, np.full(len(learned.values), 2e-6))
    logs = np.append(logs_of()[:-1], math.log(1.1e-4))
    worth = ExpectedImprovement(believed(logs, learned), as_objective(feature="x", goal=goal))
    best = torch.tensor(worth.incumbent, dtype=torch.float64)  # the library would round a float to 32 bits
    library = LogExpectedImprovement(library_model(logs, learned), best_f=best, maximize=goal == "maximise")
    with torch.no_grad():
        expected = library(torch.from_numpy(POINTS).unsqueeze(-2)).numpy()
    near = expected > -20.0  # what little noise there is counts far out in the tail
    assert near.sum() > 5
    assert np.allclose(worth.at(POINTS)[near], expected[near], rtol=0, atol=0.1)


def test_the_density_of_hyperparameters_and_its_gradient_are_those_of_the_library():
    learned = known()
    one, other = logs_of(seed=3), logs_of(seed=4)
    values, slopes = zip(*(negative_log_density(logs, learned) for logs in (one, other)), strict=True)
    models = [library_model(logs, learned) for logs in (one, other)]
    densities = [library_log_density(model, learned) for model in models]
    assert values[0] - values[1] == pytest.approx(float((densities[1] - densities[0]).detach()), abs=1e-6)
    densities[0].backward()
    kernel, noise = matern_of(models[0]), models[0].likelihood.second_noise_covar
    lengths = kernel.base_kernel
    found = [
        (lengths.raw_lengthscale, lengths.raw_lengthscale_constraint),
        (kernel.raw_outputscale, kernel.raw_outputscale_constraint),
        (noise.raw_noise, noise.raw_noise_constraint),
    ]
    expected: list[float] = []
    for parameter, constraint in found:
        raw = parameter.detach().clone().requires_grad_(True)
        value = constraint.transform(raw)
        value.sum().backward()
        by_value = parameter.grad.numpy().ravel() / raw.grad.numpy().ravel()
        expected += (-by_value * value.detach().numpy().ravel()).tolist()
    assert slopes[0] == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_covariances_have_the_gradients_that_they_claim():
    rates, variance, step = np.array([1.0, 3.0, 0.5]), 1.7, 1e-6
    points, place = POINTS[:6], np.array([0.3, 0.6, 0.2])
    found = covariance_gradient(points, place, rates, variance)
    for axis in range(3):
        shift = step * np.eye(3)[axis]
        up, down = (covariance(points, (place + s)[None], rates, variance)[:, 0] for s in (shift, -shift))
        assert found[:, axis] == pytest.approx((up - down) / (2 * step), rel=1e-6, abs=1e-8)
    halves, parts = np.empty((6, 6)), np.empty((6, 6))
    fill_covariance(points, rates, variance, halves, parts)
    assert np.tril(halves) == pytest.approx(np.tril(covariance(points, points, rates, variance)))
    inverse, values = np.random.default_rng(1).normal(size=(6, 6)), np.random.default_rng(2).normal(size=6)
    inverse = inverse + inverse.T
    weights = inverse - np.outer(values, values)
    sums = contract(points, rates, variance, parts, inverse, values)
    for axis in range(3):
        longer, shorter = rates.copy(), rates.copy()
        longer[axis] *= np.exp(-step)
        shorter[axis] *= np.exp(step)
        slope = (
            covariance(points, points, longer, variance) - covariance(points, points, shorter, variance)
        ) / (2 * step)
        assert sums[axis] == pytest.approx((weights * slope).sum(), rel=1e-6)
    about_the_mean = covariance(points, points, rates, variance) - MEAN_VARIANCE
    assert sums[3] == pytest.approx((weights * about_the_mean).sum())
    assert sums[4] == pytest.approx(np.trace(weights))


def test_a_member_that_grew_is_the_library_on_all_observations():
    logs, learned = logs_of(), known(120)
    grown = Member(logs, learned.first(20))
    for row in range(20, 120):
        grown.append(learned.points[row], learned.values[row], learned.variances[row])
    mean, variance = grown.predict(POINTS)
    with torch.no_grad():
        posterior = library_model(logs, learned).posterior(torch.from_numpy(POINTS).unsqueeze(-2))
    assert np.allclose(mean, posterior.mean.numpy().ravel(), rtol=0, atol=1e-6)
    assert np.allclose(variance, posterior.variance.numpy().ravel(), rtol=0, atol=1e-6)


def beliefs(learned: Training, state: BeliefState, steps: tuple[int, ...]) -> Belief:
    """A belief that took the observations in so many steps."""
    watch = Watch(POINTS, is_pairwise=True)

    def first(n: int) -> Training:
        return Training(learned.unit_points[:n], learned.values[:n], learned.sigmas[:n])

    belief = Belief(first(steps[0]), state, watch)
    for n in steps[1:]:
        belief.learn(first(n))
    return belief


@settings(max_examples=15, deadline=None)
@given(cuts=st.sets(st.integers(31, 89)), seed=st.integers(0, 1000))
def test_a_belief_that_grew_and_one_built_anew_have_the_same_bits(cuts, seed):
    raw = known(90, seed=seed)
    learned = Training(raw.points, raw.values, np.sqrt(raw.variances))
    members = tuple(
        MemberState(logs=tuple(logs_of(seed=s)), weight=0.5, inflation=1.2) for s in (seed, seed + 1)
    )
    state = BeliefState(fitted_to=30, mean=0.1, spread=1.3, members=members)
    grown, anew = beliefs(learned, state, (30, *sorted(cuts), 90)), beliefs(learned, state, (90,))
    for one, other in ((grown.watched(), anew.watched()), (grown.at(POINTS), anew.at(POINTS))):
        assert np.array_equal(one.means, other.means)
        assert np.array_equal(one.sigmas, other.sigmas)
    for one, other in zip(grown.watched_covariances(), anew.watched_covariances(), strict=True):
        assert np.array_equal(one, other)
    assert np.array_equal(grown.expect(POINTS[0]).sigma_gradients, anew.expect(POINTS[0]).sigma_gradients)
    assert grown.is_surprised == anew.is_surprised
    assert np.array_equal(grown.doubts(), anew.doubts())


def test_watched_points_and_any_points_agree():
    learned = known(40)
    member = Member(logs_of(), learned.first(30))
    references = np.array([0, 5, 11, 39])
    member.watch(POINTS, lambda: references)
    for row in range(30, 40):
        member.append(learned.points[row], learned.values[row], learned.variances[row])
    for watched, asked in zip(member.watched(), member.predict(POINTS), strict=True):
        assert watched == pytest.approx(asked, abs=1e-12)
    kept = member.watched_covariance()
    assert kept == pytest.approx(member.covariance_with_references(POINTS), abs=1e-12)
    assert np.diag(kept[references]) == pytest.approx(member.watched()[1][references], abs=1e-12)
    shares = np.random.default_rng(3).random(4)
    for row in (2, 11):
        fall, variance, _, _ = member.weigh_fall(POINTS[row], shares)
        assert fall == pytest.approx(kept[row] ** 2 @ shares, rel=1e-9)
        assert variance == pytest.approx(member.watched()[1][row], abs=1e-12)


def test_the_posterior_at_one_point_has_the_gradients_that_it_claims():
    member, step = Member(logs_of(), known()), 1e-6
    place = np.array([0.4, 0.3, 0.7])
    mean, variance, by_mean, by_variance = member.expect(place)
    expected = member.predict(place[None])
    assert (mean, variance) == pytest.approx((expected[0][0], expected[1][0]), abs=1e-12)
    for axis in range(3):
        shift = step * np.eye(3)[axis]
        up, down = member.predict((place + shift)[None]), member.predict((place - shift)[None])
        assert by_mean[axis] == pytest.approx((up[0][0] - down[0][0]) / (2 * step), rel=1e-5, abs=1e-7)
        assert by_variance[axis] == pytest.approx((up[1][0] - down[1][0]) / (2 * step), rel=1e-5, abs=1e-7)


def test_residuals_that_are_left_out_are_those_of_models_without_them():
    learned = known(15)
    logs = logs_of()
    found = Member(logs, learned).left_out(learned)
    for row in range(15):
        others = np.arange(15) != row
        rest = Standardised(learned.points[others], learned.values[others], learned.variances[others])
        member = Member(logs, rest)
        mean, variance = member.predict(learned.points[row : row + 1])
        noise = learned.variances[row] + member.noise
        square = (learned.values[row] - mean[0]) ** 2
        assert found.squares[row] == pytest.approx(square, rel=1e-6)
        assert (found.variances[row], found.noises[row]) == pytest.approx((variance[0], noise), rel=1e-6)
        assert found.ratios(2.0)[row] == pytest.approx(square / (2.0 * variance[0] + noise), rel=1e-6)


def test_error_bars_are_widened_and_narrowed_as_far_as_noise_lets_one_see():
    rng = np.random.default_rng(4)
    for truth, noise, expected, tolerance in (
        (4.0, 0.01, 4.0, 0.1),
        (0.25, 0.01, 0.25, 0.1),
        (4.0, 500.0, 1.9, 0.15),
    ):
        n = 2000
        squares = rng.normal(0.0, np.sqrt(truth + noise), n) ** 2
        found = LeftOut(squares, np.ones(n), np.full(n, noise)).inflation
        assert found == pytest.approx(expected, rel=tolerance)
    few = LeftOut(np.array([9.0, 9.0]), np.ones(2), np.full(2, 0.01)).inflation
    assert 2.0 < few < 5.0  # two observations alone are not believed when they ask for nine


def test_the_fit_finds_a_density_that_the_librarys_own_fit_does_not_beat():
    from botorch.fit import fit_gpytorch_mll
    from gpytorch.mlls import ExactMarginalLogLikelihood

    for seed in range(4):
        learned = known(30, 2, seed)
        ours = -negative_log_density(fit_hyperparameters(learned, None)[0], learned)[0]
        model = library_model(logs_of(2), learned)
        start = (
            float(library_log_density(model, learned).detach()) + negative_log_density(logs_of(2), learned)[0]
        )
        fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
        theirs = float(library_log_density(model, learned).detach()) - start
        assert ours > theirs - 1e-3


def test_standardised_values_keep_their_variances_in_proportion():
    training = Training(POINTS[:3], np.array([10.0, 20.0, 30.0]), np.array([0.0, 1.0, 2.0]))
    found = Scale(20.0, 10.0).standardise(training)
    assert found.values.tolist() == [-1.0, 0.0, 1.0]
    assert found.variances.tolist() == pytest.approx([1e-6, 0.01, 0.04])
