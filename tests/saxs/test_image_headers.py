"""What headers of EDF, CBF and TIFF say, and images that were cut off."""

from pathlib import Path
from typing import Any

import fabio.cbfimage
import fabio.edfimage
import fabio.tifimage
import numpy as np
import pytest

from models.domain.errors import BadInput
from models.saxs.file_contents import parts_of
from models.saxs.frame_files import geometry_from_header, read_frame
from models.saxs.integrators import check_geometry

SHAPE = (20, 30)
ESRF = {
    "PSize_1": "0.000172", "PSize_2": "0.000172", "Center_1": "14.5", "Center_2": "9.25",
    "SampleDistance": "2.867", "WaveLength": "9.919e-11", "ExposureTime": "0.5",
}  # fmt: skip
PILATUS = {
    "Detector:": "PILATUS3 1M, S/N 10-0100",
    "Pixel_size": "172e-6 m x 172e-6 m",
    "Exposure_time": "0.5000 s",
    "Count_cutoff": "1048500 counts",
    "Wavelength": "1.2450 A",
    "Detector_distance": "1.5027 m",
    "Beam_xy": "(14.10, 9.25) pixels",
}


def counts(seed: int = 4) -> np.ndarray:
    return np.random.default_rng(seed).poisson(30, SHAPE).astype(np.int32)


def edf(path: Path, image: np.ndarray | None = None, **changes: Any) -> Path:
    header = {key: value for key, value in (ESRF | changes).items() if value is not None}
    fabio.edfimage.EdfImage(data=counts() if image is None else image, header=header).write(str(path))
    return path


def cbf(path: Path, **changes: Any) -> Path:
    lines = {key: value for key, value in (PILATUS | changes).items() if value is not None}
    header = {
        "_array_data.header_convention": "PILATUS_1.2",
        "_array_data.header_contents": "\r\n".join(f"# {key} {value}" for key, value in lines.items()),
    }
    fabio.cbfimage.CbfImage(data=counts(), header=header).write(str(path))
    return path


def test_the_keywords_of_the_esrf_tell_geometry_and_time(tmp_path: Path):
    file = edf(tmp_path / "a.edf")
    geometry = geometry_from_header(file)
    assert (geometry.distance_mm, geometry.wavelength_nm) == pytest.approx((2867, 0.09919))
    assert (geometry.pixel_width_um, geometry.pixel_height_um) == pytest.approx((172, 172))
    assert (geometry.beam_column_px, geometry.beam_row_px, geometry.shape) == (14.5, 9.25, SHAPE)
    frame = read_frame(file)
    np.testing.assert_array_equal(frame.counts, counts())
    assert (frame.exposure_s, frame.monitor, frame.transmission) == (0.5, 1, 1)


def test_units_in_the_keywords_are_honoured_and_an_offset_moves_the_centre(tmp_path: Path):
    file = edf(
        tmp_path / "a.edf", SampleDistance="2867_mm", WaveLength="0.09919 nm", Offset_1="-10", Center_1="4.5"
    )
    geometry = geometry_from_header(file)
    assert (geometry.distance_mm, geometry.wavelength_nm) == pytest.approx((2867, 0.09919))
    assert geometry.beam_column_px == 14.5


@pytest.mark.parametrize(
    ("header", "monitor", "transmission"),
    [
        ({"Intensity0": "2e6", "Intensity1": "1e6"}, 2e6, 0.5),
        ({"Intensity1": "1e6"}, 1e6, 1.0),
        ({"Intensity0": "10", "Intensity1": "1e6"}, 1e6, 1.0),  # on two scales: only their product is known
        ({"Intensity0": "2e6"}, 2e6, 1.0),
        ({"counter_mne": "sec mon diode", "counter_pos": "1 77000 12"}, 77000, 1.0),
        ({"Monitor": "123"}, 123, 1.0),
    ],
)
def test_the_monitor_is_read_under_the_names_that_beamlines_give_it(
    tmp_path: Path, header: dict[str, str], monitor: float, transmission: float
):
    frame = read_frame(edf(tmp_path / "a.edf", **header))
    assert (frame.monitor, frame.transmission) == (monitor, transmission)


def test_dummies_are_masked(tmp_path: Path):
    image = counts()
    image[2, 3], image[4, 5] = -10, 70_000
    frame = read_frame(edf(tmp_path / "a.edf", image, Dummy="70001", DDummy="1.5"))
    assert np.argwhere(frame.mask).tolist() == [[2, 3], [4, 5]]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"SampleDistance": None, "Center_2": None}, "SampleDistance, Center_2 are not set.*--geometry"),
        ({"SampleDistance": "2867"}, "SampleDistance: is 2867 m, must be within 0.001 and 100 m"),
        ({"DetectorRotation_2": "0.1"}, r"DetectorRotation_2: is 0\.1, must be 0 .*\.poni"),
        ({"RasterOrientation": "3"}, "RasterOrientation: is 3, must be 1"),
    ],
)
def test_a_header_of_the_esrf_that_is_not_enough_is_refused_by_keyword(
    tmp_path: Path, changes: dict[str, Any], says: str
):
    with pytest.raises(BadInput, match=f"a.edf.*{says}"):
        geometry_from_header(edf(tmp_path / "a.edf", **changes))


def test_the_comments_of_a_pilatus_tell_geometry_time_and_cutoff(tmp_path: Path):
    file = cbf(tmp_path / "a.cbf")
    geometry = geometry_from_header(file)
    assert (geometry.distance_mm, geometry.wavelength_nm) == pytest.approx((1502.7, 0.1245))
    assert (geometry.beam_column_px, geometry.beam_row_px, geometry.shape) == (14.10, 9.25, SHAPE)
    frame = read_frame(file)
    np.testing.assert_array_equal(frame.counts, counts())
    assert (frame.exposure_s, frame.saturation_counts) == (0.5, 1048500)


def test_a_tiff_says_the_same_in_its_description(biosaxs: Path):
    frame = read_frame(biosaxs / "GI2_A9_19_001_0000.tiff")
    assert (frame.exposure_s, frame.saturation_counts) == (1.0, 1380198)
    with pytest.raises(BadInput, match="Wavelength, Beam_xy are not set"):  # a detector that nobody told
        geometry_from_header(biosaxs / "GI2_A9_19_001_0000.tiff")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"Beam_xy": "(0.00, 0.00) pixels"}, "Beam_xy is not set"),
        ({"Wavelength": None, "Detector_distance": "0.0 m"}, "Detector_distance, Wavelength are not set"),
    ],
)
def test_what_nobody_has_told_a_pilatus_is_named(tmp_path: Path, changes: dict[str, Any], says: str):
    with pytest.raises(BadInput, match=says):
        geometry_from_header(cbf(tmp_path / "a.cbf", **changes))


def test_a_header_that_contradicts_its_detector_is_refused(tmp_path: Path):
    geometry = geometry_from_header(cbf(tmp_path / "a.cbf", Pixel_size="75e-6 m x 75e-6 m"))
    with pytest.raises(BadInput, match=r"75 x 75 um, a PILATUS3 1M has 172 x 172 um\. Correct"):
        check_geometry(geometry, SHAPE, "a.cbf")


@pytest.mark.parametrize(
    ("name", "size_um"),
    [
        ("Dectris Eiger 4M", 75), ("EIGER2 CdTe 1M-W", 75), ("PILATUS 300K, S/N 3-0327", 172),
        ("PILATUS3 X CdTe 2M", 172), ("Pilatus4 4M", 150), ("EIGER2 R 500K", 75),
    ],
)  # fmt: skip
def test_detectors_are_known_by_the_names_that_they_write(tmp_path: Path, name: str, size_um: int):
    told = {"Detector:": name, "Pixel_size": "55e-6 m x 55e-6 m"}
    with pytest.raises(BadInput, match=f"has {size_um} x {size_um} um"):
        check_geometry(geometry_from_header(cbf(tmp_path / "a.cbf", **told)), SHAPE, "a.cbf")


def test_an_edf_of_many_frames_is_read_by_number_and_not_by_its_first(tmp_path: Path):
    image = fabio.edfimage.EdfImage(data=counts(1), header=dict(ESRF))
    image.append_frame(data=counts(2), header={"ExposureTime": "3.0"})
    image.write(str(tmp_path / "many.edf"))
    parts = parts_of(tmp_path / "many.edf")
    frames = [read_frame(part) for part in parts]
    np.testing.assert_array_equal([frame.counts for frame in frames], [counts(1), counts(2)])
    assert [frame.exposure_s for frame in frames] == [0.5, 3.0]
    assert geometry_from_header(parts[1]).distance_mm == pytest.approx(2867)
    with pytest.raises(BadInput, match="holds 2 frames, and one is meant"):
        read_frame(tmp_path / "many.edf")


@pytest.mark.parametrize("keep", [0.3, 0.7, 0.95])
@pytest.mark.parametrize("suffix", ["edf", "cbf", "tif"])
def test_an_image_that_was_cut_off_is_refused_and_not_filled_up(tmp_path: Path, suffix: str, keep: float):
    file = tmp_path / f"a.{suffix}"
    if suffix == "tif":
        fabio.tifimage.TifImage(data=counts()).write(str(file))
    else:
        (edf if suffix == "edf" else cbf)(file)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(keep * len(whole))])
    with pytest.raises(BadInput, match=rf"a\.{suffix}") as caught:
        read_frame(file)
    assert "\n" not in str(caught.value)


def test_fractions_are_no_counts(tmp_path: Path):
    file = edf(tmp_path / "a.edf", counts().astype(np.float32) / 7)
    with pytest.raises(BadInput, match=r"fractions such as .*counts are meant"):
        read_frame(file)
