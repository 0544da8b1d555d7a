"""Series of frames as Eiger detectors write them: master files, linked files, bitshuffle-LZ4."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.domain.errors import BadInput
from models.saxs.file_contents import parts_of
from models.saxs.file_parts import name_part, part_stem, split_part
from models.saxs.frame_files import geometry_from_header, read_frame, read_frames
from models.saxs.frame_stacks import as_counts
from models.saxs.integrators import check_geometry

SHAPE = (40, 50)
N_FILES, N_IN_FILE = 3, 4
GAP = 2**32 - 1
DETECTOR = "/entry/instrument/detector"


@dataclass(frozen=True, eq=False)
class Series:
    """A series on disk, and what was written."""

    master: Path
    counts: np.ndarray

    def linked(self, number: int) -> Path:
        return self.master.with_name(f"run_data_{number:06d}.h5")

    def change(self, change: Callable[[Any], None]) -> Path:
        with h5py.File(self.master, "r+") as file:
            change(file)
        return self.master


def put(file: Any, name: str, value: object, units: str | None = None) -> None:
    if name in file:
        del file[name]
    file[name] = value
    if units is not None:
        file[name].attrs["units"] = units


@pytest.fixture
def series(tmp_path: Path) -> Series:
    rng = np.random.default_rng(11)
    counts = rng.poisson(40, (N_FILES * N_IN_FILE, *SHAPE)).astype(np.uint32)
    counts[:, 19:21] = GAP
    mask = np.zeros(SHAPE, np.uint32)
    mask[19:21], mask[3, 4] = 1, 8
    made = Series(tmp_path / "run_master.h5", counts)
    with h5py.File(made.master, "w") as file:
        file.create_group("/entry/data")
        for number in range(1, N_FILES + 1):
            with h5py.File(made.linked(number), "w") as data:
                data.create_dataset(
                    "/entry/data/data",
                    data=counts[(number - 1) * N_IN_FILE : number * N_IN_FILE],
                    chunks=(1, *SHAPE),
                    **hdf5plugin.Bitshuffle(cname="lz4"),
                )
            link = h5py.ExternalLink(made.linked(number).name, "/entry/data/data")
            file[f"/entry/data/data_{number:06d}"] = link
        put(file, f"{DETECTOR}/description", "Dectris EIGER2 Si 1M")
        put(file, f"{DETECTOR}/detector_distance", 1.5, "m")
        for axis, centre in (("x", 25.5), ("y", 20.25)):
            put(file, f"{DETECTOR}/{axis}_pixel_size", 75e-6, "m")
            put(file, f"{DETECTOR}/beam_center_{axis}", centre, "pixel")
        put(file, f"{DETECTOR}/count_time", 0.5, "s")
        put(file, f"{DETECTOR}/frame_time", 0.6, "s")
        put(file, f"{DETECTOR}/saturation_value", 200_000)
        put(file, f"{DETECTOR}/detectorSpecific/countrate_correction_count_cutoff", 126_634)
        put(file, f"{DETECTOR}/detectorSpecific/pixel_mask", mask)
        put(file, "/entry/instrument/beam/incident_wavelength", 1.24, "angstrom")
    return made


def test_any_frame_of_a_series_is_read_by_its_number_through_the_master(series: Series):
    for number in (0, 3, 4, 11):
        frame = read_frame(name_part(series.master, number))
        is_there = series.counts[number] != GAP
        np.testing.assert_array_equal(frame.counts[is_there], series.counts[number][is_there])
        assert (frame.exposure_s, frame.saturation_counts) == (0.5, 126_634)
        assert frame.source.endswith(f"run_master.h5::{number}")


def test_gaps_and_pixels_that_the_detector_marks_are_masked(series: Series):
    frame = read_frame(name_part(series.master, 5))
    expected = series.counts[5] == GAP
    expected[3, 4] = True
    np.testing.assert_array_equal(frame.mask, expected)
    assert frame.counts[19:21].max() < 0


def test_all_frames_come_one_after_another_as_each_comes_by_its_number(series: Series):
    frames = list(read_frames(series.master))
    parts = parts_of(series.master)
    assert [frame.source for frame in frames] == [str(part) for part in parts]
    for frame, part in zip(frames, parts, strict=True):
        np.testing.assert_array_equal(frame.counts, read_frame(part).counts)


def test_a_series_is_opened_file_by_file_as_it_is_read(series: Series):
    frames = read_frames(series.master)
    for _ in range(N_IN_FILE):
        next(frames)
    series.linked(2).unlink()  # nobody has looked at it yet
    with pytest.raises(BadInput, match=r"data_000002: its file run_data_000002\.h5 is missing"):
        next(frames)


def test_a_data_file_without_its_master_is_a_series_of_its_own(series: Series):
    file = series.linked(2)
    assert len(parts_of(file)) == N_IN_FILE
    frame = read_frame(name_part(file, 1))
    np.testing.assert_array_equal(frame.mask, series.counts[5] == GAP)
    with pytest.raises(BadInput, match=r"x_pixel_size: is absent.*master.*--geometry"):
        geometry_from_header(name_part(file, 1))


def test_the_master_tells_the_geometry_in_the_units_that_it_states(series: Series):
    geometry = geometry_from_header(name_part(series.master, 2))
    assert (geometry.distance_mm, geometry.wavelength_nm) == (1500, pytest.approx(0.124))
    assert (geometry.pixel_width_um, geometry.pixel_height_um) == pytest.approx((75, 75))
    assert (geometry.beam_column_px, geometry.beam_row_px, geometry.shape) == (25.5, 20.25, SHAPE)

    def in_other_units(file: Any) -> None:
        put(file, f"{DETECTOR}/detector_distance", 1500.0, "mm")
        put(file, f"{DETECTOR}/beam_center_x", 25.5 * 75e-6, "m")
        put(file, f"{DETECTOR}/x_pixel_size", 75.0, "um")
        put(file, "/entry/instrument/beam/incident_wavelength", 0.124, "nm")

    again = geometry_from_header(series.change(in_other_units))
    for name, value in geometry.model_dump().items():
        assert getattr(again, name) == (pytest.approx(value) if isinstance(value, float) else value), name


def test_times_are_read_in_their_unit_and_one_for_each_frame_where_there_are_many(series: Series):
    def change(file: Any) -> None:
        put(file, f"{DETECTOR}/count_time", 250.0, "ms")
        put(file, "/entry/control/integral", np.arange(12.0) + 100)

    master = series.change(change)
    frame = read_frame(name_part(master, 7))
    assert (frame.exposure_s, frame.monitor) == (0.25, 107)


def test_pixels_of_another_size_than_the_named_detectors_are_refused(series: Series):
    def change(file: Any) -> None:
        for axis in "xy":
            put(file, f"{DETECTOR}/{axis}_pixel_size", 172e-6, "m")

    geometry = geometry_from_header(series.change(change))
    with pytest.raises(BadInput, match=r"172 x 172 um, a Dectris EIGER2 Si 1M has 75 x 75 um\. Correct"):
        check_geometry(geometry, SHAPE, "run_master.h5")


@pytest.mark.parametrize(
    ("name", "value", "units", "says"),
    [
        (
            "detector/detector_distance",
            0.0,
            "m",
            r"detector_distance: is 0 m, must be within 0\.001 and 100 m",
        ),
        ("detector/detector_distance", 1500.0, "m", "is 1500 m, must be within"),
        ("detector/detector_distance", 1.5, "furlong", "detector_distance@units: is 'furlong'. Use one of m"),
        ("beam/incident_wavelength", np.nan, "angstrom", "incident_wavelength: is nan angstrom"),
        ("detector/x_pixel_size", "wide", "m", "x_pixel_size: is not a number"),
    ],
)
def test_a_geometry_that_makes_no_sense_is_refused_with_value_unit_and_limit(
    series: Series, name: str, value: object, units: str, says: str
):
    master = series.change(lambda file: put(file, f"/entry/instrument/{name}", value, units))
    with pytest.raises(BadInput, match=says) as caught:
        geometry_from_header(master)
    assert "\n" not in str(caught.value)


def test_a_beam_centre_that_nobody_has_set_is_no_beam_centre(series: Series):
    def change(file: Any) -> None:
        for axis in "xy":
            put(file, f"{DETECTOR}/beam_center_{axis}", 0.0, "pixel")

    with pytest.raises(BadInput, match=r"both 0 pixel.*--geometry"):
        geometry_from_header(series.change(change))


@pytest.mark.parametrize(
    ("part", "says"),
    [
        (None, "holds 12 frames, and one is meant. Name one, from .*::0 to ::11"),
        ("12", "there is no frame 12; it holds 12, counted from 0"),
        ("-1", "'-1' is not the number of a frame"),
        ("last", "'last' is not the number of a frame"),
    ],
)
def test_a_frame_that_is_not_there_is_told_by_what_is(series: Series, part: str | None, says: str):
    with pytest.raises(BadInput, match=says):
        read_frame(series.master if part is None else name_part(series.master, part))


def test_a_linked_file_that_is_missing_or_cut_off_is_named_and_the_others_can_be_read(series: Series):
    whole = series.linked(2).read_bytes()
    series.linked(2).unlink()
    with pytest.raises(
        BadInput, match=r"run_master\.h5: /entry/data/data_000002: its file run_data_000002\.h5"
    ):
        parts_of(series.master)
    series.linked(2).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInput, match=r"run_data_000002\.h5: is truncated") as caught:
        read_frame(name_part(series.master, 6))
    assert "\n" not in str(caught.value)
    assert read_frame(name_part(series.master, 3)).counts.shape == SHAPE


def test_frames_that_were_announced_and_never_written_are_not_read_as_dark(series: Series):
    with h5py.File(series.linked(3), "w") as file:
        data = file.create_dataset("/entry/data/data", (4, *SHAPE), np.uint32, chunks=(1, *SHAPE))
        data[:2] = 5
    assert read_frame(name_part(series.master, 9)).counts.max() == 5
    with pytest.raises(BadInput, match=r"run_data_000003\.h5.*frame 2 was announced and never written"):
        read_frame(name_part(series.master, 10))


def test_a_virtual_dataset_without_its_source_is_not_read_as_dark(tmp_path: Path):
    layout = h5py.VirtualLayout((2, *SHAPE), np.uint32)
    layout[:] = h5py.VirtualSource("gone.h5", "data", (2, *SHAPE))
    with h5py.File(tmp_path / "virtual.h5", "w") as file:
        file.create_virtual_dataset("/entry/data/data", layout)
    with pytest.raises(BadInput, match=r"virtual\.h5: /entry/data/data: its file gone\.h5 is missing"):
        read_frame(name_part(tmp_path / "virtual.h5", 0))


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (np.zeros((0, *SHAPE), np.uint32), "holds no frame"),
        (np.zeros((2, 0, 50), np.uint32), "is empty"),
        (np.zeros((2, 2, *SHAPE), np.uint32), r"must be \(rows, columns\) or \(frames, rows, columns\)"),
        (np.zeros((2, *SHAPE)), "must be integers"),
    ],
)
def test_what_is_no_series_of_counts_is_refused(tmp_path: Path, values: np.ndarray, says: str):
    with h5py.File(tmp_path / "odd.h5", "w") as file:
        file["/entry/data/data"] = values
    with pytest.raises(BadInput, match=f"odd.h5.*{says}"):
        read_frame(tmp_path / "odd.h5")


@pytest.mark.parametrize("depth", [1, 3, 12])
def test_chunks_of_many_frames_are_read_once_and_in_order(tmp_path: Path, depth: int):
    counts = np.arange(12 * 6, dtype=np.uint16).reshape(12, 2, 3)
    with h5py.File(tmp_path / "deep.h5", "w") as file:
        file.create_dataset(
            "/entry/data/data", data=counts, chunks=(depth, 2, 3), **hdf5plugin.Bitshuffle(cname="lz4")
        )
    read = [frame.counts for frame in read_frames(tmp_path / "deep.h5")]
    np.testing.assert_array_equal(read, counts)


@given(st.sampled_from([np.uint8, np.uint16, np.uint32, np.uint64]), st.data())
@settings(max_examples=40, deadline=None)
def test_the_top_of_every_range_is_no_count_and_all_below_2_to_the_31_is(kind: type, data: st.DataObject):
    top = int(np.iinfo(kind).max)
    values = data.draw(st.lists(st.one_of(st.integers(0, min(top - 1, 2**31 - 1)), st.just(top)), min_size=1))
    counts = as_counts(np.array([values], dtype=kind))
    assert counts.tolist() == [[-1 if value == top else value for value in values]]


@given(st.text("abc_/0123456789.", min_size=1, max_size=12), st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_a_part_that_was_named_is_parted_again(part: str, number: int):
    file = Path("nowhere") / "run_master.h5"
    assert split_part(name_part(file, number)) == (file, str(number))
    assert split_part(file) == (file, None)
    assert "/" not in part_stem(name_part(file, part))


def test_names_of_output_sort_as_frames_do():
    stems = [part_stem(name_part(Path("run_master.h5"), number)) for number in (2, 10, 99999)]
    assert stems == sorted(stems)
    assert stems[0] == "run_master_00002"
