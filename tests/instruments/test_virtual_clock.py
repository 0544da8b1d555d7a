"""The virtual clock: a simulated night takes the seconds of a real one, though nobody waits for them."""

import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.beamline import Beamline
from instruments.kinds import BuildContext
from instruments.runner import BlueskyInstrument, elapsed_s
from instruments.virtual import Options, beamline_around
from instruments.virtual_clock import TICK_S, VirtualClock
from instruments.virtual_scan import Options as ScanOptions
from instruments.virtual_scan import beamline_around as scan_around
from models.domain.motion import journey_s
from tests.instruments.test_virtual_scan import QUICK, SmallSlice, decision

SECONDS = st.floats(0.0, 1e4)
ROUNDING_S = 2 * TICK_S


@given(st.lists(SECONDS, max_size=6))
def test_what_sets_off_together_takes_as_long_as_the_slowest(journeys):
    clock = VirtualClock()
    began = clock()
    for seconds in journeys:
        clock.spend_together(seconds)
    assert clock() - began == pytest.approx(max(journeys, default=0.0), abs=ROUNDING_S)


@given(st.lists(SECONDS, max_size=6))
def test_what_follows_one_another_adds_up(exposures):
    clock = VirtualClock()
    for seconds in exposures:
        clock.spend(seconds)
    assert clock() == pytest.approx(sum(exposures), abs=ROUNDING_S * (1 + len(exposures)))


@given(st.lists(st.tuples(SECONDS, SECONDS, SECONDS), min_size=1, max_size=5))
def test_each_turn_of_a_night_takes_its_slowest_motor_and_its_exposure(turns):
    clock = VirtualClock()
    for first, second, exposure in turns:
        began = clock()
        clock.spend_together(first)
        clock.spend_together(second)
        arrived = clock()
        clock.spend(exposure)
        assert arrived - began == pytest.approx(max(first, second), abs=ROUNDING_S)
        assert clock() - arrived == pytest.approx(exposure, abs=ROUNDING_S)


@given(SECONDS, SECONDS)
def test_the_same_work_takes_the_same_time_on_any_night(before, seconds):
    early, late = VirtualClock(), VirtualClock()
    late.spend(before)
    found = []
    for clock in (early, late):
        began = clock()
        clock.spend(seconds)
        found.append(elapsed_s(began, clock()))
    assert found[0] == found[1]


PLACE = st.floats(-3.5, 3.5).map(lambda x: round(x, 3))


@settings(max_examples=5, deadline=None)
@given(st.lists(st.tuples(PLACE, PLACE, st.floats(0.01, 30.0)), min_size=1, max_size=4))
def test_a_simulated_scan_reports_the_seconds_of_a_real_one_and_waits_for_none(tmp_path_factory, visits):
    folder = tmp_path_factory.mktemp("scan")
    beamline = scan_around(SmallSlice(), ScanOptions(motion=QUICK), BuildContext("scan", 1, folder))
    instrument = BlueskyInstrument(beamline, "scan", folder)
    motions, here = {"x": QUICK, "y": QUICK}, {"x": 0.0, "y": 0.0}
    began_s = time.monotonic()
    for seq, (x, y, exposure_s) in enumerate(visits, start=1):
        one = decision(seq, x, y).model_copy(update={"exposure_s": exposure_s})
        load, expose = (instrument.perform(action, one) for action in instrument.actions(one))
        assert one.point is not None
        assert load.duration_s == pytest.approx(journey_s(motions, here, one.point.numbers), abs=ROUNDING_S)
        assert expose.duration_s == pytest.approx(exposure_s, abs=ROUNDING_S)
        here = dict(one.point.numbers)
    assert time.monotonic() - began_s < 10.0
    instrument.close()


def test_a_mix_takes_its_time_and_a_sample_that_is_there_takes_none(world, decide, tmp_path: Path):
    beamline = beamline_around(world, Options(mix_s=0.02), BuildContext("night", 1, tmp_path))
    instrument, one = BlueskyInstrument(beamline, "night", tmp_path), decide(1)
    try:
        took = [instrument.perform(action, one).duration_s for action in instrument.actions(one)]
    finally:
        instrument.close()
    assert took == [0.02, 0.0, one.exposure_s]


def test_a_beamline_without_a_clock_of_its_own_is_timed_by_the_computer(beamline, decide, start):
    instrument = start(replace(beamline, clock=Beamline.clock))
    one = decide(1)
    reports = [instrument.perform(action, one) for action in instrument.actions(one)]
    assert all(0.0 < report.duration_s < 10.0 for report in reports)


@pytest.mark.parametrize(
    ("began", "ended", "took"),
    [
        (1.0, 3.5, 2.5),
        (5.0, 4.0, None),
        (0.0, float("nan"), None),
        (0.0, float("inf"), None),
        (0.1, 0.3, 0.2),
    ],
)
def test_a_clock_that_tells_nonsense_tells_no_duration(began, ended, took):
    assert elapsed_s(began, ended) == took
