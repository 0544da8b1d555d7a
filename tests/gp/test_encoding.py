"""Points become columns and come back; every point that is drawn from any space may be measured."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.domain.axis import Axis
from models.domain.constraints import LinearConstraint
from models.domain.point import Point
from models.domain.region import Region
from models.domain.space import SearchSpace, SumConstraint
from models.gp.design import draw_allowed
from models.gp.encoding import Encoding
from tests.domain.kinds_of_spaces import every_kind_of_space

ALL_KINDS = SearchSpace(
    axes=(
        Axis(name="t", low=20.0, high=60.0),
        Axis(name="layers", kind="integer", low=1, high=5),
        Axis(name="pinhole", kind="ordinal", values=(0.1, 0.2, 0.5)),
        Axis(name="cell", kind="categorical", levels=("kapton", "mica", "glass")),
    )
)


@settings(max_examples=150, deadline=None)
@given(every_kind_of_space(), st.integers(0, 2**63 - 1))
def test_every_point_that_is_drawn_from_any_space_may_be_measured(space, seed):
    encoding = Encoding(space)
    drawn = draw_allowed(encoding, 20, seed)
    points = encoding.decode(drawn.columns)
    assert len(points) > 0, drawn.account()
    assert [space.objections(point) for point in points] == [[]] * len(points)
    assert encoding.is_allowed(drawn.columns).all()


@settings(max_examples=80, deadline=None)
@given(every_kind_of_space(), st.integers(0, 1000))
def test_columns_and_points_go_there_and_back(space, seed):
    encoding = Encoding(space)
    columns = encoding.spread(np.random.default_rng(seed).random((9, len(space.axes))))
    points = encoding.decode(columns)
    assert encoding.decode(encoding.encode(points)) == points
    assert np.allclose(encoding.encode(points), columns, atol=1e-12)
    assert np.array_equal(encoding.snap(columns), columns)
    assert np.all((columns >= encoding.bounds[0]) & (columns <= encoding.bounds[1]))


@settings(max_examples=80, deadline=None)
@given(every_kind_of_space(), st.integers(0, 1000))
def test_scaled_constraints_say_the_same_as_the_space(space, seed):
    encoding = Encoding(space)
    columns = encoding.spread(np.random.default_rng(seed).random((50, len(space.axes))))
    (a, b), (c, d) = encoding.equalities, encoding.inequalities
    fits = np.all(np.abs(columns @ a.T - b) < 1e-6, axis=1) & np.all(columns @ c.T <= d + 1e-6, axis=1)
    bare = space.model_copy(update={"region": None, "feasible": None})
    near = np.abs(columns @ np.vstack([a, c]).T - np.append(b, d)).min(axis=1, initial=np.inf) < 1e-4
    for point, is_fit, is_near in zip(encoding.decode(columns), fits, near, strict=True):
        if not is_near:
            assert (bare.objections(point) == []) == is_fit


def test_each_kind_of_axis_has_its_columns():
    point = Point(coordinates={"t": 30.0, "layers": 2.0, "pinhole": 0.2, "cell": "mica"})
    encoding = Encoding(ALL_KINDS)
    assert encoding.encode([point]).tolist() == [[0.25, 0.25, 0.25, 0.0, 1.0, 0.0]]
    assert encoding.is_discrete.tolist() == [False, True, True, True, True, True]
    assert encoding.slices["cell"] == slice(3, 6)
    assert encoding.column_names == ("t", "layers", "pinhole", "cell=kapton", "cell=mica", "cell=glass")


def test_what_lies_between_is_rounded_to_what_can_be_set():
    encoding = Encoding(ALL_KINDS)
    (point,) = encoding.decode(np.array([[0.5, 0.4, 0.6, 0.3, 0.1, 0.35]]))
    assert point.coordinates == {"t": 40.0, "layers": 3.0, "pinhole": 0.2, "cell": "glass"}
    assert encoding.snap(np.array([[0.5, 0.4, 0.6, 0.3, 0.1, 0.35]])).tolist() == [
        [0.5, 0.5, 0.25, 0.0, 0.0, 1.0]
    ]


def test_a_value_read_off_a_device_keeps_what_it_misses_of_a_step():
    read = Point(coordinates={"t": 30.0, "layers": 2.1, "pinhole": 0.2, "cell": "mica"})
    assert Encoding(ALL_KINDS).encode([read])[0, 1] == pytest.approx(0.275)


def test_every_value_that_can_be_set_is_drawn_as_often():
    columns = draw_allowed(Encoding(ALL_KINDS), 1920, 4).columns
    points = Encoding(ALL_KINDS).decode(columns)
    for name, n_settings in {"layers": 5, "pinhole": 3, "cell": 3}.items():
        counts = np.unique([point.coordinates[name] for point in points], return_counts=True)[1]
        assert len(counts) == n_settings
        assert np.all(np.abs(counts - 1920 / n_settings) < 30)


def test_what_is_continuous_makes_up_for_the_rounding_of_whole_numbers():
    axes = (Axis(name="drops", kind="integer", low=0, high=9), Axis(name="volume", low=0.0, high=1.0))
    total = LinearConstraint(coefficients={"drops": 0.1, "volume": 1.0}, equals=0.95)
    encoding = Encoding(SearchSpace(axes=axes, linear=(total,)))
    drawn = draw_allowed(encoding, 200, 2)
    assert drawn.n_broken < drawn.n_tried / 10
    assert {point["drops"] for point in encoding.decode(drawn.columns)} == set(range(10))


def test_whole_numbers_share_a_total():
    axes = tuple(Axis(name=name, kind="integer", low=0, high=10) for name in "abcd")
    encoding = Encoding(SearchSpace(axes=axes, sums=(SumConstraint(axes=tuple("abcd"), total=17),)))
    columns = draw_allowed(encoding, 500, 2).columns
    assert len(columns) == 500
    assert {sum(point.numbers.values()) for point in encoding.decode(columns)} == {17.0}


def test_the_few_whole_numbers_that_solve_an_equation_are_all_found():
    axes = tuple(Axis(name=name, kind="integer", low=0, high=20) for name in "ab")
    equation = LinearConstraint(coefficients={"a": 3.0, "b": 5.0}, equals=47)
    encoding = Encoding(SearchSpace(axes=axes, linear=(equation,)))
    points = encoding.decode(draw_allowed(encoding, 200, 1).columns)
    assert {(point["a"], point["b"]) for point in points} == {(4, 7), (9, 4), (14, 1)}


def test_a_region_is_filled_evenly_and_left_by_none():
    axes = (Axis(name="x", low=0.0, high=100.0), Axis(name="y", low=0.0, high=100.0))
    ring = Region(
        axes=("x", "y"),
        polygon=((2, 2), (4, 2), (4, 4), (2, 4)),
        holes=(((2.5, 2.5), (3.5, 2.5), (3.5, 3.5), (2.5, 3.5)),),
    )
    encoding = Encoding(SearchSpace(axes=axes, region=ring))
    drawn = draw_allowed(encoding, 1200, 3)
    places = drawn.columns * 100.0
    assert drawn.n_tried < 3000  # drawn around the region, not over the whole plane
    assert np.all(np.abs(places - 3.0).max(axis=1) >= 0.5)
    corners = (np.abs(places - 3.0) > 0.5).all(axis=1)
    assert corners.mean() == pytest.approx(1 / 3, abs=0.05)


def test_only_candidates_are_allowed_where_a_list_is_given():
    axes = (Axis(name="x", low=0.0, high=1.0),)
    points = tuple(Point(coordinates={"x": x}, sample=f"S{x}") for x in (0.1, 0.2, 0.7))
    encoding = Encoding(SearchSpace(axes=axes, candidates=points))
    assert encoding.is_allowed(np.array([[0.1], [0.7 + 1e-13], [0.15]])).tolist() == [True, True, False]


def fails_above_a_half(point):
    if point["x"] > 0.5:
        raise KeyError("no stock")
    return "too dry" if point["x"] < 0.1 else True


def test_a_function_that_fails_refuses_its_points_and_is_told_of():
    space = SearchSpace(axes=(Axis(name="x", low=0.0, high=1.0),), feasible=f"{__name__}:fails_above_a_half")
    drawn = draw_allowed(Encoding(space), 100, 1)
    assert drawn.columns.min() >= 0.1
    assert drawn.columns.max() <= 0.5
    assert drawn.complaint == f"{__name__}:fails_above_a_half raised KeyError: 'no stock'"


def test_the_account_of_draws_adds_up():
    axes = (Axis(name="x", low=0.0, high=1.0), Axis(name="y", low=0.0, high=1.0))
    space = SearchSpace(
        axes=axes,
        linear=(LinearConstraint(coefficients={"x": 1.0, "y": 1.0}, low=1.0),),
        region=Region(axes=("x", "y"), polygon=((0, 0), (1, 0), (1, 1))),
        feasible=f"{__name__}:fails_above_a_half",
    )
    drawn = draw_allowed(Encoding(space), 64, 1, draws_per_point=4)
    assert len(drawn.columns) == 0  # above y = 1 - x and below y = x leaves only x > 0.5
    assert drawn.n_broken + drawn.n_outside + drawn.n_refused == drawn.n_tried
    assert (
        f"0 of {drawn.n_tried} draws may be measured: {drawn.n_broken} breaking a constraint"
        in drawn.account()
    )
