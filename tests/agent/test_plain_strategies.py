"""Sobol and grid: even, allowed, none twice, on every kind of space."""

import numpy as np
import pytest

from agent.strategy.problem import Problem
from agent.strategy.stack import build_strategy
from models.domain.campaign import BudgetSpec, Plug
from models.domain.history import History
from models.domain.objective import as_objective
from models.domain.space import Axis, Point, SearchSpace
from models.gp.encoding import Encoding
from tests import fakes
from tests.agent.test_strategy_bayes import measured

MIXED = SearchSpace(
    axes=(
        Axis(name="t", low=20.0, high=60.0, unit="degC"),
        Axis(name="n", kind="integer", low=1, high=4),
        Axis(name="cell", kind="categorical", levels=("kapton", "mica")),
    )
)
LISTED = SearchSpace(
    axes=(Axis(name="x", low=0.0, high=1.0), Axis(name="y", low=0.0, high=1.0)),
    candidates=tuple(
        Point(coordinates={"x": x, "y": y}, sample=f"s{k}")
        for k, (x, y) in enumerate(np.random.default_rng(5).random((40, 2)).tolist())
    ),
)


def chosen(kind: str, space: SearchSpace, n: int, seed: int = 7) -> list[Point]:
    problem = Problem(
        space=space,
        objective=as_objective(feature="height"),
        units={"height": "1"},
        exposure_s=1.0,
        seed=seed,
    )
    spec = fakes.spec(strategy=Plug(kind=kind), budget=BudgetSpec(measurements=n), seed=seed)
    strategy, history, analysis = build_strategy(spec, problem), History(), fakes.FakeAnalysis()
    points: list[Point] = []
    for _ in range(n):
        decision = strategy.propose(history)
        assert decision.point is not None, decision.reason.sentence
        points.append(decision.point)
        history = measured(history, decision, analysis) if space is fakes.TERNARY else history.plus(decision)
    return points


@pytest.mark.parametrize("kind", ["sobol", "grid"])
@pytest.mark.parametrize("space", [fakes.TERNARY, MIXED, LISTED], ids=["ternary", "mixed", "listed"])
def test_points_are_allowed_none_twice_and_another_seed_gives_others(kind, space):
    points = chosen(kind, space, 16)
    assert not any(space.objections(point) for point in points)
    assert len({point.listed_as for point in points}) == 16
    assert points == chosen(kind, space, 16)
    assert points != chosen(kind, space, 16, seed=8)


@pytest.mark.parametrize("kind", ["sobol", "grid"])
def test_points_lie_more_evenly_than_random_ones(kind):
    def worst_gap(points: list[Point]) -> float:
        encoding = Encoding(fakes.TERNARY)
        columns = encoding.encode(points)
        probes = encoding.encode(chosen("sobol", fakes.TERNARY, 128, seed=99))
        return float(np.linalg.norm(probes[:, np.newaxis] - columns, axis=2).min(axis=1).max())

    even = np.median([worst_gap(chosen(kind, fakes.TERNARY, 30, seed)) for seed in range(5)])
    drawn = np.median([worst_gap(chosen("random", fakes.TERNARY, 30, seed)) for seed in range(5)])
    assert even < drawn


def test_a_grid_goes_line_by_line_and_then_where_most_is_missing():
    xs = [point["surfactant"] for point in chosen("grid", fakes.TERNARY, 40)]
    n = next(k for k in range(1, 40) if xs[k] < xs[k - 1])
    assert n > 20, "most of the budget is a grid"
    assert 3 <= len(set(np.round(xs[:n], 9))) <= 10
