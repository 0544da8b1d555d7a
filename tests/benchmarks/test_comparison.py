"""A score is what its words say, and a ratio of measurements is right where the answer is known."""

from dataclasses import replace

import numpy as np
import pytest

from agent.rehearsal.common_model import fit_common_model
from benchmarks.comparison import compare, settles_at
from benchmarks.problems.kind import BenchProblem, axes, steady
from benchmarks.scoring import coverage, score

COUNTS = np.array([10.0, 20.0, 30.0, 40.0])


def plane(points):
    return 2.0 + points[:, 0] - 0.5 * points[:, 1]


def problem_of(goal, **further) -> BenchProblem:
    told = {"name": goal, "says": "", "space": axes(x=(0.0, 4.0), y=(-1.0, 1.0)), "truth": plane}
    return BenchProblem(
        **(told | {"sigma": steady(0.01), "n_initial": 5, "budget": 30, "good_enough": 0.0} | further),
        goal=goal,
    )


def measured(problem: BenchProblem, n: int):
    points = problem.region.draw(n, 3)
    return points, *problem.measure(points, 3, 0)


def test_a_plane_is_mapped_to_its_noise_by_forty_points():
    problem = problem_of("map")
    assert score(problem, *measured(problem, 40)) < 0.02


def test_a_flat_answer_errs_by_the_spread_of_the_truth():
    problem = problem_of("map")
    points = problem.region.draw(6, 0)
    flat = np.full(6, plane(problem.grid()).mean())
    spread = plane(problem.grid()).std()
    assert score(problem, points, flat, np.full(6, 0.01)) == pytest.approx(spread, rel=1e-6)


def test_regret_is_what_the_recommended_point_lacks_and_not_what_a_lucky_draw_says():
    problem = problem_of("maximise", best=6.5)
    points = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [3.0, 0.0], [4.0, 0.0]])
    values = plane(points)
    assert score(problem, points, values, np.full(5, 0.01)) == pytest.approx(0.5)
    # the second point was drawn far too high, and says so by its sigma
    lucky, unsure = values + np.array([0, 9.0, 0, 0, 0]), np.array([0.01, 9.0, 0.01, 0.01, 0.01])
    assert score(problem, points, lucky, unsure) == pytest.approx(0.5)


def test_a_target_is_missed_by_the_distance_that_is_left():
    problem = problem_of("target", level=3.0, best=3.0)
    points = np.array([[0.0, 0.0], [1.25, 0.0], [4.0, 0.0], [4.0, 1.0]])
    assert score(problem, points, plane(points), np.full(4, 0.01)) == pytest.approx(0.25)


def test_a_level_is_scored_by_the_share_of_the_space_on_the_wrong_side():
    problem = problem_of("level", level=4.0)
    assert score(problem, *measured(problem, 40)) < 0.01
    points = problem.region.draw(6, 0)
    share_above = float(np.mean(plane(problem.grid()) > 4.0))
    assert score(problem, points, np.zeros(6), np.full(6, 0.01)) == pytest.approx(share_above)


def test_phases_are_scored_by_the_phase_of_the_nearest_measured_point():
    problem = problem_of("phases", truth=lambda points: (points[:, 0] > 2.0).astype(float))
    points = np.array([[1.0, 0.0], [3.0, 0.0]])
    assert score(problem, points, np.array([0.0, 1.0]), np.ones(2)) < 0.01
    assert score(problem, points, np.array([0.0, 0.0]), np.ones(2)) == pytest.approx(0.5, abs=0.01)


def test_a_band_as_wide_as_it_says_covers_the_truth_and_half_of_it_does_not():
    problem = problem_of("map")
    truth = plane(problem.held_out())
    off = np.random.default_rng(5).normal(0.0, 0.1, truth.size)
    far = np.array([[50.0, 50.0]])
    assert coverage(problem, truth + off, np.full(truth.size, 0.1), far) == pytest.approx(0.95, abs=0.03)
    assert coverage(problem, truth + off, np.full(truth.size, 0.05), far) == pytest.approx(0.67, abs=0.06)


def test_what_was_measured_of_a_list_is_not_held_out():
    problem = problem_of("map")
    at = problem.held_out()
    replay = replace(problem, measured=lambda points: (plane(points), np.full(len(points), 0.01)))
    means = plane(at) + np.where(np.arange(len(at)) < 100, 0.0, 10.0)
    assert coverage(replay, means, np.full(len(at), 0.1), at[-50:]) == pytest.approx(100 / (len(at) - 50))


def test_the_common_model_has_the_gradient_of_its_own_loss():
    from agent.rehearsal.common_model import _loss, _Told  # pyright: ignore[reportPrivateUsage]

    rng = np.random.default_rng(1)
    told = _Told(rng.random((12, 2)), rng.standard_normal((12, 3)), np.full(12, 0.01), n_ways=1.7)
    at = np.array([-1.0, -0.5, 0.2])
    steps = 1e-5 * np.eye(3)
    slopes = [(_loss(at + step, told)[0] - _loss(at - step, told)[0]) / 2e-5 for step in steps]
    assert _loss(at, told)[1] == pytest.approx(slopes, rel=1e-5)


def test_equal_values_give_a_flat_model():
    model = fit_common_model(np.random.default_rng(0).random((4, 2)), np.full(4, 7.0), np.full(4, 0.1))
    assert model.mean(np.array([[0.3, 0.4]])) == pytest.approx(7.0)


def test_a_method_that_is_twice_as_quick_needs_half_the_measurements():
    theirs = np.tile([0.8, 0.4, 0.2, 0.1], (5, 1))
    ours = np.tile([0.8, 0.1, 0.05, 0.02], (5, 1))
    needed = compare(COUNTS, ours, theirs, good_enough=0.0)
    assert needed.level == pytest.approx(0.1)
    assert needed.theirs == pytest.approx(40.0, abs=0.5)
    assert needed.ours == pytest.approx(20.0, abs=0.5)
    assert needed.ratio == pytest.approx(0.5, abs=0.01)
    assert needed.low == pytest.approx(needed.high)


def test_a_method_that_never_comes_to_the_score_needs_no_number_of_measurements():
    theirs, ours = np.tile([0.8, 0.4, 0.2, 0.1], (5, 1)), np.tile([0.8, 0.5, 0.4, 0.3], (5, 1))
    needed = compare(COUNTS, ours, theirs, good_enough=0.0)
    assert needed.ours == np.inf
    assert needed.low > 1


def test_nobody_is_asked_for_more_than_is_good_enough():
    theirs, ours = np.tile([0.8, 0.09, 0.01, 0.001], (5, 1)), np.tile([0.8, 0.09, 0.05, 0.05], (5, 1))
    needed = compare(COUNTS, ours, theirs, good_enough=0.1)
    assert needed.ratio == pytest.approx(1.0)


def test_a_stroke_of_luck_that_is_undone_does_not_count():
    assert settles_at(COUNTS, np.array([0.5, 0.1, 0.4, 0.1]), 0.1) > 30
    assert settles_at(COUNTS, np.array([0.1, 0.1, 0.1, 0.1]), 0.1) == 10


def test_the_interval_is_wide_where_seeds_disagree():
    rng = np.random.default_rng(2)
    theirs = np.tile([0.8, 0.4, 0.2, 0.1], (6, 1))
    ours = np.sort(rng.uniform(0.02, 0.8, (6, 4)), axis=1)[:, ::-1]
    ours[:, -1] = 0.05
    needed = compare(COUNTS, ours, theirs, good_enough=0.0)
    assert needed.low < needed.ratio < needed.high
