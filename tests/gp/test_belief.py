"""What is believed: its error bars can be trusted, and it is the same each time."""

import json

import numpy as np
import pytest

from models.domain.canonical import canonical_json
from models.domain.errors import BadInput, FitFailed
from models.gp.belief import REFIT_SHARE, Belief, Watch
from models.gp.hyperparameters import fit_hyperparameters, negative_log_density, spread_around
from models.gp.kernel import MEAN_VARIANCE
from models.gp.state import BeliefState, MemberState, fit_state
from models.gp.training import Training


def training(n: int = 12, n_axes: int = 2, seed: int = 1, sigma: float = 0.01) -> Training:
    rng = np.random.default_rng(seed)
    points = rng.random((n, n_axes))
    values = 40.0 + 5.0 * np.sin(4.0 * points[:, 0]) + 3.0 * points[:, -1] ** 2
    return Training(points, values, np.full(n, sigma))


def formed(learned: Training) -> Belief:
    return Belief(learned, fit_state(learned))


def test_noise_free_values_are_reproduced_where_they_were_measured():
    learned = training(20, sigma=0.0)
    mean, sigma = formed(learned).predict(learned.unit_points)
    spread = learned.values.std()
    assert np.abs(mean - learned.values).max() < 0.02 * spread
    assert sigma.max() < 0.1 * spread


def test_the_means_at_the_observations_are_the_predictions_there():
    learned = training(20, sigma=0.3)
    belief = formed(learned)
    assert belief.means_at_observations() == pytest.approx(belief.at(learned.unit_points).means, abs=1e-9)


def test_far_from_all_points_it_is_as_unsure_as_before_any():
    learned = training()
    belief = formed(learned)
    far = belief.at(np.array([[500.0, 500.0]]))
    heights = np.array([one.inflation * np.exp(one.logs[-2]) for one in belief.state.members])
    about_the_mean = [one.inflation * MEAN_VARIANCE for one in belief.state.members]
    assert np.all(far.sigmas[:, 0] ** 2 > heights)  # the mean is not certain, but better known than before
    assert np.all(far.sigmas[:, 0] ** 2 < heights + about_the_mean)
    assert belief.mixed(far)[1][0] > 5.0 * belief.predict(learned.unit_points)[1].max()


def test_a_mixture_is_as_wide_as_its_members_and_their_disagreement():
    belief = formed(training())
    points = np.random.default_rng(3).random((5, 2))
    apart = belief.at(points)
    mean, sigma = belief.mixed(apart)
    drawn = np.random.default_rng(4)
    for place in range(5):
        which = drawn.choice(len(belief.weights), 400_000, p=belief.weights)
        values = apart.means[which, place] + apart.sigmas[which, place] * drawn.standard_normal(400_000)
        values = values * belief.state.spread + belief.state.mean
        assert mean[place] == pytest.approx(values.mean(), abs=4.0 * values.std() / 600)
        assert sigma[place] == pytest.approx(values.std(), rel=0.02)


def test_a_state_written_as_json_gives_identical_predictions():
    learned = training()
    first = formed(learned)
    state = BeliefState.model_validate_json(canonical_json(json.loads(first.state.model_dump_json())))
    points = np.random.default_rng(3).random((20, 2))
    assert state == first.state
    for a, b in zip(first.predict(points), Belief(learned, state).predict(points), strict=True):
        assert np.array_equal(a, b)


def test_two_fits_of_the_same_values_are_equal_to_the_last_bit():
    assert fit_state(training(15, 3)) == fit_state(training(15, 3))


def test_the_fit_beats_two_hundred_random_hyperparameters():
    from models.gp.scale import Scale

    learned = training(10)
    known = Scale(learned.values.mean(), learned.values.std()).standardise(learned)
    best = fit_hyperparameters(known, None)[0]
    reference = negative_log_density(best, known)[0]
    rng = np.random.default_rng(4)
    for _ in range(200):
        assert negative_log_density(best + rng.normal(0, 1.5, 4), known)[0] > reference - 1e-3


def test_members_are_weighed_by_the_density_that_they_have():
    from models.gp.scale import Scale

    learned = training(8, sigma=0.5)
    known = Scale(learned.values.mean(), learned.values.std()).standardise(learned)
    members, weights = spread_around(fit_hyperparameters(known, None), known, 256)
    assert weights.sum() == pytest.approx(1.0)
    densities = [-negative_log_density(one, known)[0] for one in members]
    assert np.all(np.diff(densities) <= 0)
    # the mean of the logarithms, against a plain grid of the same density
    grid = np.linspace(np.log(0.02), np.log(20.0), 14)
    noises, variances = np.linspace(-14.0, 1.0, 10), np.linspace(-5.0, 5.0, 10)
    logs = np.array([[a, b, c, d] for a in grid for b in grid for c in variances for d in noises])
    densities = np.array([-negative_log_density(one, known)[0] for one in logs])
    shares = np.exp(densities - densities.max())
    expected = shares @ logs[:, 0] / shares.sum()
    assert weights @ members[:, 0] == pytest.approx(expected, abs=0.35)


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
        fit_state(Training(np.linspace(0, 1, n).reshape(n, 1), np.array(values), np.array(sigmas)))


def test_points_values_and_sigmas_must_match_in_number():
    with pytest.raises(ValueError, match="need"):
        Training(np.zeros((3, 2)), np.zeros(2), np.zeros(2))


def test_a_state_of_other_axes_or_of_more_observations_is_refused():
    state = fit_state(training(12, 2))
    with pytest.raises(BadInput, match="2 axes and 12 observations; there are 3 and 12"):
        Belief(training(12, 3), state)
    with pytest.raises(BadInput, match="there are 2 and 11"):
        Belief(training(11, 2), state)


def test_two_observations_are_enough():
    belief = formed(Training(np.array([[0.0], [1.0]]), np.array([1.0, 3.0]), np.array([0.1, 0.1])))
    mean, sigma = belief.predict(np.array([[0.0], [0.5], [1.0]]))
    assert mean[0] < mean[1] < mean[2]
    assert np.all(sigma > 0)


@pytest.mark.parametrize("n", [300, 1000])
def test_one_point_measured_a_thousand_times_is_survived(n):
    rng = np.random.default_rng(1)
    learned = Training(np.full((n, 2), 0.5), rng.normal(1.0, 0.1, n), np.full(n, 0.1))
    mean, _ = formed(learned).predict(np.array([[0.5, 0.5]]))
    assert mean[0] == pytest.approx(1.0, abs=0.05)


def test_a_value_with_a_huge_uncertainty_has_little_pull():
    base = training(15)
    place, wild = np.array([[0.5, 0.5]]), base.values.mean() + 8.0 * base.values.std()

    def with_wild(sigma: float) -> float:
        points = np.vstack([base.unit_points, place])
        values, sigmas = np.append(base.values, wild), np.append(base.sigmas, sigma)
        return float(formed(Training(points, values, sigmas)).predict(place)[0][0])

    alone = float(formed(base).predict(place)[0][0])
    spread = base.values.std()
    assert abs(with_wild(100.0 * spread) - alone) < 0.2 * spread
    assert abs(with_wild(0.01) - alone) > 3.0 * spread


def test_hyperparameters_are_due_when_the_observations_have_grown_by_a_share():
    learned = training(80, sigma=0.1)
    state = fit_state(Training(learned.unit_points[:40], learned.values[:40], learned.sigmas[:40]))
    for n in (40, 40 + 40 // REFIT_SHARE - 1, 40 + 40 // REFIT_SHARE):
        few = Training(learned.unit_points[:n], learned.values[:n], learned.sigmas[:n])
        assert Belief(few, state).is_fit_due == (n >= 40 + 40 // REFIT_SHARE)


def short_sighted(learned: Training) -> BeliefState:
    """A belief that takes places 0.2 apart for little related."""
    member = MemberState(logs=(np.log(0.1), np.log(0.1), 0.0, -8.0), weight=1.0, inflation=1.0)
    n, values = len(learned.values), learned.values
    return BeliefState(fitted_to=n, mean=values.mean(), spread=values.std(), members=(member,))


def test_a_place_is_doubted_where_observations_were_not_expected():
    learned = training(40, sigma=0.1)
    places = np.array([[0.2, 0.2], [0.8, 0.8]])
    state = short_sighted(learned)

    def doubted(value: float) -> np.ndarray:
        more = Training(
            np.vstack([learned.unit_points, places[:1]]), np.append(learned.values, value),
            np.append(learned.sigmas, 0.1),
        )  # fmt: skip
        belief = Belief(more, state, Watch(places, is_pairwise=True))
        return belief.doubts()[0]

    expected = float(Belief(learned, state).predict(places[:1])[0][0])
    calm, shaken = doubted(expected), doubted(expected + 3.0)
    assert shaken[0] > 2.0 * calm[0]
    assert abs(shaken[1] - calm[1]) < 0.1 * (shaken[0] - calm[0])


def test_a_further_observation_is_as_noisy_as_its_neighbours():
    base = training(60)
    noisy = np.where(base.unit_points[:, 0] > 0.5, 1.0, 0.01)
    learned = Training(base.unit_points, base.values, noisy)
    belief = Belief(learned, short_sighted(learned))
    sigmas = np.exp(0.5 * belief.log_known_variances(np.array([[0.1, 0.5], [0.9, 0.5]])))
    assert sigmas[1] > 10.0 * sigmas[0]
    even = formed(base).log_known_variances(np.random.default_rng(1).random((9, 2)))
    assert even == pytest.approx(2.0 * np.log(0.01 / base.values.std()))


def test_an_observation_that_nobody_expected_has_hyperparameters_found_anew_at_once():
    learned = training(40, sigma=0.1)
    state = fit_state(learned)
    place = np.array([[0.5, 0.5]])
    expected = Belief(learned, state).predict(place)[0][0]
    for value, is_surprising in ((expected + 0.1, False), (expected + 10.0, True)):
        more = Training(
            np.vstack([learned.unit_points, place]), np.append(learned.values, value),
            np.append(learned.sigmas, 0.1),
        )  # fmt: skip
        assert Belief(more, state).is_fit_due is is_surprising


def bumps(seed: int, width: float):
    rng = np.random.default_rng(seed)
    centres, heights = rng.random((12, 2)), rng.normal(0, 1, 12)
    widths = width * rng.uniform(0.7, 1.4, 12)

    def truth(points: np.ndarray) -> np.ndarray:
        squared = ((points[:, None] - centres[None]) ** 2).sum(axis=2)
        return (heights * np.exp(-0.5 * squared / widths**2)).sum(axis=1)

    return truth


@pytest.mark.parametrize("width", [0.1, 0.2, 0.4])
def test_bands_of_95_per_cent_hold_what_was_held_out(width):
    inside: list[float] = []
    for seed in range(16):
        rng, truth = np.random.default_rng(100 + seed), bumps(seed, width)
        for n in (15, 30, 60):
            points, held_out, sigma = rng.random((n, 2)), rng.random((200, 2)), 0.02
            values = truth(points) + rng.normal(0, sigma, n)
            mean, band = formed(Training(points, values, np.full(n, sigma))).predict(held_out)
            inside.append(float(np.mean(np.abs(truth(held_out) - mean) < 1.96 * band)))
    assert 0.92 <= np.mean(inside) <= 0.975, f"{np.mean(inside):.3f} of 9600 lie inside"
