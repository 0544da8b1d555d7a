"""A search space says which points may be measured, and refuses to be impossible."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from models.domain.space import SUM_TOLERANCE, Axis, Point, SearchSpace, SumConstraint
from tests.domain.spaces import places, spaces
from tests.fakes import TERNARY

MIXTURE = ("surfactant", "cosurfactant", "water")


def ternary_point(surfactant: float, cosurfactant: float, water: float) -> Point:
    return Point(coordinates=dict(zip(MIXTURE, (surfactant, cosurfactant, water), strict=True)))


def two_axes(low: float, high: float, total: float) -> SearchSpace:
    axes = (Axis(name="a", low=low, high=high), Axis(name="b", low=low, high=high))
    return SearchSpace(axes=axes, sums=(SumConstraint(axes=("a", "b"), total=total),))


def scale_of(space: SearchSpace, constraint: SumConstraint) -> float:
    bounds = [bound for name in constraint.axes for bound in (space.axis(name).low, space.axis(name).high)]
    return max(abs(value) for value in (constraint.total, *bounds))


@given(st.data())
def test_a_point_within_bounds_is_refused_for_its_sums_alone(data):
    space = data.draw(spaces())
    coordinates = data.draw(places(space))
    objections = space.objections(Point(coordinates=coordinates))
    broken = [
        constraint
        for constraint in space.sums
        if abs(constraint.miss(coordinates)) > SUM_TOLERANCE * scale_of(space, constraint)
    ]
    assert len(objections) == len(broken)
    for constraint, objection in zip(broken, objections, strict=True):
        assert f"must be {constraint.total:g}" in objection


@given(st.data(), st.floats(0.01, 10.0), st.booleans())
def test_a_point_beyond_a_bound_is_refused_by_the_name_of_its_axis(data, excess, is_above):
    space = data.draw(spaces())
    axis = data.draw(st.sampled_from(space.axes))
    value = axis.high + excess if is_above else axis.low - excess
    coordinates = data.draw(places(space)) | {axis.name: value}
    objections = space.objections(Point(coordinates=coordinates))
    assert any(text.startswith(f"{axis.name} = ") and "outside" in text for text in objections)


def test_fractions_may_miss_their_total_by_rounding_but_not_by_a_hundredth():
    assert TERNARY.objections(ternary_point(0.1 + 0.2, 0.1, 0.6)) == []
    (objection,) = TERNARY.objections(ternary_point(0.3, 0.1, 0.61))
    assert objection == "surfactant + cosurfactant + water = 1.01, must be 1"


def test_a_point_that_lacks_an_axis_is_refused_by_that_name():
    assert TERNARY.objections(Point(coordinates={"surfactant": 0.3})) == ["no value for cosurfactant, water"]


def test_bounds_hold_on_an_axis_whose_whole_range_is_tiny():
    space = SearchSpace(axes=(Axis(name="gap", low=0.0, high=1e-7, unit="m"),))
    assert space.objections(Point(coordinates={"gap": 1e-7})) == []
    assert space.objections(Point(coordinates={"gap": 5e-7})) != []


def test_a_sum_of_tiny_amounts_holds_to_its_own_scale():
    space = two_axes(0.0, 1e-7, 1e-7)
    assert space.objections(Point(coordinates={"a": 4e-8, "b": 6e-8})) == []
    assert space.objections(Point(coordinates={"a": 4e-8, "b": 9e-8})) != []


@pytest.mark.parametrize(("total", "allowed"), [(0.0, "0.2 to 0.8"), (1.0, "0.2 to 0.8")])
def test_a_sum_that_the_bounds_cannot_reach_is_refused_with_what_they_can(total, allowed):
    with pytest.raises(ValidationError, match=f"a \\+ b must be {total:g}, .* only allow {allowed}"):
        two_axes(0.1, 0.4, total)


@pytest.mark.parametrize("total", [0.2, 0.8])
def test_a_sum_at_the_very_edge_of_what_bounds_allow_is_accepted(total):
    assert two_axes(0.1, 0.4, total).sums[0].total == total


def test_bounds_that_are_exchanged_are_refused_with_both_values():
    with pytest.raises(ValidationError, match="'t' has low = 30 above high = 20 C"):
        Axis(name="t", low=30.0, high=20.0, unit="C")


@pytest.mark.parametrize(
    ("sums", "complaint"),
    [
        ((("a", "x"),), "names the axis 'x', which does not exist; the axes are a, b, c"),
        ((("a", "b"), ("b", "c")), "axis 'b' stands in two sums"),
        ((("a", "a"),), "names the axis 'a' twice"),
    ],
)
def test_a_sum_must_name_axes_that_exist_and_each_but_once(sums, complaint):
    axes = tuple(Axis(name=name, low=0.0, high=1.0) for name in "abc")
    with pytest.raises(ValidationError, match=complaint):
        SearchSpace(axes=axes, sums=tuple(SumConstraint(axes=names) for names in sums))


def test_an_axis_listed_twice_is_refused():
    with pytest.raises(ValidationError, match="'a' is listed 2 times"):
        SearchSpace(axes=(Axis(name="a", low=0, high=1), Axis(name="a", low=0, high=2)))


@given(spaces())
def test_a_space_survives_json(space):
    assert SearchSpace.model_validate_json(space.model_dump_json()) == space


def test_a_point_names_its_sample_first_when_it_tells_where_it_is():
    assert ternary_point(0.21, 0.3, 0.49).text() == "surfactant 0.21, cosurfactant 0.3, water 0.49"
    assert Point(coordinates={"x": 1.23456}, sample="S7").text() == "S7 (x 1.235)"


def test_points_of_a_list_tell_their_axes_in_the_order_of_the_axes_however_a_record_sorted_them():
    axes = (Axis(name="salt", low=0, high=9), Axis(name="ph", low=0, high=9))
    listed = Point(coordinates={"ph": 7.0, "salt": 3.0}, sample="S1")
    space = SearchSpace(axes=axes, candidates=(listed,))
    assert space.candidates[0].text() == "S1 (salt 3, ph 7)"
    assert space.candidates[0] == listed
