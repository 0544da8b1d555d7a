"""Counting goes on until a feature is known as well as is asked, and no longer."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.setup.counting import GROWTH, MOST_BLIND, SHORTEST_SHARE, Counted, count_on

RATES = st.floats(0.01, 100.0)


def nature(seconds: float, one_second: float, bias: float, told: bool) -> Counted:
    """A feature of value 10 whose noise is `one_second` after a second, and falls with the root of time."""
    sigma = float(np.hypot(one_second / np.sqrt(seconds), bias))
    return Counted(seconds, 10.0, sigma, bias if told else 0.0)


def follow(one_second: float, bias: float, aim: float, told: bool) -> list[Counted]:
    read = [nature(0.05, one_second, bias, told)]
    while (more_s := count_on(read, aim).more_s) > 0:
        read.append(nature(read[-1].seconds + more_s, one_second, bias, told))
        assert len(read) < 40
    return read


@given(one_second=RATES, aim=st.floats(0.01, 1.0))
def test_without_bias_the_aim_is_reached_with_hardly_more_than_it_takes(one_second, aim):
    read = follow(one_second, 0.0, aim, told=False)
    assert read[-1].sigma <= aim
    takes_s = (one_second / aim) ** 2
    assert read[-1].seconds <= max(0.05, 1.03 * takes_s, takes_s + SHORTEST_SHARE * read[-1].seconds)


@given(one_second=RATES, aim=st.floats(0.01, 1.0), share=st.floats(1.0, 20.0))
def test_a_bias_above_the_aim_ends_counting_where_noise_is_half_of_it(one_second, aim, share):
    bias = share * aim
    read = follow(one_second, bias, aim, told=True)
    assert read[-1].sigma <= 1.12 * bias
    assert read[-1].seconds <= max(0.05, 1.1 * (one_second / (0.5 * bias)) ** 2)


@given(one_second=RATES, aim=st.floats(0.01, 1.0), share=st.floats(1.0, 20.0))
def test_a_bias_that_nobody_told_of_is_found_out(one_second, aim, share):
    read = follow(one_second, share * aim, aim, told=False)
    assert read[-1].sigma > aim
    assert len(read) <= 10


@given(one_second=st.floats(0.1, 3.0), aim=st.floats(0.05, 1.0), share=st.floats(0.05, 0.8))
def test_a_bias_below_the_aim_is_allowed_for(one_second, aim, share):
    read = follow(one_second, share * aim, aim, told=True)
    assert read[-1].sigma <= max(aim, 1.12 * share * aim)
    takes_s = one_second**2 / (aim**2 - (share * aim) ** 2)
    assert read[-1].seconds <= max(0.05, 1.1 * takes_s)


def test_what_cannot_be_read_is_counted_longer_a_few_times_and_then_left():
    read = [Counted(1.0, None, None)]
    while (wanted := count_on(read, None)).more_s > 0:
        read.append(Counted(read[-1].seconds + wanted.more_s, None, None))
    assert wanted.code == "absent"
    assert read[-1].seconds == pytest.approx(GROWTH**MOST_BLIND)


def test_a_poor_sigma_is_not_extrapolated_far():
    assert count_on([Counted(1.0, 1.0, 0.9)], 0.001).more_s == pytest.approx(GROWTH - 1.0)
    assert count_on([Counted(1.0, 1.0, 0.09)], 0.001).more_s == pytest.approx(1.02 * 8100 - 1.0)
