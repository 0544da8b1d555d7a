"""Every problem can be drawn from, measured and scored, and hides what it says that it hides."""

import numpy as np
import pytest

from benchmarks.problems.catalog import NAMES, find_problem
from benchmarks.problems.kind import BenchProblem, Unavailable
from benchmarks.scoring import score


@pytest.fixture(params=NAMES)
def problem(request) -> BenchProblem:
    try:
        return find_problem(request.param)
    except Unavailable as reason:
        pytest.skip(str(reason))


def test_a_problem_is_drawn_measured_and_scored(problem: BenchProblem, monkeypatch):
    monkeypatch.setattr("benchmarks.problems.kind.N_GRID", 200)
    points = problem.initial(1)
    values, sigmas = problem.measure(points, 1, 0)
    assert points.shape == (problem.n_initial, len(problem.space["axes"]))
    assert np.isfinite(values).all()
    assert (sigmas > 0).all()
    assert score(problem, points, values, sigmas) > problem.good_enough
    if problem.region.candidates is None:
        assert problem.region.is_allowed(problem.region.to_free(problem.grid())).all()


def test_the_same_seed_gives_the_same_design_and_the_same_noise(problem: BenchProblem):
    points = problem.initial(4)
    assert np.array_equal(points, problem.initial(4))
    assert not np.array_equal(points, problem.initial(5))
    first, again = problem.measure(points, 4, 0), problem.measure(points, 4, 0)
    assert np.array_equal(first[0], again[0])


def test_nothing_on_the_grid_is_better_than_the_best(problem: BenchProblem):
    if problem.best is None:
        pytest.skip("nothing is best")
    reached = problem.truth(problem.grid()).max()
    assert reached <= problem.best + 1e-6
    assert reached > problem.best - 0.02 * abs(problem.best)


def test_noise_is_as_wide_as_the_problem_says():
    problem = find_problem("noisy_ridge")
    points = problem.region.draw(400, 0)
    values, sigmas = problem.measure(points, 0, 0)
    assert np.std((values - problem.truth(points)) / sigmas) == pytest.approx(1.0, abs=0.1)


def test_mixtures_add_up_to_one():
    points = find_problem("decoy_mixture").region.draw(100, 0)
    assert points.sum(axis=1) == pytest.approx(1.0)


def test_the_decoy_is_easy_and_the_top_is_narrow():
    problem = find_problem("decoy_mixture")
    heights = problem.truth(problem.grid())
    assert np.mean((heights > 0.5) & (heights < 0.66)) > 0.05
    assert np.mean(heights > 0.7) < 0.03
