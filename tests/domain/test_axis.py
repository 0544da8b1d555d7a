"""An axis says what may be set, and refuses what makes no sense."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from models.domain.axis import Axis
from models.domain.point import Point
from tests.domain.kinds_of_spaces import axes

LAYERS = Axis(name="layers", kind="integer", low=1, high=5)
PINHOLE = Axis(name="pinhole", kind="ordinal", values=(0.1, 0.2, 0.5), unit="mm")
CELL = Axis(name="cell", kind="categorical", levels=("kapton", "mica"))


def test_an_axis_that_says_no_kind_is_continuous_as_ever():
    assert Axis(name="t", low=0, high=1) == Axis(name="t", kind="continuous", low=0, high=1)


@given(st.data())
def test_an_axis_survives_json(data):
    axis = data.draw(axes("a"))
    assert Axis.model_validate_json(axis.model_dump_json()) == axis


@pytest.mark.parametrize(
    ("axis", "said"),
    [
        (LAYERS, "1 to 5, whole numbers"),
        (PINHOLE, "one of 0.1, 0.2, 0.5 mm"),
        (CELL, "one of kapton, mica"),
        (Axis(name="t", low=20, high=60, unit="degC"), "20 to 60 degC"),
    ],
    ids=["integer", "ordinal", "categorical", "continuous"],
)
def test_each_kind_says_what_may_be_asked_for(axis, said):
    assert axis.range_text() == said


def test_the_range_of_an_ordinal_axis_follows_from_its_values():
    assert (PINHOLE.low, PINHOLE.high, PINHOLE.span, PINHOLE.n_settings) == (0.1, 0.5, 0.4, 3)
    assert (LAYERS.n_settings, CELL.n_settings) == (5, 2)


@pytest.mark.parametrize(
    ("axis", "value", "said"),
    [
        (LAYERS, 2.5, "layers = 2.5 is not 1 to 5, whole numbers"),
        (LAYERS, 6.0, "layers = 6 1 is outside 1 to 5"),
        (PINHOLE, 0.3, "pinhole = 0.3 is not one of 0.1, 0.2, 0.5 mm"),
        (PINHOLE, "wide", "pinhole = 'wide' is no number; it must be one of 0.1, 0.2, 0.5 mm"),
        (CELL, "glass", "cell = 'glass' is not one of kapton, mica"),
        (CELL, 1.0, "cell = 1.0 is not one of kapton, mica"),
        (LAYERS, math.nan, "layers = nan is no number; it must be 1 to 5, whole numbers"),
    ],
    ids=str,
)
def test_what_cannot_be_set_is_refused_with_what_can(axis, value, said):
    assert axis.objection(value) == said


def test_what_can_be_set_is_not_refused_for_its_rounding():
    assert LAYERS.objection(3.0 + 1e-9) is None
    assert PINHOLE.objection(0.1 + 0.1) is None
    assert CELL.objection("mica") is None


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({}, "'x' is continuous and has no low; give low and high"),
        ({"low": 0}, "has no high"),
        ({"kind": "integer", "low": 0.5, "high": 3}, "'x' is integer, but goes from 0.5 to 3; give whole"),
        ({"kind": "ordinal", "low": 0, "high": 3}, "is ordinal and has no values"),
        ({"kind": "ordinal", "values": []}, "has no values; list at least one"),
        ({"kind": "ordinal", "values": [2, 1]}, "values that do not increase; sort them"),
        ({"kind": "ordinal", "values": [1, 1]}, "lists 1.0 twice among its values; keep one"),
        (
            {"kind": "ordinal", "values": [1, 2], "low": 0},
            "has no low and high of its own; give values alone",
        ),
        ({"kind": "categorical", "levels": []}, "has no levels; list at least one"),
        ({"kind": "categorical", "levels": ["a", "a"]}, "lists 'a' twice among its levels"),
        ({"kind": "categorical", "levels": ["a", ""]}, "a level without a name"),
        ({"kind": "categorical", "levels": ["a"], "high": 3}, "has no low and high of its own"),
        ({"low": 0, "high": 1, "levels": ["a"]}, "is continuous, which has no levels of its own"),
        ({"kind": "nominal", "levels": ["a"]}, "'continuous', 'integer', 'ordinal' or 'categorical'"),
        ({"kind": 3, "low": 0, "high": 1}, "'continuous', 'integer'"),
        ({"kind": "ordinal", "values": "abc"}, "tuple"),
    ],
    ids=str,
)
def test_an_axis_that_makes_no_sense_is_refused_with_its_remedy(wrong, complaint):
    with pytest.raises(ValidationError, match=complaint):
        Axis.model_validate({"name": "x"} | wrong)


def test_a_point_carries_the_name_of_a_level_everywhere():
    point = Point(coordinates={"t": 25, "cell": "mica"})
    assert point.text() == "t 25, cell mica"
    assert point.numbers == {"t": 25.0}
    assert Point.model_validate_json(point.model_dump_json()) == point
    with pytest.raises(TypeError, match="cell is 'mica', which is the name of a level"):
        point["cell"]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_point_refuses_what_is_not_finite(value):
    with pytest.raises(ValidationError, match="finite"):
        Point(coordinates={"t": value})
