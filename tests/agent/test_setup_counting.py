"""Counting goes on until a feature is known as well as is asked, and no longer."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.setup.counting import GROWTH, MOST_BLIND, SHORTEST_SHARE, Counted, count_on

RATES = st.floats(0.01, 100.0)


def nature(seconds: float, one_second: float, bias: float) -> Counted:
    """A feature of value 10 whose noise is `one_second` after a second, and falls with the root of time."""
    return Counted(seconds, 10.0, float(np.hypot(one_second / np.sqrt(seconds), bias)))


def follow(one_second: float, bias: float, aim: float) -> list[Counted]:
    read = [nature(0.05, one_second, bias)]
    while (more_s := count_on(read, aim).more_s) > 0:
        read.append(nature(read[-1].seconds + more_s, one_second, bias))
        assert len(read) < 40
    return read


@given(one_second=RATES, aim=st.floats(0.01, 1.0))
def test_without_bias_the_aim_is_reached_with_hardly_more_than_it_takes(one_second, aim):
    read = follow(one_second, 0.0, aim)
    assert read[-1].sigma <= aim
    takes_s = (one_second / aim) ** 2
    assert read[-1].seconds <= max(0.05, 1.03 * takes_s, takes_s + SHORTEST_SHARE * read[-1].seconds)


@given(one_second=RATES, aim=st.floats(0.01, 1.0), share=st.floats(1.0, 20.0))
def test_a_floor_above_the_aim_is_found_out_and_counting_ends(one_second, aim, share):
    read = follow(one_second, share * aim, aim)
    assert read[-1].sigma > aim
    assert len(read) <= 10


@given(one_second=st.floats(0.1, 2.0), aim=st.floats(0.05, 1.0), share=st.floats(0.05, 0.8))
def test_a_floor_below_the_aim_is_allowed_for(one_second, aim, share):
    read = follow(one_second, share * aim, aim)
    assert read[-1].sigma <= aim
    takes_s = one_second**2 / (aim**2 - (share * aim) ** 2)
    assert read[-1].seconds <= max(0.05, 1.15 * takes_s)


def test_what_cannot_be_read_is_counted_longer_a_few_times_and_then_left():
    read = [Counted(1.0, None, None)]
    while (wanted := count_on(read, None)).more_s > 0:
        read.append(Counted(read[-1].seconds + wanted.more_s, None, None))
    assert wanted.code == "absent"
    assert read[-1].seconds == pytest.approx(GROWTH**MOST_BLIND)


def test_a_poor_sigma_is_not_extrapolated_far():
    assert count_on([Counted(1.0, 1.0, 0.9)], 0.001).more_s == pytest.approx(GROWTH - 1.0)
    assert count_on([Counted(1.0, 1.0, 0.09)], 0.001).more_s == pytest.approx(1.02 * 8100 - 1.0)
