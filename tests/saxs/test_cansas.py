"""Curves of NXcanSAS and canSAS XML: read as sasdata reads them, written so that it does."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import sasdata
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from sasdata.dataloader.loader import Loader
from typer.testing import CliRunner

from agent.commands.reduce import reduce
from models.domain.errors import BadInput
from models.domain.geometry import Geometry
from models.domain.scattering import Curve
from models.saxs.curve_files import read_curve
from models.saxs.curve_points import SIGMA_ESTIMATED
from models.saxs.file_contents import is_frame, parts_of
from models.saxs.file_parts import name_part
from models.saxs.nxcansas_writer import Origin, write_nxcansas

EXAMPLES = Path(sasdata.__file__).parent / "example_data"
ANGSTROM_PER_NM = 10.0
Q = np.linspace(0.01, 0.3, 60)
INTENSITY = 100 * np.exp(-((20 * Q) ** 2) / 3) + 1
SIGMA = 0.02 * INTENSITY
Change = Callable[[Any], None]


def write(path: Path, change: Change | None = None, *, units: str | None = "1/A") -> Path:
    with h5py.File(path, "w") as file:
        entry = file.create_group("sasentry01")
        entry.attrs.update({"NX_class": "NXentry", "canSAS_class": "SASentry", "version": "1.1"})
        entry["definition"], entry["title"], entry["run"] = "NXcanSAS", "made here", "7"
        data = entry.create_group("sasdata01")
        data.attrs.update({"NX_class": "NXdata", "canSAS_class": "SASdata", "signal": "I", "I_axes": "Q"})
        data.attrs["Q_indices"] = np.array([0])
        data["Q"], data["I"], data["Idev"] = Q, INTENSITY, SIGMA
        if units is not None:
            data["Q"].attrs["units"] = units
        data["I"].attrs.update({"units": "1/cm", "uncertainties": "Idev"})
        if change is not None:
            change(file)
    return path


def put(name: str, value: object) -> Change:
    def change(file: Any) -> None:
        attributes = dict(file[f"sasentry01/sasdata01/{name}"].attrs)
        del file[f"sasentry01/sasdata01/{name}"]
        file[f"sasentry01/sasdata01/{name}"] = value
        file[f"sasentry01/sasdata01/{name}"].attrs.update(attributes)

    return change


def drop(name: str) -> Change:
    return lambda file: file["sasentry01/sasdata01"].__delitem__(name)


@pytest.mark.parametrize(
    "name",
    [
        "33837rear_1D_1.75_16.5_NXcanSAS.h5", "33837rear_1D_1.75_16.5_NXcanSAS_v3.h5", "FK403_0006_Nika.hdf",
        "Lew_Sa3_DSM_QinA.h5", "Ludox_silica.xml", "P123_D2O_30_percent.xml", "10000A_sphere_dsm.xml",
    ],
)  # fmt: skip
def test_files_of_other_programs_are_read_as_sasdata_reads_them(name: str):
    (theirs,) = Loader().load(str(EXAMPLES / "1d_data" / name))
    ours = read_curve(EXAMPLES / "1d_data" / name)
    # sasdata turns single precision into other units in single precision
    rtol = 1e-7 if "Nika" in name else 1e-12
    np.testing.assert_allclose(ours.q_inv_nm, theirs.x * ANGSTROM_PER_NM, rtol=rtol)
    np.testing.assert_allclose(ours.intensity, theirs.y, rtol=1e-12)
    np.testing.assert_allclose(ours.sigma, theirs.dy, rtol=1e-12)
    assert ours.unit == ("1/cm" if "cm" in theirs.y_unit else "a.u.")


def test_one_of_240_curves_is_read_by_the_name_of_its_entry():
    file = EXAMPLES / "1d_data" / "VTMA.h5"
    parts = parts_of(file)
    assert len(parts) == 240
    curve = read_curve(name_part(file, "VTMA13b_2_870C_0min_0004_mrg"))
    assert name_part(file, "VTMA13b_2_870C_0min_0004_mrg") in parts
    assert (len(curve), curve.unit) == (359, "1/cm")
    with pytest.raises(BadInput, match=r"holds 240 curves, and one is meant: .* and 237 more\. Name one"):
        read_curve(file)
    with pytest.raises(BadInput, match="holds no curve 'VTMA99'"):
        read_curve(name_part(file, "VTMA99"))


def test_runs_of_one_xml_file_are_told_apart_by_their_names():
    file = EXAMPLES / "1d_data" / "latex_smeared.xml"
    assert [part.name for part in parts_of(file)] == [
        "latex_smeared.xml::latex_sans", "latex_smeared.xml::latex_usans",
    ]  # fmt: skip
    assert len(read_curve(name_part(file, "latex_usans"))) == 82


def test_a_pattern_that_was_reduced_to_qx_and_qy_is_told_from_a_frame_and_from_a_curve():
    file = EXAMPLES / "2d_data" / "BAM_2D.h5"
    assert not is_frame(file)
    with pytest.raises(
        BadInput, match=r"holds no curve I\(Q\), only sasentry01/data of shape \(1065, 1030\)"
    ):
        parts_of(file)


def test_q_is_read_in_its_unit_and_intensity_becomes_absolute_where_it_can(tmp_path: Path):
    in_a, in_nm = write(tmp_path / "a.h5"), write(tmp_path / "nm.h5", units="nm^-1")
    assert read_curve(in_a).q_inv_nm == pytest.approx(Q * 10)
    assert read_curve(in_nm).q_inv_nm == pytest.approx(Q)
    in_m = write(tmp_path / "m.h5", lambda f: f["sasentry01/sasdata01/I"].attrs.update({"units": "1/m"}))
    assert read_curve(in_m).intensity == pytest.approx(INTENSITY / 100)
    assert (read_curve(in_m).unit, read_curve(in_m).sigma[0]) == ("1/cm", pytest.approx(SIGMA[0] / 100))


def test_a_factor_on_the_intensity_and_its_uncertainty_are_read(tmp_path: Path):
    def scale(file: Any) -> None:
        data = file["sasentry01/sasdata01"]
        data["scale"], data["scale_dev"] = 4.0, 0.2
        data["scale"].attrs["uncertainties"] = "scale_dev"
        data["I"].attrs["scaling_factor"] = "scale"

    curve = read_curve(write(tmp_path / "a.h5", scale))
    np.testing.assert_allclose(curve.intensity, 4 * INTENSITY)
    np.testing.assert_allclose(curve.sigma, 4 * SIGMA)
    assert curve.common_relative_sigma == pytest.approx(0.05)


def test_a_curve_without_uncertainties_says_that_they_are_estimated(tmp_path: Path):
    curve = read_curve(write(tmp_path / "a.h5", drop("Idev")))
    assert SIGMA_ESTIMATED in curve.source
    assert np.all(curve.sigma > 0)


def test_a_unit_that_the_user_says_counts_only_where_the_file_says_none(tmp_path: Path):
    silent = write(tmp_path / "silent.h5", units=None)
    assert read_curve(silent, q_unit="1/nm").q_inv_nm == pytest.approx(Q)
    with pytest.raises(BadInput, match="is 1/A, and was said to be 1/nm"):
        read_curve(write(tmp_path / "a.h5"), q_unit="1/nm")


NOT_RISING = np.r_[Q[:30], Q[20:50]]


@pytest.mark.parametrize(
    ("units", "change", "says"),
    [
        (None, None, "unit of Q: is not stated in the file. Say by --q-unit"),
        ("furlong", None, "unit of Q: is 'furlong', must be 1/A or 1/nm"),
        ("1/A", put("Q", np.r_[np.nan, Q[1:]]), "Q: holds 1 values that are not numbers"),
        ("1/A", put("Q", NOT_RISING), r"point 30, 0\.108\d*, is negative or not above the one before"),
        ("1/A", put("Q", Q[:-1]), "Q: has 59 values, I has 60"),
        ("1/A", put("Q", np.zeros((60, 2))), r"Q: has shape \(60, 2\), must have one dimension"),
        ("1/A", put("Q", np.zeros(0)), "Q: is empty"),
        ("1/A", put("Idev", SIGMA[:5]), "Idev: has 5 values, I has 60"),
        ("1/A", put("I", np.ones((3, 60))), r"only sasentry01/sasdata01 of shape \(3, 60\)"),
        ("1/A", put("I", np.full(60, np.nan)), "has 0 usable points"),
        ("1/A", drop("Q"), "Q: is absent"),
        ("1/A", lambda f: f["sasentry01"].__delitem__("sasdata01"), "holds no curve: it has no SASdata"),
    ],
)
def test_nxcansas_that_is_no_curve_is_refused_in_one_line(
    tmp_path: Path, units: str | None, change: Change | None, says: str
):
    file = write(tmp_path / "bad.h5", change, units=units)
    with pytest.raises(BadInput, match=f"bad.h5.*{says}") as caught:
        read_curve(file)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("keep", [0.2, 0.6, 0.95])
def test_nxcansas_that_was_cut_off_is_refused(tmp_path: Path, keep: float):
    whole = write(tmp_path / "cut.h5").read_bytes()
    (tmp_path / "cut.h5").write_bytes(whole[: int(keep * len(whole))])
    with pytest.raises(BadInput, match=r"cut\.h5: is truncated"):
        parts_of(tmp_path / "cut.h5")


def test_hdf5_is_told_by_what_it_holds(tmp_path: Path):
    with h5py.File(tmp_path / "frame.h5", "w") as file:
        file["/entry/data/data"] = np.ones((4, 5), np.int32)
    with h5py.File(tmp_path / "neither.h5", "w") as file:
        file["/temperature"] = 300.0
    assert is_frame(tmp_path / "frame.h5")
    assert not is_frame(write(tmp_path / "curve.h5"))
    with pytest.raises(BadInput, match=r"neither\.h5: holds neither a frame nor a curve"):
        is_frame(tmp_path / "neither.h5")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('<Q unit="1/A">', '<Q unit="furlong">', "unit of Q: is 'furlong', must be 1/A or 1/nm"),
        ("</SASroot>", "", "is not canSAS XML that sasdata can read"),
        ("Idata", "Odata", "is not canSAS XML that sasdata can read|holds no curve"),
    ],
)
def test_xml_that_is_no_curve_is_refused_in_one_line(tmp_path: Path, old: str, new: str, says: str):
    text = (EXAMPLES / "1d_data" / "Ludox_silica.xml").read_text()
    assert old in text
    (tmp_path / "bad.xml").write_text(text.replace(old, new))
    with pytest.raises(BadInput, match=rf"bad\.xml.*({says})") as caught:
        read_curve(tmp_path / "bad.xml")
    assert "\n" not in str(caught.value)


@given(
    st.lists(st.tuples(*[st.floats(1e-6, 1e6)] * 3), min_size=3, max_size=20, unique_by=lambda row: row[0]),
    st.sampled_from(["1/cm", "a.u."]),
    st.floats(0, 0.5),
)
@settings(max_examples=30, deadline=None)
def test_what_we_write_we_read_to_the_last_bit(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[float, ...]], unit: str, common: float
):
    q, intensity, sigma = np.array(sorted(rows)).T.copy()
    curve = Curve(q, intensity, sigma, unit, common)
    file = tmp_path_factory.mktemp("nxcansas") / "out.h5"
    write_nxcansas(file, curve, Origin(title="t", files=("a.tif",), version="1"))
    back = read_curve(file)
    np.testing.assert_array_equal([back.q_inv_nm, back.intensity, back.sigma], [q, intensity, sigma])
    assert (back.unit, back.common_relative_sigma) == (unit, common)


def test_sasdata_reads_what_we_write_with_what_it_was_made_from(tmp_path: Path, geometry: Geometry):
    curve = Curve(10 * Q, INTENSITY, SIGMA, "1/cm", 0.03)
    origin = Origin("protein", ("a.tif", "b.tif"), "1.2", ("water.tif",), ("No monitor.",), geometry)
    write_nxcansas(tmp_path / "out.h5", curve, origin)
    (one,) = Loader().load(str(tmp_path / "out.h5"))
    assert one.errors == []
    np.testing.assert_allclose(one.x, Q, rtol=1e-12)
    np.testing.assert_array_equal(one.y, INTENSITY)
    np.testing.assert_array_equal(one.dy, SIGMA)
    assert (one.title, one.run, one.y_unit) == ("protein", ["a.tif"], "cm^{-1}")
    (process,) = one.process
    assert process.name == "Nightbeam"
    assert process.description == "The mean of 2 files. The mean of the buffers was subtracted."
    assert process.term == [
        "version = 1.2", "file 1 = a.tif", "file 2 = b.tif", "buffer 1 = water.tif",
        "common_relative_sigma = 0.03",
    ]  # fmt: skip
    (detector,) = one.detector
    assert (detector.distance, detector.distance_unit) == (1000, "mm")
    assert (one.source.wavelength, one.source.wavelength_unit) == (0.1, "nm")


@pytest.fixture
def run():
    app = typer.Typer()
    app.command()(reduce)

    def call(*words: object):
        result = CliRunner().invoke(app, [str(word) for word in words])
        assert result.exit_code == 0, result.exception
        return result

    return call


def test_a_reduced_curve_is_reduced_again_to_the_same_features(run, tmp_path: Path):
    printed = run(write(tmp_path / "curve.h5"), "--features", "guinier", "--json").output
    run(tmp_path / "curve.h5", "--format", "nxcansas", "--out", tmp_path / "out", "--features", "guinier")
    again = run(tmp_path / "out" / "curve.h5", "--features", "guinier", "--json").output
    assert json.loads(again)["features"] == json.loads(printed)["features"]
    as_text = read_curve(tmp_path / "out" / "curve.h5")
    run(tmp_path / "curve.h5", "--out", tmp_path / "out", "--features", "guinier")
    np.testing.assert_array_equal(read_curve(tmp_path / "out" / "curve.dat").intensity, as_text.intensity)


def test_every_curve_of_a_file_is_reduced_on_its_own(run, tmp_path: Path):
    def second(file: Any) -> None:
        file.copy("sasentry01", "sasentry02")
        file.copy("sasentry02/sasdata01", "sasentry02/sasdata02")

    file = write(tmp_path / "many.h5", second)
    result = run(file, "--features", "guinier", "--json", "--out", tmp_path / "out")
    names = ["sasentry01", "sasentry02/sasdata01", "sasentry02/sasdata02"]
    assert [json.loads(line)["file"] for line in result.output.splitlines()] == [
        f"{file}::{n}" for n in names
    ]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "many_sasentry01.dat", "many_sasentry02_sasdata01.dat", "many_sasentry02_sasdata02.dat",
    ]  # fmt: skip


def test_what_had_to_be_assumed_is_noted_in_the_file(run, tmp_path: Path):
    file = write(tmp_path / "curve.h5", drop("Idev"))
    run(file, "--format", "nxcansas", "--out", tmp_path / "out", "--features", "guinier")
    with h5py.File(tmp_path / "out" / "curve.h5") as out:
        assert "estimated from local scatter" in out["sasentry01/sasnote01/description"].asstr()[()]
