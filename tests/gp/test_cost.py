"""What a measurement costs: the journey of the slowest axis, and its slope."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.domain.motion import Motion, journey_s
from models.gp.acquisitions.cost import Cost, Leg, travels_s

SLOW, QUICK = Motion(velocity=0.5, acceleration=1.0, settle_s=0.3), Motion(velocity=4.0, acceleration=9.0)
LEGS = (Leg(0, 0.25, 4.0, QUICK), Leg(1, -0.1, 2.0, SLOW))
FIXED_S = 0.7
SHARE = st.floats(0.0, 1.0)


def cost(points: np.ndarray) -> Cost:
    return Cost(LEGS, FIXED_S, points)


@given(st.lists(st.floats(0.0, 50.0), min_size=1, max_size=8))
def test_many_distances_take_what_each_of_them_takes(distances):
    for motion in (SLOW, QUICK):
        expected = [motion.travel_s(distance) for distance in distances]
        assert travels_s(motion, np.array(distances)) == pytest.approx(expected, rel=1e-12)


@given(SHARE, SHARE)
def test_a_measurement_costs_the_journey_of_the_slowest_axis_and_what_is_fixed(x, y):
    point = np.array([[x, y]])
    start, end = {"x": 0.25 * 4.0, "y": -0.1 * 2.0}, {"x": 4.0 * x, "y": 2.0 * y}
    expected = FIXED_S + journey_s({"x": QUICK, "y": SLOW}, start, end)
    assert cost(point).seconds(point)[0] == pytest.approx(expected, rel=1e-9)
    assert cost(point).watched()[0] == pytest.approx(-np.log(expected), rel=1e-9, abs=1e-9)


@given(SHARE, SHARE)
def test_its_slope_is_that_of_finite_differences_away_from_kinks(x, y):
    point, step = np.array([x, y]), 1e-6
    value, gradient = cost(point[np.newaxis]).slope(point)
    assert value == pytest.approx(float(cost(point[np.newaxis]).at(point[np.newaxis])[0]))
    for axis in range(2):
        move = step * np.eye(2)[axis]
        here = cost(point[np.newaxis])
        up, down, middle = (float(here.at(p[np.newaxis])[0]) for p in (point + move, point - move, point))
        if abs((up - middle) - (middle - down)) < 1e-3 * abs(up - down) + 1e-12:
            assert gradient[axis] == pytest.approx((up - down) / (2 * step), rel=1e-2, abs=1e-6)


def test_who_stays_pays_what_is_fixed_and_has_no_slope_there():
    here = np.array([0.25, -0.1])
    value, gradient = cost(here[np.newaxis]).slope(here)
    assert value == pytest.approx(-np.log(FIXED_S))
    assert np.all(np.isfinite(gradient))
    assert gradient.tolist() == [0.0, 0.0]


def test_without_legs_every_point_costs_the_same():
    points = np.random.default_rng(1).random((5, 2))
    plain = Cost((), FIXED_S, points)
    assert not plain.varies
    assert cost(points).varies
    assert plain.seconds(points).tolist() == [FIXED_S] * 5


def test_seconds_that_count_twice_are_twice_the_worth_and_its_slope_but_no_other_seconds():
    points = np.array([[0.9, 0.5], [0.1, 0.9], [0.6, 0.2]])
    once, twice = cost(points), Cost(LEGS, FIXED_S, points, power=2.0)
    assert twice.seconds(points).tolist() == once.seconds(points).tolist()
    assert twice.watched() == pytest.approx(2.0 * once.watched())
    assert twice.slope(points[0])[0] == pytest.approx(2.0 * once.slope(points[0])[0])
    assert twice.slope(points[0])[1] == pytest.approx(2.0 * once.slope(points[0])[1])


def test_where_all_is_to_be_known_who_stands_still_is_not_preferred_to_who_goes_a_little_way():
    here, near, far = np.array([[0.25, -0.1], [0.27, -0.1], [0.9, 0.5]])
    keen = Cost(LEGS, FIXED_S, here[np.newaxis], power=2.0)
    assert keen.at(here[np.newaxis])[0] == keen.at(near[np.newaxis])[0] > keen.at(far[np.newaxis])[0]
    assert keen.slope(near)[1].tolist() == [0.0, 0.0]
    assert keen.seconds(here[np.newaxis])[0] == FIXED_S, "what it really takes is told all the same"


def test_journeys_between_places_are_those_of_the_slowest_axis():
    points = np.random.default_rng(3).random((4, 2))
    between = cost(points).between_s(points)
    for i, j in np.ndindex(4, 4):
        ends = [{"x": 4.0 * p[0], "y": 2.0 * p[1]} for p in (points[i], points[j])]
        assert between[i, j] == pytest.approx(journey_s({"x": QUICK, "y": SLOW}, *ends), rel=1e-9, abs=1e-12)
