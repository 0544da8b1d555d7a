"""Constraints that leave nothing are refused with the one that is too many and what it could reach."""

import pytest
from hypothesis import given, settings

from models.domain.axis import Axis
from models.domain.constraints import LinearConstraint
from models.domain.errors import BadInput
from models.domain.space import SearchSpace, SumConstraint
from models.gp.reach import refuse_infeasible
from tests.domain.kinds_of_spaces import every_kind_of_space

THREE = tuple(Axis(name=name, low=0.0, high=1.0) for name in "abc")
MIXTURE = (SumConstraint(axes=tuple("abc")),)


def linear(
    low: float | None = None, high: float | None = None, equals: float | None = None, **factors: float
):
    return LinearConstraint(coefficients=factors, low=low, high=high, equals=equals)


@settings(max_examples=60, deadline=None)
@given(every_kind_of_space())
def test_a_space_that_holds_a_point_is_never_refused(space):
    refuse_infeasible(space)


def test_a_total_that_the_axes_miss_by_rounding_is_not_refused():
    thirds = tuple(Axis(name=name, low=0.0, high=0.3333332) for name in "abc")
    refuse_infeasible(SearchSpace(axes=thirds, sums=MIXTURE))


def test_the_constraint_that_cannot_hold_is_named_with_what_it_could_reach():
    space = SearchSpace(
        axes=THREE, sums=MIXTURE, linear=(linear(a=1.0, high=0.5), linear(a=1.0, b=1.0, low=1.5))
    )
    with pytest.raises(BadInput) as caught:
        refuse_infeasible(space)
    assert str(caught.value) == (
        "linear[1]: a + b must be at least 1.5, but the axes and sums[0], linear[0] only allow 0 to 1. "
        "Widen the axes, or change this constraint or one before it"
    )


def test_three_that_cannot_hold_together_are_found_though_any_two_can():
    ring = (linear(a=1.0, b=-1.0, low=0.1), linear(b=1.0, c=-1.0, low=0.1), linear(c=1.0, a=-1.0, low=0.1))
    for left_out in range(3):
        refuse_infeasible(SearchSpace(axes=THREE, linear=(*ring[:left_out], *ring[left_out + 1 :])))
    with pytest.raises(
        BadInput, match=r"linear\[2\]: c - a must be at least 0\.1, .* only allow -1 to -0\.2"
    ):
        refuse_infeasible(SearchSpace(axes=THREE, linear=ring))


def test_whole_numbers_that_never_make_a_total_are_refused():
    axes = tuple(Axis(name=name, kind="integer", low=0, high=9) for name in "ab")
    with pytest.raises(
        BadInput, match=r"2 a \+ 4 b must be 5, which the axes alone allow at no value that can"
    ):
        refuse_infeasible(SearchSpace(axes=axes, linear=(linear(a=2.0, b=4.0, equals=5.0),)))


def test_listed_values_that_never_make_a_total_are_refused():
    axes = (
        Axis(name="a", kind="ordinal", values=(0.0, 1.0)),
        Axis(name="b", kind="ordinal", values=(0.0, 3.0)),
    )
    refuse_infeasible(SearchSpace(axes=axes, linear=(linear(a=1.0, b=1.0, equals=4.0),)))
    with pytest.raises(BadInput, match=r"at no value that can be set"):
        refuse_infeasible(SearchSpace(axes=axes, linear=(linear(a=1.0, b=1.0, equals=2.0),)))
