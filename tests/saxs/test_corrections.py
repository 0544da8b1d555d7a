"""What is corrected on a frame, and what each correction does to its errors."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyFAI.containers import PolarizationDescription

from models.domain.errors import BadInput
from models.domain.geometry import Geometry
from models.domain.scattering import Curve, Frame
from models.saxs.azimuth import divide
from models.saxs.bins import METHOD, Binning, Sector, farthest_corner
from models.saxs.correct import subtract, subtract_cell, to_scale
from models.saxs.corrections import Corrections, DarkFrame, DarkRate, Flat, Scale
from models.saxs.directions import integrate_directions
from models.saxs.integrate import integrate
from models.saxs.integrators import to_pyfai
from sims.phases import assemble, read_composition
from sims.scattering import scatter
from sims.world import World, WorldSpec
from tests.saxs.test_sums import frame_of, geometry_of

BINNING = Binning(n_bins=25)


def drawn_corrections(shape: tuple[int, int], seed: int) -> Corrections:
    rng = np.random.default_rng(seed)
    response = rng.uniform(0.8, 1.2, shape)
    response[rng.random(shape) < 0.01] = rng.choice([0.0, np.nan])
    return Corrections(
        dark=DarkFrame(rng.poisson(0.7, shape).astype(np.int32), exposure_s=rng.uniform(5, 50)),
        flat=Flat(response),
        polarisation=rng.uniform(-1, 1),
        polarisation_axis_deg=rng.choice([0.0, rng.uniform(0, 180)]),
    )


def by_pyfai(frame: Frame, geometry: Geometry, corrections: Corrections, sector: Sector | None) -> Any:
    step = -1 if geometry.is_flipped_left_right else 1
    dark, flat = corrections.dark, corrections.flat
    assert isinstance(dark, DarkFrame)
    assert flat is not None
    axis = math.radians(corrections.polarisation_axis_deg)
    q_edge, _ = farthest_corner(geometry)
    void = frame.mask | (frame.counts < 0) | ~(flat.response > 0)
    azimuths = None
    if sector is not None:
        azimuths = (sector.centre_deg - sector.half_width_deg, sector.centre_deg + sector.half_width_deg)
    return to_pyfai(geometry).integrate1d_ng(
        np.ascontiguousarray(frame.counts[:, ::step]).astype(np.int64),
        BINNING.n_bins,
        radial_range=(0.0, q_edge),
        azimuth_range=azimuths,
        mask=np.ascontiguousarray(void[:, ::step]),
        dark=np.ascontiguousarray(dark.counts[:, ::step]) * frame.exposure_s / dark.exposure_s,
        flat=np.ascontiguousarray(np.where(flat.response > 0, flat.response, 1.0)[:, ::step]),
        polarization_factor=PolarizationDescription(corrections.polarisation, axis),
        method=METHOD,
        unit="q_nm^-1",
    )


@settings(max_examples=8, deadline=None)
@given(
    seed=st.integers(0, 10**6), is_mirrored=st.booleans(),
    sector=st.sampled_from([None, Sector(centre_deg=37.3, half_width_deg=40.1, has_opposite=False)]),
)  # fmt: skip
def test_a_corrected_curve_is_that_of_pyfai(seed: int, is_mirrored: bool, sector: Sector | None):
    geometry = geometry_of(seed, is_mirrored=is_mirrored)
    frame = replace(frame_of(geometry, seed), exposure_s=3.0)
    frame = replace(frame, counts=np.where(frame.counts < 0, -1, frame.counts + 3))  # brighter than its dark
    corrections = drawn_corrections(geometry.shape, seed)
    expected = by_pyfai(frame, geometry, corrections, sector)
    binning = BINNING.model_copy(update={"sector": sector})
    seen = np.asarray(expected.count) > 0
    if not np.any(seen):
        with pytest.raises(BadInput, match="no pixel left"):
            integrate(frame, geometry, binning, corrections)
        return
    curve = integrate(frame, geometry, binning, corrections)
    net, weight = np.asarray(expected.sum_signal)[seen], np.asarray(expected.sum_normalization)[seen]
    np.testing.assert_allclose(curve.intensity, net / weight, rtol=1e-6, atol=1e-6)


def busy(rate_hz: float, dead_time_s: float, exposure_s: float, shape: tuple[int, int], seed: int):
    """Counts of pixels that are blind for a while after each photon, photon by photon."""
    rng = np.random.default_rng(seed)
    n = int(1.3 * rate_hz * exposure_s / (1 + rate_hz * dead_time_s)) + 30
    gaps = rng.exponential(1 / rate_hz, (shape[0] * shape[1], n))
    gaps[:, 1:] += dead_time_s
    return np.count_nonzero(np.cumsum(gaps, axis=1) < exposure_s, axis=1).reshape(shape).astype(np.int32)


def test_losses_to_dead_time_are_made_good_and_sigma_is_their_scatter(geometry: Geometry):
    corrections = Corrections(dead_time_s=1e-3, dark=DarkRate(5.0))
    small = geometry.model_copy(
        update={"n_rows": 40, "n_columns": 40, "beam_row_px": 20, "beam_column_px": 20}
    )
    empty = np.zeros(small.shape, bool)
    solid = integrate(Frame(np.full(small.shape, 1000), empty, 1.0, 1.0, 1.0), small, Binning(n_bins=6))
    found: list[Curve] = []
    for seed in range(60):
        counts = busy(300.0, 1e-3, 1.0, small.shape, seed)
        frame = Frame(counts, empty, exposure_s=1.0, monitor=1.0, transmission=1.0)
        found.append(integrate(frame, small, Binning(n_bins=6), corrections))
    # what every pixel truly received, by the same solid angles
    came = np.array([curve.intensity for curve in found]) / (solid.intensity / 1000)
    sigma = np.mean([curve.sigma for curve in found], axis=0) / (solid.intensity / 1000)
    scatter = came.std(axis=0, ddof=1)
    np.testing.assert_allclose(came.mean(axis=0), 295.0, atol=4 * (scatter / np.sqrt(60)).max() + 0.05)
    # 60 repeats tell a standard deviation to 9 %
    np.testing.assert_allclose(sigma / scatter, 1.0, atol=0.3)
    assert np.mean(sigma / scatter) == pytest.approx(1.0, abs=0.12)


def test_dark_counts_leave_the_signal_and_their_scatter_in_sigma(geometry: Geometry):
    rng = np.random.default_rng(4)
    found: list[Curve] = []
    for _ in range(60):
        dark = DarkFrame(rng.poisson(2.0, geometry.shape).astype(np.int32), exposure_s=2.0)
        counts = rng.poisson(7.0, geometry.shape).astype(np.int32)
        frame = Frame(counts, np.zeros(geometry.shape, bool), exposure_s=4.0, monitor=1.0, transmission=1.0)
        found.append(integrate(frame, geometry, BINNING, Corrections(dark=dark)))
    scatter = np.std([curve.intensity for curve in found], axis=0, ddof=1)
    promised = np.mean([curve.sigma for curve in found], axis=0)
    assert np.mean([curve.intensity for curve in found]) == pytest.approx(3.0, abs=0.05)
    assert np.mean(promised / scatter) == pytest.approx(1.0, abs=0.06)


def test_an_unsure_dark_rate_moves_all_pixels_of_a_bin_together(geometry: Geometry):
    frame = Frame(np.full(geometry.shape, 50), np.zeros(geometry.shape, bool), 2.0, 1.0, 1.0)
    sure, unsure = (
        integrate(frame, geometry, BINNING, Corrections(dark=DarkRate(4.0, sigma))) for sigma in (0.0, 0.5)
    )
    added = np.sqrt(unsure.sigma**2 - sure.sigma**2)
    # 0.5 1/s in 2 s is one count in every pixel, however many there are
    np.testing.assert_allclose(added, sure.intensity / 42, rtol=1e-9)


def test_an_unsure_dead_time_moves_all_pixels_of_a_bin_together(geometry: Geometry):
    frame = Frame(np.full(geometry.shape, 50), np.zeros(geometry.shape, bool), 2.0, 1.0, 1.0)
    sure, unsure, longer = (
        integrate(frame, geometry, BINNING, Corrections(dead_time_s=tau, dead_time_sigma_s=sigma))
        for tau, sigma in ((1e-3, 0.0), (1e-3, 1e-5), (1.01e-3, 0.0))
    )
    added = np.sqrt(unsure.sigma**2 - sure.sigma**2)
    np.testing.assert_allclose(added, longer.intensity - sure.intensity, rtol=2e-2)


def test_the_error_of_a_flat_field_is_that_of_the_mean_of_its_pixels(geometry: Geometry):
    frame = Frame(np.full(geometry.shape, 10**7), np.zeros(geometry.shape, bool), 1.0, 1.0, 1.0)
    ones = np.ones(geometry.shape)
    rng = np.random.default_rng(8)
    promised = integrate(frame, geometry, BINNING, Corrections(flat=Flat(ones, 0.02 * ones)))
    drawn = [
        integrate(frame, geometry, BINNING, Corrections(flat=Flat(rng.normal(1.0, 0.02, geometry.shape))))
        for _ in range(40)
    ]
    scatter = np.std([curve.intensity for curve in drawn], axis=0, ddof=1)
    assert np.mean(promised.sigma / scatter) == pytest.approx(1.0, abs=0.08)


def test_directions_see_the_same_corrections_as_the_curve(geometry: Geometry):
    frame = replace(frame_of(geometry, 3), exposure_s=3.0)
    frame = replace(frame, counts=frame.counts + 5)
    corrections = replace(drawn_corrections(geometry.shape, 3), dead_time_s=1e-6)
    curve, cake = (make(frame, geometry, BINNING, corrections) for make in (integrate, divide))
    weight = cake.weight.sum(axis=0)  # type: ignore[union-attr]
    total = cake.counts.sum(axis=0)[weight > 0] / weight[weight > 0]  # type: ignore[union-attr]
    np.testing.assert_allclose(total, curve.intensity, rtol=1e-9)


def test_the_error_of_the_monitor_is_shared_by_all_points(geometry: Geometry):
    frame = Frame(np.full(geometry.shape, 9), np.zeros(geometry.shape, bool), 1.0, 200.0, 0.5, 0.01)
    exact, unsure = (integrate(replace(frame, monitor_sigma=s), geometry, BINNING) for s in (0.0, 8.0))
    assert unsure.common_relative_sigma == pytest.approx(math.hypot(0.02, 0.04))
    np.testing.assert_array_equal(exact.sigma, unsure.sigma)


def curve_of(intensity: float, common: float, source: str) -> Curve:
    q = np.linspace(0.1, 1.0, 5)
    return Curve(q, np.full(5, intensity), np.full(5, 0.01), "a.u.", common, source)


def test_solute_displaces_buffer_but_not_the_cell():
    cell, buffer, solute, phi = 3.0, 2.0, 5.0, 0.1
    sample = curve_of(cell + (1 - phi) * buffer + phi * solute, 0.0, "s")
    net = subtract_cell(sample, curve_of(cell + buffer, 0.0, "b"), curve_of(cell, 0.0, "e"), phi)
    np.testing.assert_allclose(net.intensity, phi * solute)
    np.testing.assert_allclose(net.sigma, 0.01 * math.sqrt(1 + (1 - phi) ** 2 + phi**2))


def test_errors_that_curves_share_scatter_as_far_as_sigma_says():
    rng = np.random.default_rng(5)
    s, b, e, phi = 10.0, 6.0, 4.0, 0.4
    errors = (0.02, 0.03, 0.05)
    promised = subtract_cell(
        curve_of(s, errors[0], "s"), curve_of(b, errors[1], "b"), curve_of(e, errors[2], "e"), phi
    )
    drawn = (1 + rng.normal(0, errors, (20_000, 3))) * (s, b, e)
    net = drawn[:, 0] - (1 - phi) * drawn[:, 1] - phi * drawn[:, 2]
    # what scales the difference as a whole is kept apart
    shape = net - promised.intensity[0] * (drawn[:, 0] / s - 1)
    assert math.hypot(float(np.std(shape)), 0.01 * math.sqrt(1 + 0.36 + 0.16)) == pytest.approx(
        promised.sigma[0], rel=0.02
    )
    assert promised.common_relative_sigma == errors[0]


def test_a_scale_is_no_error_between_a_sample_and_its_buffer():
    net = subtract(curve_of(10.0, 0.0, "s"), curve_of(9.0, 0.0, "b"))
    scaled = to_scale(net, Scale(factor=2.0, relative_sigma=0.05, unit="1/cm"))
    np.testing.assert_allclose(scaled.sigma, 2 * net.sigma)
    assert (scaled.common_relative_sigma, scaled.unit) == (0.05, "1/cm")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"transmission": 1.03}, r"frame: transmission: is 1\.03.*at most 1\.02"),
        ({"transmission": 0.0}, "transmission: is 0, must be above 0"),
        ({"transmission": -0.2}, r"transmission: is -0\.2"),
        ({"transmission": math.nan}, "transmission: is nan"),
        ({"monitor": 0.0}, "monitor: is 0 monitor counts, must be above 0"),
        ({"exposure_s": 0.0}, "exposure time: is 0 s"),
        ({"mask": np.ones((100, 120), bool)}, "no pixel left: 12000 of 12000 are masked"),
    ],
)
def test_a_frame_that_cannot_be_normalised_is_refused_in_one_line(
    geometry: Geometry, changes: dict[str, Any], says: str
):
    frame = Frame(np.full(geometry.shape, 9), np.zeros(geometry.shape, bool), 1.0, 1.0, 1.0, source="frame")
    for make in (integrate, divide):
        with pytest.raises(BadInput, match=says):
            make(replace(frame, **changes), geometry, BINNING)


def test_a_transmission_a_little_above_one_is_a_measurement(geometry: Geometry):
    frame = Frame(np.full(geometry.shape, 9), np.zeros(geometry.shape, bool), 1.0, 1.0, 1.01)
    assert len(integrate(frame, geometry, BINNING)) == 25


@pytest.mark.parametrize(
    ("corrections", "says"),
    [
        (
            lambda s: Corrections(dark=DarkFrame(np.zeros((9, 9), int), 1.0)),
            "dark frame: has 9 x 9 pixels, .*100 x 120",
        ),
        (lambda s: Corrections(flat=Flat(np.ones((3, 4)))), "flat field: has 3 x 4 pixels"),
        (
            lambda s: Corrections(dark=DarkFrame(np.full(s, 8), 1.0)),
            r"makes 1\.\S+ dark counts in 2 s, frame holds",
        ),
        (
            lambda s: Corrections(dead_time_s=0.3),
            r"frame: dead time: is 0\.3 s, but a pixel counted 9 in 2 s",
        ),
        (
            lambda s: Corrections(dead_time_s=0.2, dark=DarkFrame(np.full(s, 8), 1.0)),
            "one or more in each dead time",
        ),
    ],
)
def test_a_correction_that_does_not_fit_the_frame_is_refused(geometry: Geometry, corrections: Any, says: str):
    frame = Frame(np.full(geometry.shape, 9), np.zeros(geometry.shape, bool), 2.0, 1.0, 1.0, source="frame")
    with pytest.raises(BadInput, match=says):
        integrate(frame, geometry, BINNING, corrections(geometry.shape))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Corrections(dead_time_s=-1), "dead_time_s: is -1 s"),
        (lambda: Corrections(polarisation=1.5), r"polarisation: is 1\.5, must be within -1 to 1"),
        (lambda: Corrections(dark=DarkRate(-1.0)), "dark rate: is -1"),
        (lambda: Corrections(dark=DarkFrame(np.zeros((2, 2), int), 0.0)), "exposed for 0 s"),
        (lambda: Corrections(scale=Scale(factor=0.0)), "scale: is 0"),
    ],
)
def test_a_correction_that_no_detector_has_is_refused(make: Any, says: str):
    with pytest.raises(BadInput, match=says):
        make()


def test_a_sector_takes_the_pixels_of_its_directions(geometry: Geometry):
    rows, columns = np.mgrid[: geometry.n_rows, : geometry.n_columns] + 0.5
    azimuth = np.degrees(np.arctan2(rows - geometry.beam_row_px, columns - geometry.beam_column_px))
    inside = np.abs(azimuth - 90) <= 20  # towards high rows
    frame = Frame(np.where(inside, 100, 1), np.zeros(geometry.shape, bool), 1.0, 1.0, 1.0)
    bins = Binning(n_bins=20, q_min_inv_nm=0.1, q_max_inv_nm=0.4)

    def mean(centre: float, *, has_opposite: bool) -> float:
        sector = Sector(centre_deg=centre, half_width_deg=20, has_opposite=has_opposite)
        return float(
            np.mean(integrate(frame, geometry, bins.model_copy(update={"sector": sector})).intensity)
        )

    assert mean(90, has_opposite=False) == pytest.approx(100, rel=0.01)
    assert mean(-90, has_opposite=False) == pytest.approx(1, rel=0.01)
    assert mean(0, has_opposite=True) == pytest.approx(1, rel=0.01)
    assert (
        mean(90, has_opposite=True)
        == pytest.approx(mean(-90, has_opposite=True))
        == pytest.approx(50, rel=0.1)
    )


def test_directions_over_a_window_are_those_of_pyfai():
    geometry = geometry_of(11)
    frame = replace(frame_of(geometry, 11), exposure_s=3.0, monitor=2.0, transmission=0.5)
    frame = replace(frame, counts=np.where(frame.counts < 0, -1, frame.counts + 3))
    edge, _ = farthest_corner(geometry)
    window = (0.2 * edge, 0.6 * edge)
    found = integrate_directions(frame, geometry, window, 24, Corrections(polarisation=0.9))
    with np.errstate(invalid="ignore"):  # pyFAI divides by zero where it sees nothing
        expected = to_pyfai(geometry).integrate_radial(
            frame.counts.astype(np.int64), 24, radial_range=window, azimuth_range=(-180, 180), unit="chi_deg",
            mask=frame.mask | (frame.counts < 0), polarization_factor=0.9, method=METHOD,
            radial_unit="q_nm^-1",
        )  # fmt: skip
    seen = np.isin(np.round(expected.radial, 6), np.round(found.azimuth_deg, 6))
    np.testing.assert_allclose(found.azimuth_deg, np.asarray(expected.radial)[seen], rtol=1e-6)
    np.testing.assert_allclose(found.intensity, np.asarray(expected.intensity)[seen], rtol=1e-5)
    assert np.all(found.sigma > 0)


def test_the_virtual_beamline_is_read_in_absolute_units_within_sigma():
    world = World(WorldSpec(), 7)
    station, beam = world.station, world.spec.beam
    mixture = {"surfactant": 0.2, "cosurfactant": 0.1, "water": 0.7}
    corrections = Corrections(dead_time_s=125e-9, dark=DarkRate(1e-4), polarisation=beam.polarisation)

    def reduce(composition: dict[str, float], seq: int) -> Curve:
        shot = world.expose(composition, seq=seq, exposure_s=10.0)
        frame = Frame(
            shot.counts, station.pixel_mask, shot.exposure_s, shot.monitor, shot.transmission,
            shot.transmission_sigma, world.thickness_mm,
        )  # fmt: skip
        return integrate(frame, station.geometry, Binning(n_bins=200), corrections)

    water = {"surfactant": 0.0, "cosurfactant": 0.0, "water": 1.0}
    scale = Scale(10 * station.absolute_scale, unit="1/cm")  # thickness in mm
    net = to_scale(subtract(reduce(mixture, 1), reduce(water, 2)), scale).between(0.5, 3.0)
    damaged = beam.damaged_share(station.flux_at(60.0, None) * 10.0)
    truth = scatter(assemble(read_composition(mixture)), net.q_inv_nm, damaged_share=damaged)
    off = (net.intensity / truth - 1) * truth / np.hypot(net.sigma, net.common_relative_sigma * truth)
    assert np.median(net.intensity / truth) == pytest.approx(1.0, abs=0.006)
    assert 0.7 < np.std(off) < 1.2
