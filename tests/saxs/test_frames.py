"""Frames of our own making, and what is wrong with broken ones."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import fabio.edfimage
import fabio.tifimage
import h5py
import hdf5plugin
import numpy as np
import pyFAI
import pytest

from models.domain.action import Asset, Exposure
from models.domain.errors import BadInput
from models.domain.geometry import Geometry
from models.domain.scattering import Frame
from models.domain.space import Point
from models.saxs.beamstop import find_shadow
from models.saxs.bins import Binning
from models.saxs.correct import to_scale
from models.saxs.corrections import Scale
from models.saxs.frame_files import geometry_from_header, read_frame
from models.saxs.geometry_files import read_geometry
from models.saxs.integrate import integrate
from models.saxs.integrators import check_geometry, to_pyfai

Change = Callable[[Any], None]


def pixel_q(g: Geometry) -> np.ndarray:
    """q of every pixel straight from the geometry: 1/nm."""
    row, column = np.mgrid[: g.n_rows, : g.n_columns] + 0.5
    x_mm = (column - g.beam_column_px) * g.pixel_width_um * 1e-3
    y_mm = (row - g.beam_row_px) * g.pixel_height_um * 1e-3
    return 4 * np.pi * np.sin(np.arctan2(np.hypot(x_mm, y_mm), g.distance_mm) / 2) / g.wavelength_nm


def make_frame(geometry: Geometry, **changes: Any) -> Frame:
    q = pixel_q(geometry)
    counts = np.random.default_rng(3).poisson(200 / (1 + (q / 0.3) ** 2)).astype(np.int32)
    frame = Frame(counts, np.zeros(counts.shape, bool), 1.0, 2000.0, 0.5, 0.005, 2.0, 1e6, "frame")
    return replace(frame, **changes)


@pytest.fixture
def write(tmp_path: Path, geometry: Geometry) -> Callable[..., Path]:
    def make(change: Change | None = None) -> Path:
        file = tmp_path / "frame.h5"
        with h5py.File(file, "w") as h5:
            counts = make_frame(geometry).counts[None].copy()
            counts[0, 0, 0] = -1
            h5.create_dataset("/entry/data/data", data=counts, **hdf5plugin.Bitshuffle(cname="lz4"))
            mask = np.zeros(geometry.shape, np.uint32)
            mask[5, 6] = 2
            detector = {
                "pixel_mask": mask,
                "x_pixel_size": 172e-6,
                "y_pixel_size": 172e-6,
                "beam_center_x": 60.3,
                "beam_center_y": 48.7,
                "distance": 1.0,
                "count_time": 3.0,
                "saturation_value": 1000.0,
            }
            for name, value in detector.items():
                h5[f"/entry/instrument/detector/{name}"] = value
            h5["/entry/instrument/beam/incident_wavelength"] = 1.0
            h5["/entry/instrument/beam/incident_wavelength"].attrs["units"] = "angstrom"
            h5["/entry/control/integral"] = 5000.0
            h5["/entry/sample/transmission"] = 0.7
            h5["/entry/sample/transmission_sigma"] = 0.01
            h5["/entry/sample/thickness"] = 1.5
            if change:
                change(h5)
        return file

    return make


def test_our_own_hdf5_is_read_with_all_that_normalises_it(write: Callable[..., Path], geometry: Geometry):
    file = write()
    frame = read_frame(file)
    assert (frame.exposure_s, frame.monitor, frame.transmission, frame.thickness_mm) == (
        3.0,
        5000.0,
        0.7,
        1.5,
    )
    assert frame.saturation_counts == 1000.0
    assert np.argwhere(frame.mask).tolist() == [[0, 0], [5, 6]]
    assert geometry_from_header(file) == geometry


def test_the_record_of_the_exposure_wins_over_the_file(write: Callable[..., Path]):
    exposure = Exposure(
        seq=1,
        action_id="a",
        run_uid="u",
        point=Point(coordinates={}),
        exposure_s=9.0,
        monitor=77.0,
        transmission=0.9,
        transmission_sigma=0.02,
        assets=(Asset(role="frame", path="x", sha256="0", n_bytes=1),),
    )
    frame = read_frame(write(), exposure=exposure)
    assert (frame.exposure_s, frame.monitor, frame.transmission, frame.transmission_sigma) == (
        9.0,
        77.0,
        0.9,
        0.02,
    )


def drop(name: str) -> Change:
    return lambda h5: h5.__delitem__(name)


def put(name: str, value: object) -> Change:
    def change(h5: Any) -> None:
        del h5[name]
        h5[name] = value

    return change


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (drop("/entry/data/data"), "/entry/data/data.*absent"),
        (put("/entry/data/data", np.zeros((3, 100, 120), np.int32)), "holds 3 frames.*Name one.*::2"),
        (put("/entry/data/data", np.zeros((2, 3, 4, 5), np.int32)), "must be \\(rows, columns\\)"),
        (put("/entry/data/data", np.zeros((100, 120))), "must be integers"),
        (put("/entry/instrument/detector/pixel_mask", np.zeros((9, 9))), "pixel_mask.*\\(9, 9\\)"),
        (put("/entry/control/integral", [1.0, 2.0]), "integral.*2 values"),
        (put("/entry/sample/transmission", "often"), "transmission.*not a number"),
    ],
)
def test_a_foreign_hdf5_is_refused_by_file_and_dataset(write: Callable[..., Path], change: Change, says: str):
    with pytest.raises(BadInput, match=f"frame.h5.*{says}"):
        read_frame(write(change))


def test_a_header_without_distance_is_refused_by_its_dataset(write: Callable[..., Path]):
    with pytest.raises(BadInput, match=r"distance.*absent"):
        geometry_from_header(write(drop("/entry/instrument/detector/distance")))


@pytest.mark.parametrize("keep", [0, 100, 0.5, 0.9])
def test_a_truncated_hdf5_is_refused(write: Callable[..., Path], keep: float):
    file = write()
    content = file.read_bytes()
    file.write_bytes(content[: int(keep if keep > 1 else keep * len(content))])
    with pytest.raises(BadInput, match=r"frame\.h5"):
        read_frame(file)


def test_tiff_and_edf_are_read_and_broken_ones_refused(tmp_path: Path, geometry: Geometry):
    counts = make_frame(geometry).counts
    fabio.tifimage.TifImage(data=counts).write(str(tmp_path / "a.tif"))
    fabio.edfimage.EdfImage(data=counts).write(str(tmp_path / "a.edf"))
    for name in ("a.tif", "a.edf"):
        np.testing.assert_array_equal(read_frame(tmp_path / name).counts, counts)
    (tmp_path / "b.tif").write_bytes((tmp_path / "a.tif").read_bytes()[:50])
    with pytest.raises(BadInput, match=r"b\.tif"):
        read_frame(tmp_path / "b.tif")


def test_the_integral_is_the_mean_of_the_pixels_in_each_bin_over_what_normalises_it(geometry: Geometry):
    frame = make_frame(geometry)
    curve = to_scale(integrate(frame, geometry, Binning(n_bins=40)), Scale(factor=3.0))
    q = pixel_q(geometry)
    cos = np.sqrt(1 - (q * geometry.wavelength_nm / 4 / np.pi) ** 2)
    solid = (2 * cos**2 - 1) ** 3  # cosine cubed of the scattering angle
    width = curve.q_inv_nm[1] - curve.q_inv_nm[0]
    for k in (3, 15, 30):
        inside = np.abs(q - curve.q_inv_nm[k]) < width / 2
        total = frame.counts[inside].sum()
        norm = solid[inside].sum() * 2000.0 * 0.5 * 2.0 / 3.0
        assert curve.intensity[k] == pytest.approx(total / norm, rel=1e-5)
        assert curve.sigma[k] == pytest.approx(np.sqrt(total) / norm, rel=1e-5)
    assert curve.common_relative_sigma == pytest.approx(0.01)


def test_sigma_is_the_scatter_of_repeats_even_where_most_pixels_are_dark(geometry: Geometry):
    rng = np.random.default_rng(12)
    frames = [
        make_frame(geometry, counts=rng.poisson(0.05, geometry.shape).astype(np.int32)) for _ in range(60)
    ]
    curves = [integrate(frame, geometry, Binning(n_bins=10)) for frame in frames]
    scatter = np.std([curve.intensity for curve in curves], axis=0)
    promised = np.mean([curve.sigma for curve in curves], axis=0)
    np.testing.assert_allclose(promised[1:-1], scatter[1:-1], rtol=0.3)


def test_a_bin_without_photons_is_uncertain_by_one(geometry: Geometry):
    curve = integrate(make_frame(geometry, counts=np.zeros(geometry.shape, np.int32)), geometry)
    assert np.all(curve.intensity == 0)
    assert np.all(curve.sigma > 0)


def test_masked_and_negative_pixels_do_not_count(geometry: Geometry):
    frame = make_frame(geometry)
    mask = frame.mask.copy()
    mask[20:40] = True
    counts = frame.counts.copy()
    counts[20:40] = 10**6
    counts[50:52] = -1
    clean = integrate(replace(frame, mask=mask | (counts < 0)), geometry)
    dirty = integrate(replace(frame, mask=mask, counts=counts), geometry)
    np.testing.assert_allclose(clean.intensity, dirty.intensity, rtol=1e-12)


def test_a_mirrored_geometry_reads_the_mirrored_frame(geometry: Geometry):
    frame = make_frame(geometry)
    mirrored = replace(frame, counts=np.ascontiguousarray(frame.counts[:, ::-1]))
    flipped = geometry.model_copy(update={"is_flipped_left_right": True})
    np.testing.assert_allclose(
        integrate(mirrored, flipped).intensity, integrate(frame, geometry).intensity, rtol=1e-12
    )


def test_a_geometry_for_another_detector_is_refused(geometry: Geometry):
    with pytest.raises(BadInput, match="100 x 120"):
        check_geometry(geometry, (195, 487), "frame.tif")
    named = geometry.model_copy(update={"detector": "Eiger 1M"})
    with pytest.raises(BadInput, match=r"172.*75"):
        check_geometry(named, (100, 120), "frame.tif")


def test_a_poni_file_comes_back_as_it_was_written(tmp_path: Path, geometry: Geometry):
    tilted = geometry.model_copy(update={"tilt_deg": 2.0, "tilt_plane_deg": 30.0})
    file = tmp_path / "a.poni"
    to_pyfai(tilted).save(str(file))
    back = read_geometry(file)
    for name, value in tilted.model_dump().items():
        assert getattr(back, name) == (pytest.approx(value) if isinstance(value, float) else value), name


def test_a_tilt_that_pyfai_refined_reaches_every_pixel(tmp_path: Path):
    file = tmp_path / "tilted.poni"
    file.write_text(
        "poni_version: 2\nDetector: Detector\n"
        'Detector_config: {"pixel1": 1e-3, "pixel2": 2e-3, "max_shape": [50, 40]}\n'
        "Distance: 0.5\nPoni1: 0.03\nPoni2: 0.02\nRot1: 0.05\nRot2: -0.08\nRot3: 0.0\nWavelength: 1e-10\n"
    )
    ours = to_pyfai(read_geometry(file)).array_from_unit(unit="q_nm^-1")
    theirs = pyFAI.load(str(file)).array_from_unit(unit="q_nm^-1")
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Rot3: 0.5", "Rot3"),
        ("Wavelength: 0", "Wavelength"),
        ("Detector_config: {}", "pixel size|PONI"),
        ("Distnace: 1.0", "Distance: is absent"),
        ("Distance: -1", "Distance: is -1, must be within"),
        ("Poni1: nan", "Poni1: is nan"),
        ("Wavelength: 1.0", "Wavelength: is 1.0, must be within"),
        ("nonsense", "Distance: is absent"),
    ],
)
def test_a_poni_file_that_cannot_be_used_is_refused_by_key(tmp_path: Path, text: str, says: str):
    file = tmp_path / "bad.poni"
    body = (
        "poni_version: 2\nDetector: Detector\n"
        'Detector_config: {"pixel1": 1e-4, "pixel2": 1e-4, "max_shape": [10, 10]}\n'
        "Distance: 1.0\nPoni1: 0.0\nPoni2: 0.0\nRot1: 0.0\nRot2: 0.0\nRot3: 0.0\nWavelength: 1e-10\n"
    )
    key = {"Distnace": "Distance"}.get(text.split(":")[0], text.split(":")[0])
    changed = "\n".join(text if line.startswith(key + ":") else line for line in body.splitlines())
    file.write_text(changed if key in body and "\n" not in text else text)
    with pytest.raises(BadInput, match=says):
        read_geometry(file)


def test_the_shadow_of_a_beamstop_is_found_with_its_arm(geometry: Geometry):
    rows, columns = np.mgrid[: geometry.n_rows, : geometry.n_columns] + 0.5
    is_dark = np.hypot(rows - 48.7, columns - 60.3) < 8
    is_dark |= (np.abs(rows - 48.7) < 3.5) & (columns > 60)
    frame = make_frame(geometry)
    shaded = replace(frame, counts=np.where(is_dark, 0, frame.counts).astype(np.int32))
    shadow = find_shadow(shaded, geometry)
    arm = is_dark & (np.hypot(rows - 48.7, columns - 60.3) > 12)
    assert np.mean(shadow[arm]) > 0.95
    assert np.count_nonzero(shadow & ~is_dark) < 0.6 * np.count_nonzero(is_dark)
    assert not np.any(find_shadow(frame, geometry))
