"""Points drawn from a space obey it, fill it evenly, and are the same for the same seed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.domain.space import Axis, SearchSpace, SumConstraint
from models.gp.design import choose_spread, draw_allowed
from models.gp.encoding import Encoding
from tests.domain.spaces import spaces
from tests.draws import draw_feasible, scale_to_unit, unscale
from tests.fakes import TERNARY


def mixture(*bounds: tuple[float, float], total: float = 1.0) -> SearchSpace:
    axes = tuple(Axis(name=f"x{i}", low=low, high=high) for i, (low, high) in enumerate(bounds))
    return SearchSpace(axes=axes, sums=(SumConstraint(axes=tuple(axis.name for axis in axes), total=total),))


@settings(max_examples=150, deadline=None)
@given(spaces(), st.integers(0, 2**63 - 1))
def test_every_drawn_point_may_be_measured(space, seed):
    unit = draw_feasible(space, 40, seed)
    assert unit.shape == (40, len(space.axes))
    points = unscale(space, unit)
    assert [space.objections(point) for point in points] == [[]] * 40
    for point in points:
        assert all(axis.low <= point[axis.name] <= axis.high for axis in space.axes)
        assert all(abs(constraint.miss(point.coordinates)) < 1e-8 for constraint in space.sums)


ADDITIVES = ((0.0, 1.0), (0.0, 1.0), (0.0, 0.01), (0.0, 0.01), (0.0, 0.01), (0.0, 0.01))


@pytest.mark.parametrize(
    "space",
    [
        mixture((0, 1), (0, 1), (0, 1)),
        mixture((0.02, 0.6), (0, 0.45), (0.3, 0.98)),
        mixture((0, 0.4), (0, 0.4), (0, 0.4)),
        mixture((0, 0.1), (0.3, 0.9), (0, 0.55)),
        mixture((0, 0.5), (0.25, 0.25), (0, 0.6), (0.1, 0.3)),
        mixture(*ADDITIVES),
    ],
    ids=["whole simplex", "first light", "tight highs", "one narrow axis", "a fixed part", "additives"],
)
def test_draws_have_the_mean_and_the_covariance_of_brute_force_rejection(space):
    drawn = draw_feasible(space, 8192, 3)
    low = np.array([axis.low for axis in space.axes])
    span = np.array([axis.span for axis in space.axes])
    values = low + drawn * span
    peer = brute_force(space, 200_000)
    n_peer = len(peer)
    tolerance = 4.0 * peer.std(axis=0) * np.sqrt(1 / 8192 + 1 / n_peer) + 1e-12
    assert np.all(np.abs(values.mean(axis=0) - peer.mean(axis=0)) <= tolerance)
    scale = np.outer(peer.std(axis=0), peer.std(axis=0))
    gap = np.abs(np.cov(values.T) - np.cov(peer.T))
    assert np.all(gap <= 5.0 * scale * np.sqrt(1 / 8192 + 1 / n_peer) + 1e-12)


def brute_force(space: SearchSpace, n_draws: int) -> np.ndarray:
    """Even draws in the box of all axes but one; the first wide one takes up the rest, or the row is lost."""
    rng = np.random.default_rng(1)
    low = np.array([axis.low for axis in space.axes])
    high = np.array([axis.high for axis in space.axes])
    values = rng.uniform(low, high, (n_draws, len(low)))
    rest = next(i for i, axis in enumerate(space.axes) if axis.span > 0.05)
    values[:, rest] = space.sums[0].total - np.delete(values, rest, axis=1).sum(axis=1)
    return values[(values[:, rest] >= low[rest]) & (values[:, rest] <= high[rest])]


def test_free_axes_are_filled_more_evenly_than_by_chance():
    space = SearchSpace(axes=(Axis(name="t", low=20, high=60), Axis(name="p", low=1, high=2)))
    unit = draw_feasible(space, 1024, 5)
    counts, _, _ = np.histogram2d(unit[:, 0], unit[:, 1], bins=8, range=[[0, 1], [0, 1]])
    assert counts.std() < 1.0  # 16 a cell; chance alone would scatter by 4


def test_two_sums_and_a_free_axis_are_drawn_independently():
    axes = tuple(Axis(name=name, low=0.0, high=1.0) for name in "abcde")
    sums = (SumConstraint(axes=("a", "b")), SumConstraint(axes=("c", "d"), total=0.5))
    unit = draw_feasible(SearchSpace(axes=axes, sums=sums), 4096, 11)
    correlation = np.corrcoef(unit[:, [0, 2, 4]].T)
    assert np.abs(correlation - np.eye(3)).max() < 0.05


def test_the_same_seed_draws_the_same_points_and_another_seed_others():
    one, same, other = (draw_feasible(TERNARY, 300, seed) for seed in (9, 9, 10))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_a_space_of_one_single_point_gives_that_point():
    space = mixture((0.2, 0.5), (0.8, 0.9))
    assert {point.text() for point in unscale(space, draw_feasible(space, 5, 1))} == {"x0 0.2, x1 0.8"}


def test_a_total_that_misses_the_edge_by_rounding_can_be_drawn():
    space = mixture((0.0, 0.3333333), (0.0, 0.3333333), (0.0, 0.3333334 - 1e-7))
    (point,) = unscale(space, draw_feasible(space, 1, 1))
    assert space.objections(point) == []


def test_a_slice_that_rejection_would_never_hit_is_walked():
    thin = mixture(*[(0.0, 0.4)] * 12, *[(0.0, 0.02)] * 12)
    drawn = draw_allowed(Encoding(thin), 64, 1)
    assert drawn.columns.shape == (64, 24)
    assert drawn.n_tried < 1000
    assert len(np.unique(drawn.columns, axis=0)) == 64


@settings(max_examples=60, deadline=None)
@given(spaces(), st.integers(0, 1000))
def test_scaling_there_and_back_changes_nothing_but_rounding(space, seed):
    unit = draw_feasible(space, 8, seed)
    back = scale_to_unit(space, unscale(space, unit))
    assert np.allclose(back, unit, atol=1e-8)


def test_no_points_scale_to_an_empty_table_of_the_right_width():
    assert scale_to_unit(TERNARY, ()).shape == (0, 3)


def test_the_first_of_a_spread_lies_nearest_the_middle_and_the_second_farthest_from_it():
    pool = np.array([[0.0, 0.0], [1.0, 1.0], [0.5, 0.45], [1.0, 0.0]])
    assert choose_spread(pool, np.empty((0, 2)), 2) == [2, 1]


def test_a_spread_never_chooses_a_row_twice_and_ends_with_the_pool():
    pool = np.array([[0.0], [0.0], [1.0]])
    chosen = choose_spread(pool, np.array([[0.9]]), 9)
    assert chosen[0] == 0
    assert sorted(chosen) == [0, 1, 2]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6))
def test_each_chosen_point_is_the_farthest_of_those_left(seed):
    rng = np.random.default_rng(seed)
    pool, taken = rng.random((30, 3)), rng.random((4, 3))
    before = taken
    for row in choose_spread(pool, taken, 6):
        distance = np.linalg.norm(pool[:, None] - before[None], axis=2).min(axis=1)
        assert distance[row] == distance.max()
        before = np.vstack([before, pool[row]])
