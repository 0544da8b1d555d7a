"""Where to look next for a sample or a beam, and what the looks come to."""

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agent.setup.seeking import Look, Seek, Sought, seek_middle, seek_peak
from models.domain.setup import Sweep


def search(seek: Seek, height: Callable[[float], float | None], sweep: Sweep) -> tuple[Sought, list[float]]:
    looks = [Look(sweep.start, height(sweep.start))]
    for _ in range(1000):
        sought = seek(looks, sweep)
        if sought.next_place is None:
            return sought, [look.place for look in looks]
        looks.append(Look(sought.next_place, height(sought.next_place)))
    raise AssertionError("the search does not end")


def cell(middle: float, width: float) -> Callable[[float], float]:
    return lambda place: 0.25 if abs(place - middle) < width / 2 else 0.0


def for_cell(looks: list[Look], sweep: Sweep) -> Sought:
    return seek_middle(looks, sweep, 0.25)


WIDE = Sweep(low=-4.0, high=4.0, step=0.5)


@given(middle=st.floats(-2.5, 2.5), width=st.floats(1.1, 2.5))
def test_the_middle_of_a_cell_is_found_to_half_a_step_with_no_place_looked_at_twice(middle, width):
    sought, places = search(for_cell, cell(middle, width), WIDE)
    assert sought.best_place == pytest.approx(middle, abs=WIDE.step / 2 + 1e-9)
    assert len({round(place, 9) for place in places}) == len(places)
    assert all(WIDE.low - 1e-9 <= place <= WIDE.high + 1e-9 for place in places)


@given(middle=st.floats(-2.5, 2.5))
def test_soft_edges_give_the_middle_to_a_small_share_of_a_step(middle):
    def slope(place: float) -> float:
        return 0.25 * min(1.0, max(0.0, 1.5 - abs(place - middle)))

    sought, _ = search(for_cell, slope, WIDE)
    assert sought.best_place == pytest.approx(middle, abs=0.1 * WIDE.step)


def test_a_cell_that_is_not_there_is_looked_for_everywhere_once_and_not_found():
    sought, places = search(for_cell, lambda place: 0.0, WIDE)
    assert sought.best_place is None
    assert sorted(places) == pytest.approx([-4.0 + 0.5 * k for k in range(17)])


def test_the_search_goes_outwards_from_where_the_sample_should_be():
    _, places = search(for_cell, cell(0.9, 1.2), WIDE)
    assert places[:3] == [0.0, 0.5, 1.0]


def test_a_cell_that_reaches_beyond_the_sweep_is_taken_to_end_there():
    sought, _ = search(for_cell, cell(4.0, 3.0), WIDE)
    assert sought.best_place == pytest.approx((2.5 + 4.0) / 2, abs=0.25)


def test_a_look_that_failed_is_passed_over():
    def broken(place: float) -> float | None:
        return None if place == pytest.approx(0.5) else cell(1.5, 1.4)(place)

    sought, _ = search(for_cell, broken, WIDE)
    assert sought.best_place == pytest.approx(1.5, abs=0.3)


FINE = Sweep(low=-0.3, high=0.3, step=0.03)


@given(peak=st.floats(-0.2, 0.2), width=st.floats(0.03, 0.08))
def test_the_beam_is_found_where_it_is_strongest_by_a_walk_uphill(peak, width):
    def height(place: float) -> float:
        return 1e6 * math.exp(-0.5 * ((place - peak) / width) ** 2)

    sought, places = search(seek_peak, height, FINE)
    assert sought.best_place == pytest.approx(peak, abs=1e-6)
    assert len(places) <= 4 + abs(peak) / FINE.step


@given(peak=st.floats(0.31, 0.5))
def test_a_beam_that_is_strongest_beyond_the_sweep_is_left_at_its_end(peak):
    sought, _ = search(seek_peak, lambda place: math.exp(-(((place - peak) / 0.2) ** 2)), FINE)
    assert sought.best_place == pytest.approx(FINE.high)


def test_a_beam_that_is_nowhere_is_not_found():
    assert search(seek_peak, lambda place: 0.0, FINE)[0].best_place is None


def test_a_beam_as_strong_everywhere_stays_where_it_is():
    sought, places = search(seek_peak, lambda place: 1.0, FINE)
    assert (sought.best_place, len(places)) == (0.0, 3)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"low": 1.0, "high": 2.0, "step": 0.1}, "start = 0 is not from low = 1 to high = 2"),
        ({"low": -1.0, "high": 1.0, "step": 3.0}, "step = 3 is more than from low to high"),
        ({"low": -1.0, "high": 1.0, "step": 0.0}, "greater than 0"),
    ],
)
def test_a_sweep_that_leads_nowhere_is_refused(given, said):
    with pytest.raises(ValidationError, match=said):
        Sweep(**given)
