"""Our way over a slice is held against fixed ones: the same seconds, the same motors, the same noise."""

from itertools import pairwise

import numpy as np
import pytest

from agent.config import read_campaign
from agent.outline import read_outline
from benchmarks import scan
from benchmarks.task import Task
from models.domain.motion import journey_s

BUDGET_S = 25.0


@pytest.fixture(scope="module")
def spec():
    return read_campaign(scan.EXAMPLE)


@pytest.fixture(scope="module")
def space(spec):
    return spec.space(read_outline(spec.region, scan.EXAMPLE.parent))


@pytest.fixture(scope="module")
def slice_(spec, space):
    return scan.cut_slice(spec, space, 1)


def length_s(measured, time) -> float:
    """What a way takes, walked again with the formula of the motors."""
    motions = dict.fromkeys(scan.AXES, time.motion)
    stops = [dict(zip(scan.AXES, place, strict=True)) for place in measured.places_mm.tolist()]
    travel_s = sum(journey_s(motions, a, b) for a, b in pairwise(stops))
    return travel_s + len(stops) * (time.exposure_s + time.overhead_s)


def test_every_way_keeps_to_the_beam_time_and_to_the_slice(slice_, spec, space):
    time = scan.beam_time(spec, BUDGET_S)
    ways = [scan.walk_fixed(slice_, space, manner, time) for manner in scan.MANNERS]
    ways.append(scan.walk_ours(slice_, spec, space, time))
    for measured in ways:
        assert length_s(measured, time) <= BUDGET_S + 1e-6
        assert length_s(measured, time) > 0.8 * BUDGET_S
        assert slice_.world.specimen.holds(*measured.places_mm.T).all()


def test_noise_is_that_of_the_sigmas_told_with_it(slice_, spec, space):
    time = scan.beam_time(spec, 400.0)
    measured = scan.walk_fixed(slice_, space, "serpentine", time)
    places = (dict(zip(scan.AXES, place, strict=True)) for place in measured.places_mm.tolist())
    truth = np.array([slice_.truth.feature(scan.FEATURE, place) for place in places])
    pulls = (measured.values - truth) / measured.sigmas
    assert np.std(pulls) == pytest.approx(1.0, abs=0.15)


def test_a_map_of_every_place_has_next_to_no_error_and_one_of_few_places_has_more(slice_):
    rows = np.random.default_rng(2).choice(len(slice_.grid_mm), 300, replace=False)
    errors = [
        scan.score(slice_, scan.Measured(slice_.grid_mm[r], slice_.values[r], np.full(len(r), 1.0))).rmse
        for r in (rows, rows[:60])
    ]
    assert 0.0 < errors[0] < errors[1] < 60.0


def test_a_row_is_made_for_each_fixed_way(monkeypatch):
    monkeypatch.setattr(scan, "BEAM_TIMES_S", (BUDGET_S,))
    task = Task(track=lambda steps, label: steps, say=print, dataset=scan.EXAMPLE, is_quick=True)
    rows = scan.measure(task)
    assert [row.name for row in rows] == [f"scan.rmse_{BUDGET_S:g}s"] * 2
    assert [row.peer for row in rows] == [f"{manner} in the same time" for manner in scan.MANNERS]
    assert all(row.value > 0 and row.peer_value > 0 for row in rows)
