"""Constraints say what must hold, and refuse to repeat, contradict or promise the impossible."""

import pytest
from pydantic import ValidationError

from models.domain.axis import Axis
from models.domain.constraints import LinearConstraint, SumConstraint
from models.domain.point import Point
from models.domain.space import SearchSpace

AXES = (
    *(Axis(name=name, low=0.0, high=1.0) for name in "abc"),
    Axis(name="cell", kind="categorical", levels=("k", "m")),
)


def linear(
    low: float | None = None, high: float | None = None, equals: float | None = None, **factors: float
):
    return LinearConstraint(coefficients=factors, low=low, high=high, equals=equals)


@pytest.mark.parametrize(
    ("constraint", "said"),
    [
        (linear(a=1.0, b=-2.0, low=1.0), "a - 2 b at least 1"),
        (linear(a=-1.0, b=0.5, high=0.25), "-a + 0.5 b at most 0.25"),
        (linear(a=3.0, low=-1.0, high=1.0), "3 a from -1 to 1"),
        (linear(a=-2.5, c=-1.0, equals=0.0), "-2.5 a - c = 0"),
        (SumConstraint(axes=("a", "b"), total=0.5), "a + b = 0.5"),
    ],
    ids=str,
)
def test_a_constraint_reads_as_it_is_meant(constraint, said):
    assert constraint.text() == said


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"coefficients": {}, "low": 0}, "at least 1 item"),
        ({"coefficients": {"a": 0.0}, "low": 0}, "the coefficient of 'a' is 0; remove it"),
        ({"coefficients": {"a": 1.0}}, "a needs low, high or both, or else equals; give one"),
        ({"coefficients": {"a": 1.0}, "equals": 1, "low": 0}, "or else equals; give one"),
        ({"coefficients": {"a": 1.0}, "low": 1, "high": 0}, "low = 1 above high = 0; exchange them"),
    ],
    ids=str,
)
def test_a_constraint_that_says_nothing_is_refused(values, complaint):
    with pytest.raises(ValidationError, match=complaint):
        LinearConstraint.model_validate(values)


@pytest.mark.parametrize(
    ("sums", "several", "complaint"),
    [
        ((), [linear(x=1.0, low=0)], "linear[0] names the axis 'x', which does not exist; the axes are a, b"),
        ((), [linear(cell=1.0, low=0)], "linear[0] names the axis 'cell', which has names and no numbers"),
        (
            (),
            [linear(a=1.0, b=-1.0, low=2)],
            "linear[0]: a - b must be at least 2, but the bounds only allow -1 to 1",
        ),
        (
            ("ab",),
            [linear(a=1.0, b=1.0, equals=1)],
            "linear[0] (a + b = 1) says the same as sums[0] (a + b = 1)",
        ),
        (
            ("ab",),
            [linear(a=-2.0, b=-2.0, low=-1.5)],
            "linear[0] (-2 a - 2 b at least -1.5) contradicts sums[0]",
        ),
        (
            (),
            [linear(a=1.0, low=0.5), linear(a=2.0, high=0.9)],
            "linear[1] (2 a at most 0.9) contradicts linear[0]",
        ),
        (
            (),
            [linear(a=1.0, low=0.5), linear(a=-1.0, high=-0.5)],
            "linear[1] (-a at most -0.5) says the same",
        ),
    ],
    ids=str,
)
def test_what_cannot_hold_or_is_said_twice_is_refused_by_name(sums, several, complaint):
    with pytest.raises(ValidationError) as caught:
        SearchSpace(
            axes=AXES, sums=tuple(SumConstraint(axes=tuple(names)) for names in sums), linear=tuple(several)
        )
    assert complaint in str(caught.value)


def test_other_weights_on_the_same_axes_are_another_matter():
    SearchSpace(axes=AXES, linear=(linear(a=1.0, b=1.0, high=0.5), linear(a=1.0, b=3.0, low=1.2)))


def test_two_sides_of_one_expression_may_be_given_apart():
    SearchSpace(axes=AXES, linear=(linear(a=1.0, b=1.0, low=0.5), linear(a=1.0, b=1.0, high=0.9)))


def test_a_sum_and_a_linear_constraint_may_share_axes():
    space = SearchSpace(
        axes=AXES, sums=(SumConstraint(axes=("a", "b")),), linear=(linear(a=1.0, c=-1.0, low=0.0),)
    )
    inside = {"a": 0.6, "b": 0.4, "c": 0.5, "cell": "k"}
    assert space.objections(Point(coordinates=inside)) == []
    assert space.objections(Point(coordinates=inside | {"c": 0.7})) == ["a - c = -0.1, must be at least 0"]


def test_a_limit_may_be_missed_by_rounding_alone():
    space = SearchSpace(axes=AXES[:2], linear=(linear(a=3.0, b=1.0, equals=0.7),))
    assert space.objections(Point(coordinates={"a": 0.1 + 0.1, "b": 0.1 + 1e-9})) == []
    assert space.objections(Point(coordinates={"a": 0.2, "b": 0.1 + 1e-4})) != []
