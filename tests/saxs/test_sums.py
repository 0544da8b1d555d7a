"""Frames are added up as pyFAI adds them up, whatever the detector's shape, tilt, mask and kind of counts."""

import math
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from models.domain.geometry import Geometry
from models.domain.scattering import Frame
from models.saxs.azimuth import N_AZIMUTHS, divide
from models.saxs.bins import METHOD, Binning, bins_of, farthest_corner
from models.saxs.frame_files import geometry_from_header, read_frame
from models.saxs.geometry_files import read_geometry
from models.saxs.integrate import integrate
from models.saxs.integrators import to_pyfai
from models.saxs.sums import add_up

N_EXAMPLES = int(os.environ.get("NIGHTBEAM_EXAMPLES", "8"))
BINNINGS = (
    Binning(),
    Binning(n_bins=30),
    Binning(n_bins=20, q_min_inv_nm=0.3, q_max_inv_nm=1.2),
)
DTYPES = (np.int32, np.uint32, np.uint16, np.int64)


def geometry_of(seed: int, *, is_mirrored: bool = False) -> Geometry:
    rng = np.random.default_rng(seed)
    rows, columns = (int(n) for n in rng.integers(30, 90, 2))
    return Geometry(
        distance_mm=rng.uniform(150.0, 4000.0),
        beam_column_px=rng.uniform(-20.0, columns + 20.0),
        beam_row_px=rng.uniform(-20.0, rows + 20.0),
        pixel_width_um=rng.choice([75.0, 172.0]),
        pixel_height_um=rng.choice([75.0, 172.0]),
        wavelength_nm=rng.uniform(0.07, 0.16),
        n_rows=rows,
        n_columns=columns,
        tilt_deg=rng.choice([0.0, rng.uniform(0.0, 5.0)]),
        tilt_plane_deg=rng.uniform(0.0, 360.0),
        is_flipped_left_right=is_mirrored,
    )


def frame_of(geometry: Geometry, seed: int, dtype: type = np.int32) -> Frame:
    rng = np.random.default_rng(seed + 1)
    counts = rng.poisson(rng.choice([0.1, 5.0, 3000.0]), geometry.shape).astype(dtype)
    if np.issubdtype(dtype, np.signedinteger):
        counts[rng.random(geometry.shape) < 0.02] = -1
    mask = rng.random(geometry.shape) < rng.choice([0.0, 0.3])
    return Frame(counts, mask, 1.0, 1.0, 1.0, source="drawn")


def by_pyfai(frame: Frame, geometry: Geometry, binning: Binning, n_azimuths: int = 1):
    """pyFAI's own answer for the frame as its geometry sees it."""
    step = -1 if geometry.is_flipped_left_right else 1
    counts, mask = frame.counts[:, ::step], frame.mask[:, ::step]
    q_edge, n_radial = farthest_corner(geometry)
    settings_ = {
        "radial_range": (binning.q_min_inv_nm, min(binning.q_max_inv_nm, q_edge)),
        "mask": np.ascontiguousarray(mask | (counts < 0)), "method": METHOD, "unit": "q_nm^-1",
    }  # fmt: skip
    integrator, n_bins = to_pyfai(geometry), binning.n_bins or n_radial
    signal = np.ascontiguousarray(counts).astype(np.int64)
    if n_azimuths == 1:
        return integrator.integrate1d_ng(signal, n_bins, **settings_)
    return integrator.integrate2d_ng(signal, n_bins, n_azimuths, azimuth_range=(-180, 180), **settings_)


@settings(max_examples=N_EXAMPLES, deadline=None)
@given(
    seed=st.integers(0, 10**6), binning=st.sampled_from(BINNINGS), dtype=st.sampled_from(DTYPES),
    is_mirrored=st.booleans(),
)  # fmt: skip
def test_sums_are_those_of_pyfai(seed, binning, dtype, is_mirrored):
    geometry = geometry_of(seed, is_mirrored=is_mirrored)
    frame = frame_of(geometry, seed, dtype)
    found, expected = (
        add_up(frame.counts, frame.mask, bins_of(geometry, binning)),
        by_pyfai(frame, geometry, binning),
    )
    np.testing.assert_array_equal(found.n_pixels, expected.count)
    np.testing.assert_allclose(found.counts, expected.sum_signal, rtol=1e-6)
    np.testing.assert_allclose(found.weight, expected.sum_normalization, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(bins_of(geometry, binning).q_inv_nm, expected.radial, rtol=1e-12)


@settings(max_examples=N_EXAMPLES, deadline=None)
@given(seed=st.integers(0, 10**6), binning=st.sampled_from(BINNINGS), is_mirrored=st.booleans())
def test_a_frame_is_divided_by_azimuth_as_pyfai_divides_it(seed, binning, is_mirrored):
    geometry = geometry_of(seed, is_mirrored=is_mirrored)
    frame = frame_of(geometry, seed)
    assume(add_up(frame.counts, frame.mask, bins_of(geometry, binning)).n_pixels.any())
    found, expected = divide(frame, geometry, binning), by_pyfai(frame, geometry, binning, 2 * N_AZIMUTHS)
    for ours, whole in ((found.counts, expected.sum_signal), (found.weight, expected.sum_normalization)):
        folded = np.asarray(whole)[:N_AZIMUTHS] + np.asarray(whole)[N_AZIMUTHS:]
        np.testing.assert_allclose(ours, folded, rtol=1e-6, atol=1e-9)


def test_measured_frames_become_the_curves_of_pyfai(biosaxs: Path):
    saxslab = biosaxs / "saxslab_image.tiff"
    header = biosaxs / "multiseries_dats" / "GI2_A9_19_001_0000.dat"
    pilatus = biosaxs / "GI2_A9_19_001_0000.tiff"
    shape = read_frame(pilatus).counts.shape
    for path, geometry in (
        (saxslab, geometry_from_header(saxslab)),
        (pilatus, read_geometry(header, shape=shape)),
    ):
        frame = read_frame(path)
        curve, expected = integrate(frame, geometry), by_pyfai(frame, geometry, Binning())
        has_pixels = np.asarray(expected.count) > 0
        per_count = 1.0 / (frame.monitor * frame.transmission * frame.thickness_mm)
        assert len(curve) == has_pixels.sum() > 200
        np.testing.assert_allclose(curve.intensity, per_count * expected.intensity[has_pixels], rtol=1e-6)


def test_dead_pixels_are_left_out():
    geometry = geometry_of(5)
    bins = bins_of(geometry, Binning(n_bins=25))
    counts = np.full(geometry.shape, 7, np.int32)
    inside = np.flatnonzero(bins.of_pixel >= 0)
    counts.flat[inside[3]] = -2
    found = add_up(counts, np.zeros(geometry.shape, bool), bins)
    assert found.n_pixels.sum() == len(inside) - 1
    assert found.counts.sum() == 7 * (len(inside) - 1)


def test_a_mask_that_changes_between_frames_is_noticed():
    geometry = geometry_of(6)
    frame = replace(frame_of(geometry, 6), counts=np.ones(geometry.shape, np.int32))
    first = integrate(frame, geometry, Binning(n_bins=10))
    mask = frame.mask.copy()
    mask[: geometry.n_rows // 2] = True
    frame.mask[...] = mask  # in place, as a careless caller might
    assert not np.array_equal(integrate(frame, geometry, Binning(n_bins=10)).sigma, first.sigma)


def test_no_pixel_is_counted_twice():
    for n_azimuths in (1, 72):
        bins = bins_of(geometry_of(7), Binning(), n_azimuths)
        ones = np.ones(geometry_of(7).shape, np.int32)
        found = add_up(ones, np.zeros(ones.shape, bool), bins)
        assert found.counts.sum() == found.n_pixels.sum() == np.count_nonzero(bins.of_pixel >= 0) <= ones.size
        assert math.isclose(found.weight.sum(), bins.weight[bins.of_pixel >= 0].sum(), rel_tol=1e-12)
