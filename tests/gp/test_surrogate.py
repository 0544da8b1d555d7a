"""The Gaussian process: it agrees with the textbook, and its error bars can be believed."""

import json

import botorch.optim.fit
import numpy as np
import pytest
import torch
from linear_operator.utils.errors import NotPSDError
from scipy.stats import multivariate_normal

from models.domain.errors import FitFailed
from models.gp.surrogate import Surrogate, Training


def training(n: int = 12, n_axes: int = 2, seed: int = 1, sigma: float = 0.01) -> Training:
    rng = np.random.default_rng(seed)
    points = rng.random((n, n_axes))
    values = 40.0 + 5.0 * np.sin(4.0 * points[:, 0]) + 3.0 * points[:, -1] ** 2
    return Training(points, values, np.full(n, sigma))


def fitted(learned: Training) -> Surrogate:
    surrogate = Surrogate(learned)
    surrogate.fit()
    return surrogate


def by_hand(surrogate: Surrogate, learned: Training, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rasmussen and Williams, eq. 2.25 and 2.26, with the surrogate's hyperparameters and dense algebra."""
    model = surrogate.model
    scales = model.covar_module.base_kernel.lengthscale.detach().numpy().ravel()
    height = float(model.covar_module.outputscale.detach())
    extra = float(model.likelihood.second_noise_covar.noise.detach())
    constant = float(model.mean_module.constant.detach())

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        r = np.sqrt(5.0) * np.linalg.norm((a[:, None] - b[None]) / scales, axis=2)
        return height * (1.0 + r + r**2 / 3.0) * np.exp(-r)

    mean, spread = learned.values.mean(), learned.values.std()
    y = (learned.values - mean) / spread - constant
    noise = np.maximum((learned.sigmas / spread) ** 2, 1e-6) + extra
    inverse = np.linalg.inv(kernel(learned.unit_points, learned.unit_points) + np.diag(noise))
    cross = kernel(points, learned.unit_points)
    variance = height - np.einsum("ij,jk,ik->i", cross, inverse, cross)
    return mean + spread * (constant + cross @ inverse @ y), spread * np.sqrt(variance)


def test_predictions_agree_with_the_textbook_formula():
    learned = training(sigma=0.2)
    surrogate = fitted(learned)
    points = np.random.default_rng(2).random((50, 2))
    mean, sigma = surrogate.predict(points)
    expected_mean, expected_sigma = by_hand(surrogate, learned, points)
    assert np.allclose(mean, expected_mean, rtol=0, atol=1e-8)
    assert np.allclose(sigma, expected_sigma, rtol=0, atol=1e-8)


def test_noise_free_values_are_reproduced_where_they_were_measured():
    learned = training(20, sigma=0.0)
    surrogate = fitted(learned)
    mean, sigma = surrogate.predict(learned.unit_points)
    spread = learned.values.std()
    assert np.abs(mean - learned.values).max() < 0.02 * spread
    assert sigma.max() < 0.1 * spread


def test_far_from_all_points_the_model_is_as_unsure_as_before_any():
    learned = training()
    surrogate = fitted(learned)
    _, near = surrogate.predict(learned.unit_points)
    _, far = surrogate.predict(np.array([[50.0, 50.0]]))
    height = np.sqrt(float(surrogate.model.covar_module.outputscale.detach())) * surrogate.spread
    assert far[0] == pytest.approx(height, rel=1e-6)
    assert far[0] > 5.0 * near.max()


def test_hyperparameters_written_as_json_give_identical_predictions():
    learned = training()
    first = fitted(learned)
    second = Surrogate(learned)
    second.load_hyperparameters(first.state_json())
    points = np.random.default_rng(3).random((20, 2))
    for a, b in zip(first.predict(points), second.predict(points), strict=True):
        assert np.array_equal(a, b)
    assert second.state_json() == first.state_json()


def test_two_fits_of_the_same_values_are_equal_to_the_last_bit():
    states = {fitted(training(15, 3)).state_json() for _ in range(2)}
    assert len(states) == 1


def test_a_fit_that_stalls_once_ends_the_same_whatever_was_drawn_before(monkeypatch):
    minimise = botorch.optim.fit.scipy_minimize
    states: set[str] = set()
    for draws_before in (0, 17):
        stalls = iter([True])

        def stalling(*args, _stalls=stalls, **kwargs):
            if next(_stalls, False):
                raise NotPSDError("stalled")
            return minimise(*args, **kwargs)

        monkeypatch.setattr(botorch.optim.fit, "scipy_minimize", stalling)
        torch.rand(draws_before)
        states.add(fitted(training()).state_json())
        assert next(stalls, None) is None
    assert len(states) == 1


def test_the_fit_beats_two_hundred_random_hyperparameters():
    learned = training(10)
    best = fitted(learned)

    def score(surrogate: Surrogate) -> float:
        """Logarithm of the posterior density of the hyperparameters, by dense algebra."""
        model = surrogate.model
        with torch.no_grad():
            covariance = model.covar_module(torch.from_numpy(learned.unit_points)).to_dense().numpy()
            extra = float(model.likelihood.second_noise_covar.noise)
            spread = learned.values.std()
            noise = np.maximum((learned.sigmas / spread) ** 2, 1e-6) + extra
            y = (learned.values - learned.values.mean()) / spread - float(model.mean_module.constant)
            likelihood = multivariate_normal(np.zeros(y.size), covariance + np.diag(noise)).logpdf(y)
            priors = sum(
                float(prior.log_prob(closure(module)).sum())
                for _, module, prior, closure, _ in model.named_priors()
            )
        return float(likelihood) + priors

    reference = score(best)
    names = json.loads(best.state_json())["hyperparameters"]
    rng = np.random.default_rng(4)
    for _ in range(200):
        moved = {name: (np.array(v) + rng.normal(0, 1.5, len(v))).tolist() for name, v in names.items()}
        other = Surrogate(learned)
        other.load_hyperparameters(json.dumps({"hyperparameters": moved}))
        assert score(other) < reference + 1e-3


@pytest.mark.parametrize(
    ("values", "sigmas", "complaint"),
    [
        ([1.0], [0.1], "needs 2 observations, there are 1"),
        ([], [], "needs 2 observations, there are 0"),
        ([2.0, 2.0, 2.0], [0.1] * 3, "all 3 observations are equal"),
        ([0.3, 0.1 + 0.2], [0.0, 0.0], "all 2 observations are equal"),
        ([1.0, np.nan], [0.1, 0.1], "not finite"),
        ([1.0, 2.0], [0.1, np.inf], "not finite"),
    ],
)
def test_what_cannot_be_learned_from_is_refused_with_the_reason(values, sigmas, complaint):
    n = len(values)
    with pytest.raises(FitFailed, match=complaint):
        Surrogate(Training(np.linspace(0, 1, n).reshape(n, 1), np.array(values), np.array(sigmas)))


def test_points_values_and_sigmas_must_match_in_number():
    with pytest.raises(ValueError, match="need"):
        Training(np.zeros((3, 2)), np.zeros(2), np.zeros(2))


def test_two_observations_are_enough():
    surrogate = fitted(Training(np.array([[0.0], [1.0]]), np.array([1.0, 3.0]), np.array([0.1, 0.1])))
    mean, sigma = surrogate.predict(np.array([[0.0], [0.5], [1.0]]))
    assert mean[0] < mean[1] < mean[2]
    assert np.all(sigma > 0)


def test_a_value_with_a_huge_uncertainty_has_little_pull():
    base = training(15)
    place, wild = np.array([[0.5, 0.5]]), base.values.mean() + 8.0 * base.values.std()

    def with_wild(sigma: float) -> float:
        points = np.vstack([base.unit_points, place])
        values, sigmas = np.append(base.values, wild), np.append(base.sigmas, sigma)
        return float(fitted(Training(points, values, sigmas)).predict(place)[0][0])

    alone = float(fitted(base).predict(place)[0][0])
    spread = base.values.std()
    assert abs(with_wild(100.0 * spread) - alone) < 0.2 * spread
    assert abs(with_wild(0.01) - alone) > 3.0 * spread


def test_bands_of_95_per_cent_hold_what_was_held_out():
    n_inside = n_all = 0
    for seed in range(12):
        rng = np.random.default_rng(100 + seed)
        centres, widths, heights = rng.random((6, 2)), rng.uniform(0.1, 0.5, 6), rng.normal(0, 1, 6)

        def truth(points, c=centres, w=widths, h=heights):
            squared = ((points[:, None] - c[None]) ** 2).sum(axis=2)
            return (h * np.exp(-0.5 * squared / w**2)).sum(axis=1)

        points, held_out = rng.random((22, 2)), rng.random((30, 2))
        sigma = 0.02
        values = truth(points) + rng.normal(0, sigma, 22)
        mean, band = fitted(Training(points, values, np.full(22, sigma))).predict(held_out)
        n_inside += int(np.sum(np.abs(truth(held_out) - mean) < 1.96 * band))
        n_all += len(held_out)
    assert n_all == 360
    assert 0.88 <= n_inside / n_all <= 0.99, f"{n_inside / n_all:.3f} of {n_all} lie inside"
