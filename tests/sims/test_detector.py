"""Which pixels count, what each sees, and that its counts are Poisson's; pyFAI is the independent judge."""

import numpy as np
import pytest
from pyFAI.detectors import Pilatus1M
from pyFAI.integrator.azimuthal import AzimuthalIntegrator

from models.domain.scattering import Floats
from sims import detector
from sims.world import World

WATER = {"surfactant": 0.0, "cosurfactant": 0.0, "water": 1.0}


@pytest.fixture(scope="module")
def judge(world: World) -> AzimuthalIntegrator:
    g = world.station.geometry
    integrator = AzimuthalIntegrator(detector=Pilatus1M(), wavelength=g.wavelength_nm * 1e-9)
    integrator.setFit2D(g.distance_mm, g.beam_column_px, g.beam_row_px)
    return integrator


def test_the_gaps_are_those_of_a_pilatus_1m() -> None:
    np.testing.assert_array_equal(detector.find_gaps(), Pilatus1M().calc_mask().astype(bool))


def test_gaps_and_only_gaps_read_minus_one(world: World) -> None:
    counts = world.expose(WATER, seq=1, exposure_s=0.1).counts
    assert counts.dtype == np.int32
    assert counts.shape == world.station.geometry.shape == (1043, 981)
    np.testing.assert_array_equal(counts == -1, detector.find_gaps())


def test_the_table_of_q_follows_the_geometry_to_an_eighth_of_a_pixel(
    world: World, pixel_q: Floats, judge: AzimuthalIntegrator
) -> None:
    np.testing.assert_allclose(judge.qArray(), pixel_q, rtol=1e-4)
    optics = world.station.optics
    seen = optics.table_q_inv_nm[optics.table_index]
    truth = pixel_q.ravel()[optics.live]
    pixel_inv_nm = 2 * np.pi / 0.1 * 0.172 / 1500
    far = truth > 5 * pixel_inv_nm
    assert np.abs(seen - truth)[far].max() <= pixel_inv_nm / 16 * 1.001


def test_solid_angle_and_polarisation_are_those_of_pyfai(world: World, judge: AzimuthalIntegrator) -> None:
    expected = judge.solidAngleArray() * judge.polarization(factor=world.spec.beam.polarisation)
    optics = world.station.optics
    clear = ~world.station.pixel_mask.ravel()[optics.live]
    np.testing.assert_allclose(optics.response[clear], expected.ravel()[optics.live][clear], rtol=1e-5)


def test_the_mask_hides_gaps_beamstop_stem_and_bad_pixels(world: World) -> None:
    mask, optics = world.station.pixel_mask, world.station.optics
    assert mask[detector.find_gaps()].all()
    row, column = round(world.station.geometry.beam_row_px), round(world.station.geometry.beam_column_px)
    assert mask[row - 12 : row + 12, column].all()
    assert mask[5, column]
    assert not mask[row + 30, column + 30]
    assert mask.ravel()[optics.live][optics.hot_rate_hz > 0].all()
    assert mask.ravel()[optics.live][optics.response == 0].all()
    assert 0.05 < mask.mean() < 0.12


def test_the_stem_is_slightly_transparent_and_the_disc_is_not(world: World) -> None:
    counts = world.expose({"surfactant": 0.1, "cosurfactant": 0.2, "water": 0.7}, seq=1, exposure_s=5).counts
    row, column = int(world.station.geometry.beam_row_px), int(world.station.geometry.beam_column_px)
    stem = counts[row - 60 : row - 40, column - 2 : column + 3].mean()
    beside = counts[row - 60 : row - 40, column + 20 : column + 25].mean()
    assert 0.1 < stem / beside < 0.2
    assert counts[row - 5 : row + 5, column - 5 : column + 5].sum() <= 1


def test_repeated_frames_scatter_as_poisson_counts_do(world: World) -> None:
    optics = world.station.optics
    expected = np.linspace(0.05, 20, optics.live.size)
    n_frames = 6
    total, squares = np.zeros_like(expected), np.zeros_like(expected)
    for seed in range(n_frames):
        frame = detector.read_out(optics, expected, np.random.Generator(np.random.SFC64(seed)))
        counts = frame.ravel()[optics.live]
        total += counts
        squares += (counts - expected) ** 2 / expected
    # the sum of chi-squares over 6 x 950,000 draws is known to 0.1 %
    assert squares.mean() / n_frames == pytest.approx(1, abs=0.005)
    assert ((total / n_frames - expected) / np.sqrt(expected / n_frames)).std() == pytest.approx(1, abs=0.01)


def test_dead_time_eats_counts_at_high_rates_only(world: World) -> None:
    optics = world.station.optics
    table = np.full_like(optics.table_q_inv_nm, 1.0)
    unit = detector.expect_counts(optics, table, 1.0, 0.0)
    clear = ~world.station.pixel_mask.ravel()[optics.live]
    slow = detector.expect_counts(optics, 1e3 * table, 1.0, 0.0)[clear] / unit[clear]
    fast = detector.expect_counts(optics, 1e6 * table, 1.0, 0.0)[clear] / unit[clear]
    assert slow.mean() / 1e3 == pytest.approx(1, abs=2e-4)
    assert fast.mean() / 1e6 == pytest.approx(1 / 1.125, abs=2e-3)


def test_counters_stop_at_their_limit(world: World) -> None:
    optics = world.station.optics
    rng = np.random.default_rng(5)
    frame = detector.read_out(optics, np.full(optics.live.size, 3e6), rng)
    assert frame.max() == world.station.saturation_counts == 2**20 - 1
