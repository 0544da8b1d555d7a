"""The hidden slice: where its parts lie, what it scatters, and that frames are its Poisson counts."""

import math

import numpy as np
import pytest
from pydantic import ValidationError

from models.domain.errors import BadInput, UnreachablePoint
from sims.fibres import (
    count_between,
    invariant_between,
    invariant_of,
    order_of,
    scatter_fabric,
    tabulate_azimuth,
)
from sims.raster import BeamTime, lay_route
from sims.specimen import OUTLINE_MM, Fabric, Specimen, SpecimenSpec, distance_to_line, enclosed
from sims.specimen_truth import SCAN_TRUTHS, ScanTruth
from sims.specimen_world import ScanWorld, ScanWorldSpec

SEED = 7
BOX = ((-2.0, 2.0), (-1.45, 1.45))
INSIDE, AIR = {"x": 0.1, "y": 0.2}, {"x": -1.9, "y": 1.3}


@pytest.fixture(scope="module")
def world() -> ScanWorld:
    return ScanWorld(ScanWorldSpec(), SEED)


def test_the_same_decision_gives_the_same_bits_and_another_seq_other_noise(world: ScanWorld) -> None:
    seen = world.expose(INSIDE, seq=3, exposure_s=0.2)
    again = ScanWorld(ScanWorldSpec(), SEED).expose(INSIDE, seq=3, exposure_s=0.2)
    np.testing.assert_array_equal(seen.counts, again.counts)
    assert (seen.monitor, seen.transmission) == (again.monitor, again.transmission)
    assert (seen.counts != world.expose(INSIDE, seq=4, exposure_s=0.2).counts).any()


def test_outside_the_outline_there_is_only_air(world: ScanWorld) -> None:
    assert world.specimen.tissue_at(**as_mm(AIR)).fabrics == ()
    air = world.expose(AIR, seq=1, exposure_s=1)
    inside = world.expose(INSIDE, seq=2, exposure_s=1)
    assert air.transmission == pytest.approx(1, abs=0.02)
    assert inside.transmission < 0.95
    good = ~world.station.pixel_mask
    assert air.counts[good].sum() < 0.03 * inside.counts[good].sum()
    truth = ScanTruth(world, 0.1, 3)
    assert truth.feature("invariant", AIR) == 0
    assert math.isnan(truth.feature("orientation_angle", AIR))


def test_a_gradient_an_inclusion_and_a_crack_are_there_on_every_seed() -> None:
    x, y = np.linspace(-2, 2, 51), np.linspace(-1.45, 1.45, 37)
    for seed in range(3):
        truth = ScanTruth(ScanWorld(ScanWorldSpec(), seed), 0.1, 3)
        plain_spec = ScanWorldSpec(specimen=SpecimenSpec(inclusion_mm=0, crack_width_mm=0))
        plain = ScanTruth(ScanWorld(plain_spec, seed), 0.1, 3)
        order, smooth = (t.map("orientation_order", x, y) for t in (truth, plain))
        n_inside = np.isfinite(order).sum()
        differs = (order != smooth) & np.isfinite(order)
        assert 0.02 < differs.sum() / n_inside < 0.2
        assert np.nanmin(order) < 0.07 < np.nanmin(smooth)  # the inclusion has next to no direction
        invariant = plain.map("invariant", x, y)
        assert np.nanmax(invariant) > 1.3 * np.nanmin(invariant)
        # without them, neighbours hardly differ; with them there are edges
        assert np.nanmax(np.abs(np.diff(smooth, axis=1))) < 0.1 < np.nanmax(np.abs(np.diff(order, axis=1)))


def test_fibres_follow_the_crack(world: ScanWorld) -> None:
    line = world.specimen._layout.crack_mm
    middle = 0.5 * (line[2] + line[3])
    direction_deg = math.degrees(math.atan2(*(line[3] - line[2])[::-1])) % 180
    assert world.specimen.holds(middle[:1], middle[1:])[0]
    voids = world.specimen.tissue_at(*middle.tolist()).fabrics[1]
    assert math.degrees(voids.axis_rad) == pytest.approx(direction_deg, abs=1e-9)
    truth = ScanTruth(world, 0.1, 3)
    aside = dict(zip("xy", (middle + 0.3).tolist(), strict=True))
    on_it = dict(zip("xy", middle.tolist(), strict=True))
    assert truth.feature("orientation_order", on_it) != truth.feature("orientation_order", aside)


def test_the_invariant_is_the_integral_of_q_squared_times_the_curve() -> None:
    fabric = Fabric(share=0.7, contrast=0.2, length_nm=3.1, axis_rad=0.4, concentration=1.5)
    q = np.geomspace(1e-4, 1e4, 20_000)
    assert np.trapezoid(q**2 * scatter_fabric(fabric, q), q) == pytest.approx(invariant_of(fabric), rel=1e-4)
    q = np.geomspace(0.1, 3, 20_000)
    part, counts = (np.trapezoid(q**n * scatter_fabric(fabric, q), q) for n in (2, 1))
    assert invariant_between(fabric, 0.1, 3) == pytest.approx(part, rel=1e-6)
    assert count_between(fabric, 0.1, 3) == pytest.approx(counts, rel=1e-6)


@pytest.mark.parametrize("concentration", [0.0, 0.3, 1.5, 6.0])
def test_the_table_of_azimuth_has_mean_one_its_order_and_stands_across_the_axis(concentration: float) -> None:
    fabric = Fabric(1, 0.2, 3, axis_rad=0.4, concentration=concentration)
    table = tabulate_azimuth(fabric).astype(np.float64)
    azimuth = np.pi * (np.arange(table.size) + 0.5) / table.size
    mean = (table * np.exp(2j * azimuth)).mean()
    assert table.mean() == pytest.approx(1, abs=1e-5)
    assert abs(mean) == pytest.approx(order_of(fabric), abs=1e-5)
    if concentration > 0:
        assert (np.angle(mean) / 2 - 0.4) % np.pi == pytest.approx(np.pi / 2, abs=1e-4)


def test_counts_of_opposite_pixels_agree_and_of_crossed_ones_do_not(world: ScanWorld) -> None:
    shot = world.expose(INSIDE, seq=5, exposure_s=2)
    angle = math.radians(ScanTruth(world, 0.1, 3).feature("orientation_angle", INSIDE))
    good, g = ~world.station.pixel_mask, world.station.geometry
    row, column = np.mgrid[: g.n_rows, : g.n_columns]
    opposite_row = np.rint(2 * g.beam_row_px - 1 - row).astype(int).clip(0, g.n_rows - 1)
    opposite_column = np.rint(2 * g.beam_column_px - 1 - column).astype(int).clip(0, g.n_columns - 1)
    good &= good[opposite_row, opposite_column]
    chi = np.arctan2(row + 0.5 - g.beam_row_px, column + 0.5 - g.beam_column_px)
    radius = np.hypot(row + 0.5 - g.beam_row_px, column + 0.5 - g.beam_column_px)

    def mean_at(direction: float) -> float:
        turn = np.abs((chi - direction + np.pi) % (2 * np.pi) - np.pi)
        chosen = good & (turn < 0.15) & (radius > 60) & (radius < 150)
        return float(shot.counts[chosen].mean())

    across, opposite = mean_at(angle + np.pi / 2), mean_at(angle - np.pi / 2)
    assert across == pytest.approx(opposite, rel=0.05)
    assert across > 2 * mean_at(angle)


def test_a_place_that_is_none_is_refused(world: ScanWorld) -> None:
    for place in ({"x": 0.0}, {"x": math.nan, "y": 0.0}, {"x": 0.0, "y": 0.0, "z": 0.0}):
        with pytest.raises(UnreachablePoint, match="give finite x and y"):
            world.expose(place, seq=1, exposure_s=1)


def test_a_slice_without_area_or_with_bubbles_is_refused() -> None:
    with pytest.raises(ValidationError, match="2 corners enclose nothing"):
        SpecimenSpec(outline_mm=((0, 0), (1, 1)))
    with pytest.raises(ValidationError, match="a slice is no liquid; remove the fault bubble"):
        ScanWorldSpec.model_validate({"faults": {"bubble": {"at": [3]}}})


def test_a_truth_that_is_not_known_is_refused_with_those_that_are(world: ScanWorld) -> None:
    with pytest.raises(BadInput, match=r"has no feature 'rg'.*orientation_order"):
        ScanTruth(world, 0.1, 3).feature("rg", INSIDE)
    assert all(math.isfinite(ScanTruth(world, 0.1, 3).feature(name, INSIDE)) for name in SCAN_TRUTHS)


def test_a_polygon_holds_what_lies_inside_it() -> None:
    corners = np.array([(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)], dtype=float)
    x, y = np.array([0.5, 1.5, 1.5, -0.1, 0.5]), np.array([1.5, 0.5, 1.5, 0.5, 2.1])
    assert enclosed(corners, x, y).tolist() == [True, True, False, False, False]
    assert distance_to_line(np.array([[0.0, 0], [1, 0], [1, 1]]), np.array([0.5, 0.2]))[0] == 0.2


@pytest.mark.parametrize("budget_s", [5.0, 60.0, 300.0])
def test_both_ways_spend_the_same_beam_time_and_stay_inside(budget_s: float) -> None:
    specimen = Specimen(SpecimenSpec(), SEED)
    time = BeamTime(budget_s=budget_s, exposure_s=0.2)
    raster, serpentine = (lay_route(way, BOX, specimen.holds, time) for way in ("raster", "serpentine"))
    for route in (raster, serpentine):
        assert route.ends_s[-1] <= budget_s
        assert specimen.holds(*route.places_mm.T).all()
        assert np.all(np.diff(route.ends_s) >= time.exposure_s)
        assert route.points()[0].keys() == {"x", "y"}
    if budget_s >= 60:  # grids come in whole lines: nothing is left of the time that another line would fit
        assert raster.ends_s[-1] > 0.85 * budget_s
        assert len(serpentine.ends_s) >= len(raster.ends_s)


def test_a_serpentine_never_flies_back() -> None:
    specimen = Specimen(SpecimenSpec(), SEED)
    time = BeamTime(budget_s=120, exposure_s=0.2)
    legs = [
        np.abs(np.diff(lay_route(way, BOX, specimen.holds, time).places_mm[:, 0])).max()
        for way in ("raster", "serpentine")
    ]
    assert legs[0] > 2.5 > 1.0 > legs[1]


def test_no_time_is_no_way() -> None:
    with pytest.raises(BadInput, match="no place can be measured"):
        lay_route("raster", BOX, Specimen(SpecimenSpec(), 1).holds, BeamTime(budget_s=0.1, exposure_s=0.2))


def as_mm(place: dict[str, float]) -> dict[str, float]:
    return {f"{axis}_mm": value for axis, value in place.items()}


def test_the_outline_encloses_seven_square_millimetres_or_so() -> None:
    x, y = np.meshgrid(np.linspace(-2, 2, 401), np.linspace(-1.5, 1.5, 301))
    assert enclosed(np.array(OUTLINE_MM), x, y).mean() * 12 == pytest.approx(7, abs=0.7)
