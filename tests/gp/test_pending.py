"""What is supposed of points still being measured: outcomes that average out, and a mind left as it was."""

import numpy as np
import pytest

from models.domain.objective import as_objective
from models.gp.belief import Belief, Watch
from models.gp.knowledge import Knowledge
from models.gp.mind import Mind
from models.gp.pending import FEWEST_DRAWS, suppose_draws, suppose_means
from models.gp.state import fit_state
from models.gp.training import Training
from tests.draws import draw_feasible, unscale
from tests.fakes import TERNARY, hill

PENDING = draw_feasible(TERNARY, 3, 8)
ELSEWHERE = draw_feasible(TERNARY, 40, 9)


def on_the_hill(n: int = 14, seed: int = 1) -> Training:
    unit = draw_feasible(TERNARY, n, seed)
    values = np.array([hill(point) for point in unscale(TERNARY, unit)])
    return Training(unit, values, np.full(n, 0.02))


def believed(training: Training, *, is_pairwise: bool = True) -> Belief:
    return Belief(training, fit_state(training), Watch(ELSEWHERE, is_pairwise=is_pairwise))


def plus(training: Training, points: np.ndarray, values: np.ndarray) -> Training:
    return Training(
        np.vstack([training.unit_points, points]),
        np.concatenate([training.values, values]),
        np.concatenate([training.sigmas, np.full(len(points), np.median(training.sigmas))]),
    )


def test_the_belief_itself_keeps_its_bits_and_goes_on_as_if_nothing_had_been_supposed():
    kept, fresh = believed(on_the_hill()), believed(on_the_hill())
    suppose_draws(kept, PENDING, 5)
    suppose_means(kept, PENDING)
    for told in (on_the_hill(), plus(on_the_hill(), ELSEWHERE[:2], np.array([0.4, 0.6]))):
        kept.learn(told)
        fresh.learn(told)
        assert (kept.watched().means == fresh.watched().means).all()
        assert (kept.watched().sigmas == fresh.watched().sigmas).all()
        assert (kept.at(PENDING).means == fresh.at(PENDING).means).all()
        for mine, its in zip(kept.watched_covariances(), fresh.watched_covariances(), strict=True):
            assert (mine == its).all()


def test_uncertainty_falls_as_if_the_points_had_been_measured_whatever_is_supposed():
    training = on_the_hill()
    belief = believed(training)
    measured = Belief(plus(training, PENDING, np.array([0.1, 0.5, 0.9])), belief.state, belief.watch)
    for supposed in (suppose_means(belief, PENDING), suppose_draws(belief, PENDING, 5)):
        n = len(belief.weights)
        assert np.allclose(supposed.watched().sigmas[:n], measured.watched().sigmas, rtol=1e-9)
        assert np.allclose(supposed.at(PENDING).sigmas[:n], measured.at(PENDING).sigmas, rtol=1e-9)
        covariances = zip(supposed.watched_covariances(), measured.watched_covariances(), strict=False)
        assert all(np.allclose(mine, its, atol=1e-12) for mine, its in covariances)
    assert (suppose_means(belief, PENDING).predict(PENDING)[1] < 0.8 * belief.predict(PENDING)[1]).all()


def test_what_is_expected_is_supposed_where_only_uncertainty_counts():
    belief = believed(on_the_hill())
    assert np.allclose(suppose_means(belief, PENDING).at(ELSEWHERE).means, belief.at(ELSEWHERE).means)


def test_drawn_outcomes_average_out_to_what_is_expected():
    belief = believed(on_the_hill())
    before = belief.predict(ELSEWHERE)[0]
    means = [suppose_draws(belief, PENDING, seed).predict(ELSEWHERE)[0] for seed in range(40)]
    one_off = np.sqrt(np.mean((np.array(means) - before) ** 2))
    assert np.abs(np.mean(means, axis=0) - before).max() < 0.1 * belief.state.spread
    assert one_off < 0.1 * belief.state.spread  # one set of draws is balanced, too


def test_draws_are_a_function_of_the_seed_and_spread_as_far_as_expected():
    belief = believed(on_the_hill())
    one, same, other = (suppose_draws(belief, PENDING, seed) for seed in (5, 5, 6))
    assert (one.at(ELSEWHERE).means == same.at(ELSEWHERE).means).all()
    assert (one.at(ELSEWHERE).means != other.at(ELSEWHERE).means).any()
    alone = suppose_draws(belief, PENDING[:1], 5)
    expected, drawn = belief.predict(PENDING[:1]), alone.predict(PENDING[:1])
    assert drawn[1][0] == pytest.approx(expected[1][0], rel=0.35)


def test_a_belief_of_one_member_is_there_in_copies_that_suppose_different_outcomes():
    training = on_the_hill()
    state = fit_state(training)
    first = state.members[0].model_copy(update={"weight": 1.0})
    lonely = Belief(training, state.model_copy(update={"members": (first,)}), Watch(ELSEWHERE))
    supposed = suppose_draws(lonely, PENDING, 5)
    assert len(supposed.weights) == FEWEST_DRAWS
    assert supposed.weights.sum() == pytest.approx(1.0)
    assert len({float(mean) for mean in supposed.at(PENDING).means[:, 0]}) == FEWEST_DRAWS
    assert supposed.state == lonely.state


def test_predictions_are_told_from_what_was_measured_alone():
    mind = Mind(as_objective(feature="height"))
    knowledge = Knowledge(14, {"height": on_the_hill()}, {}, {"height": "1/cm"})
    mind.learn(knowledge, None, lambda _: ELSEWHERE)
    supposed = mind.suppose(PENDING, 5)
    assert supposed.aim().expect(PENDING) == mind.aim().expect(PENDING)
    assert (supposed.aim().worth.at(PENDING) < mind.aim().worth.at(PENDING)).all()
    assert supposed.state == mind.state


def test_an_incumbent_is_a_measured_point_and_none_that_is_supposed():
    training = on_the_hill()
    mind = Mind(as_objective(feature="height"))
    mind.learn(Knowledge(14, {"height": training}, {}, {}), None, lambda _: ELSEWHERE)
    worths = (mind.aim().worth, mind.suppose(ELSEWHERE, 5).aim().worth)
    best, said = (worth.incumbent for worth in worths)  # pyright: ignore[reportAttributeAccessIssue]
    assert said == pytest.approx(best, abs=0.1)
    top = mind.beliefs["height"].predict(ELSEWHERE)[0].max()
    assert said < top or top < best
