"""A journey takes as long as its speeds say."""

import numpy as np
import pytest
from pydantic import ValidationError

from models.domain.motion import Motion, journey_s

MOTION = Motion(velocity=2.0, acceleration=4.0, settle_s=0.3)


def simulated_s(distance: float) -> float:
    """The same motion, step by step."""
    step_s, speed, travelled, time_s = 1e-5, 0.0, 0.0, 0.0
    while travelled < distance:
        must_brake = speed**2 / (2 * MOTION.acceleration) >= distance - travelled
        speed += (-1 if must_brake else 1) * MOTION.acceleration * step_s
        speed = min(max(speed, 1e-4), MOTION.velocity)
        travelled += speed * step_s
        time_s += step_s
    return time_s + MOTION.settle_s


@pytest.mark.parametrize("distance", [0.01, 0.5, 1.0, 3.0])
def test_the_closed_form_is_the_motion_step_by_step(distance: float) -> None:
    assert MOTION.travel_s(distance) == pytest.approx(simulated_s(distance), abs=4e-3)
    assert MOTION.travel_s(-distance) == MOTION.travel_s(distance)


def test_who_stays_needs_no_time_and_who_goes_farther_needs_more() -> None:
    assert MOTION.travel_s(0.0) == 0.0
    times = [MOTION.travel_s(d) for d in np.linspace(0.001, 5, 200)]
    assert times == sorted(times)


def test_the_slowest_axis_sets_the_time_of_a_journey() -> None:
    motions = {"x": MOTION, "y": Motion(velocity=0.1, acceleration=4, settle_s=0)}
    start = {"x": 0.0, "y": 0.0, "z": 0.0}
    assert journey_s(motions, start, {"x": 1.0, "y": 0.0, "z": 9.0}) == MOTION.travel_s(1.0)
    assert journey_s(motions, start, {"x": 1.0, "y": 1.0, "z": 9.0}) == pytest.approx(10.025)
    assert journey_s({}, start, {"x": 1.0, "y": 1.0, "z": 9.0}) == 0.0


def test_a_motor_without_speed_is_refused() -> None:
    with pytest.raises(ValidationError):
        Motion(velocity=0)
