"""How long an instrument waits, by hand."""

import pytest

from benchmarks.idle import Commands, commands_of, idle_of, run_night

OWN_S = 23.0


def test_one_after_the_other_the_instrument_waits_for_each_sample_but_while_the_cell_is_rinsed():
    night = (Commands(180.0, 60.0, 320.0), Commands(180.0, 60.0, 320.0))
    idle = idle_of(night, OWN_S)
    assert (idle.total_s, idle.waited_s) == (1120.0, 2 * (180.0 - 23.0))


def test_of_samples_made_ahead_it_waits_for_those_that_take_longer_than_the_exposure():
    idle = idle_of((Commands(180.0, 60.0, 320.0), Commands(0.0, 83.0, 400.0, beyond_s=80.0)), OWN_S)
    assert (idle.total_s, idle.waited_s) == (560.0 + 483.0, 157.0 + 80.0)
    assert idle.share == pytest.approx(237.0 / 1043.0)


def test_a_sample_that_is_loaded_again_is_not_waited_for():
    assert idle_of((Commands(0.0, 105.0, 320.0),), OWN_S).waited_s == 0.0


def test_the_night_of_the_twin_is_measured_by_its_own_clock(tmp_path):
    (tmp_path / "serial").mkdir()
    history = run_night(tmp_path / "serial", 2, is_overlapped=False)
    assert list(commands_of(history)) == [Commands(180.0, 60.0, 450.0)] * 3
    (tmp_path / "overlapped").mkdir()
    history = run_night(tmp_path / "overlapped", 2, is_overlapped=True)
    after = Commands(0.0, 83.0, 450.0)  # rinsed and looked through once the cell is free
    assert list(commands_of(history)) == [Commands(180.0, 60.0, 450.0), after, after]
