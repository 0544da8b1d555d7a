"""Measured data whose answers are known."""

import csv
from pathlib import Path

import h5py
import numpy as np
import pytest

from models.domain.scattering import Curve, Feature, Mask
from models.saxs.correct import average, subtract
from models.saxs.curve_files import read_curve
from models.saxs.features import guinier, peak
from models.saxs.frame_files import geometry_from_header
from models.saxs.loose_files import Source, read_file


def read(extract: object, curve: Curve) -> dict[str, Feature]:
    return {f.name: f for f in extract(curve) if isinstance(f, Feature)}  # type: ignore[operator]


def test_a_pilatus_frame_reduces_to_the_curve_that_was_published(biosaxs: Path):
    published_file = biosaxs / "multiseries_dats" / "GI2_A9_19_001_0000.dat"
    published = read_curve(published_file, q_unit="1/A")
    curve = read_file(biosaxs / "GI2_A9_19_001_0000.tiff", Source(geometry=str(published_file))).curve
    assert len(curve) == len(published) == 474
    np.testing.assert_allclose(curve.q_inv_nm, published.q_inv_nm, rtol=1e-8)
    ratio = curve.intensity / published.intensity
    off = np.abs(ratio / np.median(ratio) - 1)
    # its authors masked the beamstop's edge (q below 0.3 1/nm) and three bad pixels by hand
    is_by_hand = (curve.q_inv_nm < 0.294) | (np.abs(curve.q_inv_nm - 1.102) < 0.006)
    assert np.count_nonzero(is_by_hand) == 36
    assert off[~is_by_hand].max() < 1e-6
    assert (off * published.intensity / published.sigma).max() < 1.0


def authors_mask() -> Mask:
    """What the authors of the glucose isomerase curve had masked, in the frame's own orientation.

    Their header does not hold it. It follows from the published curve: I and sigma of a bin give its count
    of pixels and their sum, and one convex outline of the beamstop explains all 34 bins at its edge. The
    square is drawn around the one dead pixel.
    """
    mirrored = np.zeros((195, 487), dtype=bool)
    last_columns = {49: 17, 61: 16, 70: 15, 73: 14, 77: 13, 81: 12}
    for first_row, last_column in last_columns.items():
        mirrored[first_row:134] = np.arange(487) <= last_column
    mirrored[113:115, 189:191] = True
    return np.fliplr(mirrored)


def test_with_the_authors_mask_every_point_of_the_published_curve_is_reproduced(
    biosaxs: Path, tmp_path: Path
):
    published_file = biosaxs / "multiseries_dats" / "GI2_A9_19_001_0000.dat"
    published = read_curve(published_file, q_unit="1/A")
    np.save(tmp_path / "mask.npy", authors_mask())
    source = Source(geometry=str(published_file), mask=tmp_path / "mask.npy")
    curve = read_file(biosaxs / "GI2_A9_19_001_0000.tiff", source).curve
    assert len(curve) == len(published) == 474
    ratio = curve.intensity / published.intensity
    assert np.abs(ratio / np.median(ratio) - 1).max() < 1e-6


def test_the_rg_of_glucose_isomerase(biosaxs: Path):
    folder = biosaxs / "multiseries_dats"
    sample, buffer = (
        average([read_curve(file, q_unit="1/A") for file in sorted(folder.glob(pattern))])
        for pattern in ("GI2_*.dat", "GIbuf2_*.dat")
    )
    rg = read(guinier.extract, subtract(sample, buffer))["rg"]
    assert 3.34 < rg.value < 3.39


def test_the_rg_of_lysozyme(biosaxs: Path):
    rg = read(guinier.extract, read_curve(biosaxs / "lys_saxs.dat", q_unit="1/A"))["rg"]
    assert 1.40 < rg.value < 1.41


def test_the_rg_of_bovine_serum_albumin_at_the_peak_of_its_elution(biosaxs: Path):
    with h5py.File(biosaxs / "clean_BSA_001.hdf5") as series:
        q_inv_nm = 10 * np.asarray(series["profiles/q"])
        frames = np.array([np.asarray(series[f"profiles/{n:06d}"]) for n in range(324)])
        peak_frame = int(np.argmax(np.asarray(series["intensities/total_intensities"])))
    curves = [Curve(q_inv_nm, frame[:, 0], frame[:, 1]) for frame in frames]
    buffer = average(curves[20:120])
    for n_beside in (0, 2, 5):
        sample = average(curves[peak_frame - n_beside : peak_frame + n_beside + 1])
        rg = read(guinier.extract, subtract(sample, buffer))["rg"]
        assert 2.79 < rg.value < 2.87


def test_silver_behenate_stands_where_its_wrong_header_puts_it(biosaxs: Path):
    file = biosaxs / "saxslab_image.tiff"
    assert geometry_from_header(file).distance_mm == pytest.approx(487.5608)
    found = read(peak.extract, read_file(file, Source()).curve)
    assert found["peak_d"].value == pytest.approx(5.838 * 487.56 / 481.2, rel=0.005)


def test_every_silica_curve_is_read_and_its_controls_agree(silica: Path):
    lines = (silica / "samples.csv").read_text().splitlines()
    rows = [row for row in csv.DictReader(lines) if row["saxs"]]
    assert len(rows) == 67
    strengths: dict[str, float] = {}
    for row in rows:
        curve = read_curve(silica / row["saxs"])
        assert curve.intensity[0] > 0
        assert curve.q_inv_nm[0] < 0.03
        strengths[row["name"]] = read(peak.extract, curve)["peak_strength"].value
    controls = [value for name, value in strengths.items() if "control" in name]
    assert len(controls) >= 3
    assert np.std(controls) < 0.1 * np.mean(controls)
    assert max(strengths.values()) > 10
    assert min(strengths.values()) > -0.1


def test_every_usaxs_curve_is_read(silica: Path):
    files = sorted((silica / "usaxs").glob("*.dat"))
    assert len(files) == 68
    for file in files:
        assert len(read_curve(file)) > 100
