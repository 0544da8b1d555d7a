"""How good what was measured is: map error, regret, or the share that is wrong; all by one common model."""

import numpy as np

from agent.rehearsal.common_model import CommonModel, fit_common_model, map_error
from benchmarks.problems.kind import BenchProblem
from models.domain.bands import Z_95
from models.domain.scattering import Floats

SAME = 1e-9
"""Points of a list that lie nearer to each other than this, in units of an axis' range, are one."""
UNITS = {"map": "RMSE", "level": "share wrong", "phases": "share wrong"}
"""What a score is, by goal; regret for all others."""


def score(problem: BenchProblem, points: Floats, values: Floats, sigmas: Floats) -> float:
    """Score of a set of measurements; smaller is better.

    A map: root mean square error of the common model on the dense grid. A best point: regret, in the value's
    unit, of the measured point of the best posterior mean. A level: share of the grid on its wrong side.
    Phases: share of the grid whose nearest measured point (scaled coordinates) has another phase.

    Parameters
    ----------
    problem
        The problem.
    points, values, sigmas
        What was measured, shape (n, n_axes), (n,) and (n,).
    """
    unit = problem.region.to_unit(points)
    if problem.goal == "phases":
        return _share_of_wrong_phases(problem, unit, values)
    model = fit_common_model(unit, values, sigmas)
    if problem.goal in ("maximise", "minimise", "target"):
        return _regret(problem, points, model.mean(unit))
    return _error_on_grid(problem, model)


def _error_on_grid(problem: BenchProblem, model: CommonModel) -> float:
    grid = problem.grid()
    found, truth = model.mean(problem.region.to_unit(grid)), problem.truth(grid)
    return map_error(found, truth, problem.level if problem.goal == "level" else None)


def _regret(problem: BenchProblem, points: Floats, means: Floats) -> float:
    assert problem.best is not None
    row = int(np.argmin(_badness(problem, means)))
    recommended = problem.truth(points[row : row + 1])
    return max(float((_badness(problem, recommended) - _badness(problem, np.array([problem.best])))[0]), 0.0)


def _badness(problem: BenchProblem, values: Floats) -> Floats:
    if problem.goal == "target" and problem.level is not None:
        return np.abs(values - problem.level)
    return -values if problem.goal == "maximise" else values


def _share_of_wrong_phases(problem: BenchProblem, unit: Floats, values: Floats) -> float:
    grid = problem.grid()
    gaps = np.linalg.norm(problem.region.to_unit(grid)[:, np.newaxis] - unit[np.newaxis], axis=2)
    return float(np.mean(values[gaps.argmin(axis=1)] != problem.truth(grid)))


def coverage(problem: BenchProblem, means: Floats, deviations: Floats, measured: Floats) -> float:
    """Share of held-out truth inside a method's own 95 % band.

    The truth of a replay is itself a measurement, so its sigma widens the band, and what a method measured is
    not held out.

    Parameters
    ----------
    problem
        The problem.
    means, deviations
        The method's posterior at `problem.held_out()`, noise-free, shape (n,).
    measured
        Where it measured, shape (m, n_axes).
    """
    at = problem.held_out()
    is_inside = np.abs(means - problem.truth(at)) <= Z_95 * deviations
    if problem.measured is None:
        return float(np.mean(is_inside))
    is_inside = np.abs(means - problem.truth(at)) <= Z_95 * np.hypot(deviations, problem.sigma(at))
    gaps = problem.region.to_unit(at)[:, np.newaxis] - problem.region.to_unit(measured)
    return float(np.mean(is_inside[np.abs(gaps).max(axis=2).min(axis=1) > SAME]))
