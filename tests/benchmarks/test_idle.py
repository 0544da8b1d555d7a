"""How long an instrument waits, by hand."""

import pytest

from benchmarks.idle import Commands, commands_of, overlapped, run_night, serially

OWN_S = 23.0


def test_one_after_the_other_the_instrument_waits_for_each_sample():
    night = (Commands(180.0, 60.0, 320.0), Commands(180.0, 60.0, 320.0))
    idle = serially(night, OWN_S)
    assert (idle.total_s, idle.waited_s) == (1120.0, 2 * (180.0 - 23.0))


def test_overlapped_it_waits_for_the_first_sample_and_for_those_that_take_longer_than_the_exposure():
    long = overlapped((Commands(180.0, 60.0, 320.0), Commands(180.0, 60.0, 320.0)), OWN_S)
    assert (long.total_s, long.waited_s) == (180.0 + 60.0 + 320.0 + 23.0 + 60.0 + 320.0, 157.0)
    quick = overlapped((Commands(180.0, 60.0, 10.0), Commands(180.0, 60.0, 10.0)), OWN_S)
    assert quick.waited_s == pytest.approx(157.0 + 180.0 - 10.0 - 23.0)


def test_a_sample_that_is_loaded_again_is_not_waited_for():
    again = Commands(0.0, 105.0, 320.0)
    assert serially((again,), OWN_S).waited_s == overlapped((again,), OWN_S).waited_s == 0.0


def test_the_night_of_the_twin_is_measured_by_its_own_clock(tmp_path):
    history = run_night(tmp_path, 2)
    assert list(commands_of(history)) == [Commands(180.0, 60.0, 320.0)] * 3
