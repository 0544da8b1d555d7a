from typing import get_args

import numpy as np
import pytest
from pydantic import ValidationError

from models.domain.scattering import Floats
from sims.faults import FaultKind, FaultRule, FaultSpec, draw_fault
from sims.world import Shot, World, WorldSpec

SEED = 7
LISTED = FaultSpec(
    bubble=FaultRule(at=(2,)),
    lost_beam=FaultRule(at=(3,)),
    stuck_motor=FaultRule(at=(4,)),
    nan=FaultRule(at=(5,)),
    saturated_frame=FaultRule(at=(6,)),
)
SAMPLE = {"surfactant": 0.2, "cosurfactant": 0.2, "water": 0.6}
WATER = {"surfactant": 0.0, "cosurfactant": 0.0, "water": 1.0}


@pytest.fixture(scope="module")
def troubled() -> World:
    return World(WorldSpec(faults=LISTED), SEED)


@pytest.fixture(scope="module")
def calm() -> World:
    return World(WorldSpec(), SEED)


def good_counts(world: World, shot: Shot) -> Floats:
    return shot.counts[~world.station.pixel_mask].astype(np.float64)


def test_no_fault_strikes_unless_it_is_asked_for() -> None:
    assert all(draw_fault(FaultSpec(), SEED, seq) is None for seq in range(1, 200))


def test_a_listed_fault_strikes_its_decision_and_no_other(troubled: World) -> None:
    found = {seq: fault.kind for seq in range(1, 50) if (fault := troubled.fault(seq))}
    assert found == {2: "bubble", 3: "lost_beam", 4: "stuck_motor", 5: "nan", 6: "saturated_frame"}
    assert set(found.values()) <= set(get_args(FaultKind))


def test_faults_are_drawn_as_often_as_their_probability_says() -> None:
    spec = FaultSpec(bubble=FaultRule(probability=0.2), nan=FaultRule(probability=0.1))
    kinds = [fault.kind if (fault := draw_fault(spec, SEED, seq)) else "" for seq in range(1, 2001)]
    # four standard deviations of a binomial over 2000 draws
    assert kinds.count("bubble") / 2000 == pytest.approx(0.2, abs=0.036)
    assert kinds.count("nan") / 2000 == pytest.approx(0.1, abs=0.027)


def test_a_fault_belongs_to_seed_and_seq_alone() -> None:
    spec = FaultSpec(lost_beam=FaultRule(probability=0.5))
    backwards = [draw_fault(spec, 1, seq) for seq in range(40, 0, -1)][::-1]
    assert backwards == [draw_fault(spec, 1, seq) for seq in range(1, 41)]
    assert backwards != [draw_fault(spec, 2, seq) for seq in range(1, 41)]


def test_impossible_faults_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"add up to 1\.2"):
        FaultSpec(bubble=FaultRule(probability=0.6), nan=FaultRule(probability=0.6))
    with pytest.raises(ValidationError, match="seq 3 is listed for two kinds"):
        FaultSpec(bubble=FaultRule(at=(1, 3)), nan=FaultRule(at=(3,)))
    with pytest.raises(ValidationError):
        FaultSpec.model_validate({"flood": {"probability": 0.1}})


@pytest.mark.parametrize("point", [SAMPLE, {"surfactant": 1.0, "cosurfactant": 0.0, "water": 0.0}])
def test_a_bubble_transmits_more_than_any_liquid(
    troubled: World, calm: World, point: dict[str, float]
) -> None:
    bubble = troubled.expose(point, seq=2, exposure_s=1)
    blank = calm.expose(WATER, seq=1, exposure_s=1)
    assert bubble.transmission > 1.02 * blank.transmission + 3 * blank.transmission_sigma
    assert bubble.transmission < 1


def test_a_bubble_dims_the_rings_and_draws_a_streak_at_low_q(
    troubled: World, calm: World, pixel_q: Floats
) -> None:
    bubble, clean = (world.expose(SAMPLE, seq=2, exposure_s=1) for world in (troubled, calm))
    far = (pixel_q > 0.5) & (pixel_q < 1.5) & ~calm.station.pixel_mask
    assert bubble.counts[far].sum() < 0.75 * clean.counts[far].sum()
    near = (pixel_q > 0.15) & (pixel_q < 0.25) & ~calm.station.pixel_mask
    # counts per ring vary far more along the azimuth than Poisson allows
    assert np.var(bubble.counts[near]) / np.mean(bubble.counts[near]) > 20
    assert np.var(clean.counts[near]) / np.mean(clean.counts[near]) < 20


def test_a_lost_beam_leaves_dark_counts(troubled: World, calm: World) -> None:
    dark, light = (world.expose(SAMPLE, seq=3, exposure_s=1) for world in (troubled, calm))
    assert dark.monitor < 1e-4 * light.monitor
    assert good_counts(troubled, dark).mean() < 1e-3 < good_counts(calm, light).mean()


def test_a_lost_reading_is_a_monitor_that_is_not_a_number(troubled: World, calm: World) -> None:
    lost, clean = (world.expose(SAMPLE, seq=5, exposure_s=1) for world in (troubled, calm))
    assert np.isnan(lost.monitor)
    assert np.isfinite(lost.transmission)
    np.testing.assert_array_equal(lost.counts, clean.counts)


@pytest.mark.parametrize("point", [SAMPLE, WATER])
def test_a_saturated_frame_reaches_the_counters_limit(troubled: World, point: dict[str, float]) -> None:
    shot = troubled.expose(point, seq=6, exposure_s=1)
    assert (good_counts(troubled, shot) == troubled.station.saturation_counts).sum() > 50


def test_a_stuck_motor_does_not_touch_the_frame(troubled: World, calm: World) -> None:
    stuck, clean = (world.expose(SAMPLE, seq=4, exposure_s=1) for world in (troubled, calm))
    np.testing.assert_array_equal(stuck.counts, clean.counts)


def test_the_repeat_of_a_faulty_exposure_is_clean(troubled: World, calm: World) -> None:
    repeat, clean = (world.expose(SAMPLE, seq=9, exposure_s=1) for world in (troubled, calm))
    np.testing.assert_array_equal(repeat.counts, clean.counts)
    assert repeat.monitor == clean.monitor


def struck(kind: FaultKind, severity: float | None) -> World:
    spec = FaultSpec.model_validate({kind: {"at": (2,), "severity": severity}})
    return World(WorldSpec(faults=spec), SEED)


def test_a_fault_is_as_bad_as_it_is_asked_to_be() -> None:
    fault = struck("spilt_beam", 0.25).fault(2)
    assert fault is not None
    assert fault.severity == 0.25


def test_a_severity_that_is_not_asked_for_is_drawn_from_seed_and_seq() -> None:
    fault = struck("spilt_beam", None).fault(2)
    assert fault == struck("spilt_beam", None).fault(2)
    assert fault is not None
    assert 0 < fault.severity < 1


def test_a_moved_beam_brings_its_pattern_along_and_leaves_the_beamstop(calm: World) -> None:
    moved = struck("moved_beam", 1.0)
    shot, clean = (world.expose(SAMPLE, seq=2, exposure_s=1) for world in (moved, calm))
    usable = ~calm.station.pixel_mask
    np.testing.assert_array_equal(shot.counts < 0, clean.counts < 0)
    rows, columns = np.indices(shot.counts.shape)
    above = usable & (rows > 521) & (np.hypot(rows - 521, columns - 441) < 60)
    below = usable & (rows < 521) & (np.hypot(rows - 521, columns - 441) < 60)
    lean = [s.counts[above].mean() / s.counts[below].mean() for s in (shot, clean)]
    assert lean[0] > 1.05 * lean[1]


def test_dead_chips_read_zero_and_their_gaps_stay_gaps(calm: World) -> None:
    dead, clean = (w.expose(SAMPLE, seq=2, exposure_s=1) for w in (struck("dead_chips", 1.0), calm))
    np.testing.assert_array_equal(dead.counts < 0, clean.counts < 0)
    lost = (dead.counts == 0) & (clean.counts > 0)
    rows, columns = np.nonzero(lost)
    assert np.ptp(rows) < 195  # all in one module
    assert 400 < np.ptp(columns) < 487
    assert not np.any(dead.counts[rows.min() : rows.max(), columns.min() : columns.max()] > 0)


def test_a_zinger_strikes_one_usable_pixel(calm: World) -> None:
    struck_shot, clean = (w.expose(SAMPLE, seq=2, exposure_s=1) for w in (struck("zinger", 1.0), calm))
    (row, column) = np.argwhere(struck_shot.counts != clean.counts)[0]
    assert np.count_nonzero(struck_shot.counts != clean.counts) == 1
    assert struck_shot.counts[row, column] == clean.counts[row, column] + 100_000
    assert not calm.station.pixel_mask[row, column]


def test_photons_that_count_twice_scatter_more_than_poisson(calm: World) -> None:
    twice, clean = (w.expose(WATER, seq=2, exposure_s=3) for w in (struck("gain", 1.0), calm))
    rows, columns = np.indices(twice.counts.shape)
    radius = np.hypot(rows + 0.5 - calm.station.geometry.beam_row_px,
                      columns + 0.5 - calm.station.geometry.beam_column_px)  # fmt: skip
    ring = (np.abs(radius - 300) < 2) & ~calm.station.pixel_mask
    ratio = [np.var(s.counts[ring]) / np.mean(s.counts[ring]) for s in (twice, clean)]
    assert ratio[0] / ratio[1] == pytest.approx(1.9 / 1.3, rel=0.15)


def test_a_clock_that_is_set_back_is_the_only_thing_that_changes(calm: World) -> None:
    late, clean = (w.expose(SAMPLE, seq=2, exposure_s=1) for w in (struck("slow_clock", 1.0), calm))
    assert clean.taken_s - late.taken_s == pytest.approx(3600)
    np.testing.assert_array_equal(late.counts, clean.counts)


def test_devices_enact_a_stale_frame_and_wrong_pixels_themselves(calm: World) -> None:
    for kind in ("stale_frame", "wrong_pixels"):
        shot, clean = (w.expose(SAMPLE, seq=2, exposure_s=1) for w in (struck(kind, None), calm))
        np.testing.assert_array_equal(shot.counts, clean.counts)
