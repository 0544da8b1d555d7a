"""Pixels that held more counts than they can, in files as detectors write them."""

from pathlib import Path

import fabio.cbfimage
import fabio.tifimage
import h5py
import hdf5plugin
import numpy as np
import pytest

from models.domain.scattering import Frame, Verdict
from models.saxs.add_frames import add_frames
from models.saxs.checks.catalogue import check_frame
from models.saxs.checks.check import Subject
from models.saxs.frame_files import read_frame, read_frames
from models.saxs.loose_files import Source, read_file
from models.saxs.poni_files import write_poni

SHAPE = (60, 80)
HIT = ((30, 41), (30, 42), (31, 41))
"""Pixels that overflow."""


def expose(dtype: type[np.integer]) -> np.ndarray:
    """Counts with a gap across, one down, and pixels at the top of the range."""
    counts = np.random.default_rng(5).poisson(40, SHAPE).astype(dtype)
    top = np.iinfo(dtype).max
    is_gap = np.zeros(SHAPE, bool)
    is_gap[20:22], is_gap[:, 10] = True, True
    counts[is_gap] = top if np.issubdtype(dtype, np.unsignedinteger) else -1
    for pixel in HIT:
        counts[pixel] = top
    return counts


def said(frame: Frame) -> Verdict | None:
    found = {verdict.check: verdict for verdict in check_frame(Subject(frame))}
    return found.get("saturation")


def write_tiff(path: Path, counts: np.ndarray) -> Path:
    fabio.tifimage.TifImage(data=counts).write(str(path))
    return path


def write_eiger(path: Path, counts: np.ndarray, mask: np.ndarray | None = None) -> Path:
    with h5py.File(path, "w") as file:
        file.create_dataset(
            "/entry/data/data", data=counts[None], chunks=(1, *SHAPE), **hdf5plugin.Bitshuffle(cname="lz4")
        )
        if mask is not None:
            file["/entry/instrument/detector/detectorSpecific/pixel_mask"] = mask.astype(np.uint32)
    return path


@pytest.mark.parametrize("dtype", [np.uint16, np.uint32, np.int32])
def test_an_overflowed_tiff_fails_saturation_with_the_count_of_its_pixels(tmp_path, dtype):
    frame = read_frame(write_tiff(tmp_path / "frame.tif", expose(dtype)))
    assert all(frame.mask[pixel] for pixel in HIT)
    verdict = said(frame)
    assert verdict is not None
    assert verdict.is_refusal
    assert "more counts than they hold: 3. Attenuate" in verdict.remedy


def test_an_overflowed_cbf_fails_saturation(tmp_path):
    path = tmp_path / "frame.cbf"
    fabio.cbfimage.CbfImage(data=expose(np.int32)).write(str(path))
    verdict = said(read_frame(path))
    assert verdict is not None
    assert not verdict.is_ok
    assert "hold: 3." in verdict.remedy


@pytest.mark.parametrize("dtype", [np.uint16, np.uint32])
def test_an_eiger_tells_overflow_from_gaps_by_its_own_mask_and_without_one_by_their_shape(tmp_path, dtype):
    counts = expose(dtype)
    mask = counts == np.iinfo(dtype).max
    for pixel in HIT:
        mask[pixel] = False
    mask[5, 6], counts[5, 6] = True, np.iinfo(dtype).max  # a dead pixel
    with_mask = write_eiger(tmp_path / "with.h5", counts, mask)
    assert "hold: 3." in said(read_frame(with_mask)).remedy
    assert [frame.overflow.sum() for frame in read_frames(with_mask)] == [3]
    without = write_eiger(tmp_path / "without.h5", counts)
    assert "hold: 4." in said(read_frame(without)).remedy


def test_gaps_alone_are_no_overflow(tmp_path):
    counts = expose(np.uint32)
    for pixel in HIT:
        counts[pixel] = 50
    frame = read_frame(write_tiff(tmp_path / "frame.tif", counts))
    assert frame.overflow is None
    assert said(frame) is None
    assert frame.mask.sum() == 2 * SHAPE[1] + SHAPE[0] - 2


def test_what_a_mask_covers_did_not_overflow(tmp_path):
    path, mask = write_tiff(tmp_path / "frame.tif", expose(np.uint16)), np.zeros(SHAPE, np.uint8)
    for pixel in HIT[:2]:
        mask[pixel] = 1
    np.save(tmp_path / "mask.npy", mask)
    assert "hold: 1." in said(read_frame(path, mask_path=tmp_path / "mask.npy")).remedy
    mask[HIT[2]] = 1
    np.save(tmp_path / "mask.npy", mask)
    assert said(read_frame(path, mask_path=tmp_path / "mask.npy")) is None


def test_a_sum_of_frames_overflows_where_one_of_them_does(tmp_path):
    bad = read_frame(write_tiff(tmp_path / "bad.tif", expose(np.uint16)))
    good = Frame(np.full(SHAPE, 40, np.int32), np.zeros(SHAPE, bool), 1.0, 1.0, 1.0)
    for added in (add_frames(bad, good), add_frames(good, bad)):
        assert "hold: 3." in said(added).remedy
    assert said(add_frames(good, good)) is None


def test_a_file_of_a_folder_is_told_to_have_overflowed(tmp_path, geometry):
    counts = np.random.default_rng(5).poisson(40, geometry.shape).astype(np.uint16)
    counts[20, 30] = 65535
    write_poni(tmp_path / "detector.poni", geometry)
    source = Source(geometry=str(tmp_path / "detector.poni"))
    reading = read_file(write_tiff(tmp_path / "frame.tif", counts), source)
    assert "hold: 1." in next(v.remedy for v in reading.verdicts if v.check == "saturation" and not v.is_ok)
