"""The limits at which a point stands are named, and no others."""

from models.domain.binding import limits_at
from models.domain.region import RegionSpec
from models.domain.space import Axis, LinearConstraint, Point, SearchSpace, SumConstraint


def test_an_axis_at_its_end_is_named_with_value_and_unit():
    space = SearchSpace(
        axes=(Axis(name="t", low=20.0, high=60.0, unit="degC"), Axis(name="x", low=0, high=1))
    )
    assert limits_at(space, Point(coordinates={"t": 60.0, "x": 0.5})) == ("t at its highest, 60 degC",)
    assert limits_at(space, Point(coordinates={"t": 59.0, "x": 0.0})) == ("x at its lowest, 0",)
    assert limits_at(space, Point(coordinates={"t": 40.0, "x": 0.5})) == ()


def test_a_linear_limit_is_named_and_a_sum_that_holds_everywhere_is_not():
    axes = tuple(Axis(name=name, low=0.0, high=1.0) for name in "abc")
    space = SearchSpace(
        axes=axes,
        sums=(SumConstraint(axes=("a", "b", "c")),),
        linear=(LinearConstraint(coefficients={"a": 1.0, "b": 2.0}, high=1.0),),
    )
    assert limits_at(space, Point(coordinates={"a": 0.4, "b": 0.3, "c": 0.3})) == ("a + 2 b at most 1",)
    assert limits_at(space, Point(coordinates={"a": 0.4, "b": 0.2, "c": 0.4})) == ()


def test_the_edge_of_a_region_binds_and_its_middle_does_not():
    axes = (Axis(name="x", low=0.0, high=1.0), Axis(name="y", low=0.0, high=1.0))
    square = RegionSpec(axes=("x", "y"), polygon=((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8)))
    space = SearchSpace(axes=axes, region=square.drawn())
    assert limits_at(space, Point(coordinates={"x": 0.5, "y": 0.5})) == ()
    assert limits_at(space, Point(coordinates={"x": 0.795, "y": 0.5})) == ("the edge of the region",)


def test_where_only_some_samples_exist_nothing_else_binds():
    point = Point(coordinates={"x": 0.0}, sample="S1")
    space = SearchSpace(axes=(Axis(name="x", low=0.0, high=1.0),), candidates=(point,))
    assert limits_at(space, point) == ()


def test_an_axis_without_extent_binds_nobody():
    space = SearchSpace(axes=(Axis(name="salt", low=0.1, high=0.1), Axis(name="x", low=0, high=1)))
    assert limits_at(space, Point(coordinates={"salt": 0.1, "x": 0.5})) == ()
