"""Text files of curves, as they come."""

from pathlib import Path

import numpy as np
import pytest

from models.domain.errors import BadInput
from models.domain.scattering import Curve
from models.saxs.curve_files import read_curve, write_curve
from models.saxs.curve_points import SIGMA_ESTIMATED

Q = np.linspace(0.01, 0.5, 40)
ROWS = [(q, 100 * np.exp(-30 * q), 1.0 + q) for q in Q]


def lines(separator: str = " ", columns: int = 3) -> list[str]:
    return [separator.join(f"{x:.6e}" for x in row[:columns]) for row in ROWS]


def check(curve: Curve, q_scale: float = 10.0) -> None:
    assert len(curve) == len(ROWS)
    np.testing.assert_allclose(curve.q_inv_nm, Q * q_scale, rtol=1e-5)
    np.testing.assert_allclose(curve.intensity, [row[1] for row in ROWS], rtol=1e-5)


@pytest.mark.parametrize("separator", [" ", "   ", "\t", ",", ", ", ";", " ; "])
def test_any_separator_is_read(tmp_path: Path, separator: str):
    file = tmp_path / "a.dat"
    file.write_text("\n".join(lines(separator)))
    check(read_curve(file, q_unit="1/A"))


ODD_FILES = {
    "a BOM and Windows line ends": ("\ufeff" + "\r\n".join(["q I s", *lines()])).encode(),
    "UTF-16": "\n".join(lines()).encode("utf-16"),
    "old Mac line ends": "\r".join(lines()).encode(),
    "Fortran exponents": "\n".join(lines()).replace("e", "D").encode(),
    "decimal commas": "\n".join(lines("\t")).replace(".", ",").encode(),
    "decimal commas with semicolons": "\n".join(lines(";")).replace(".", ",").encode(),
    "a count line": "\n".join(["40", *lines()]).encode(),
    "a line of counts": "\n".join(["40 3 0", *lines()]).encode(),
    "header of numbers and words": "\n".join(["1.54 Angstrom", "12.5 mm 3", *lines()]).encode(),
    "header of decimal numbers": "\n".join(["1.245 1502.7", *lines()]).encode(),
    "comments": "\n".join(["# 1 2 3", "! x", *lines(), "# end"]).encode(),
    "a footer": "\n".join([*lines(), "", "created by hand"]).encode(),
    "trailing separators": "\n".join(line + "," for line in lines(",")).encode(),
    "more columns": "\n".join(f"{line} 7 8" for line in lines()).encode(),
    "falling q": "\n".join(reversed(lines())).encode(),
    "gaps": "\n".join([*lines(), "0.6 nan 1.0"]).encode(),
    "quoted names": "\n".join(['"q","I","sigma"', *lines(",")]).encode(),
}


@pytest.mark.parametrize("name", ODD_FILES)
def test_odd_files_are_read(tmp_path: Path, name: str):
    file = tmp_path / "odd.txt"
    file.write_bytes(ODD_FILES[name])
    check(read_curve(file, q_unit="1/A"))


@pytest.mark.parametrize(
    ("header", "scale"),
    [
        ("# q(A-1) I", 10),
        ("# q (1/nm)", 1),
        ("q[nm^-1],I,s", 1),
        ("Q (Å⁻¹)  I", 10),
        ("# q [1/Angstrom]", 10),
        ("# q_nm^-1 I", 1),
        ("Qvector_A\tI\tE", 10),
        ("# Wavelength (A) 1.54\n# q 1/nm", 1),
    ],
)
def test_the_unit_of_q_is_taken_from_the_header(tmp_path: Path, header: str, scale: float):
    file = tmp_path / "a.dat"
    file.write_text("\n".join([header, *lines()]), encoding="utf-8")
    check(read_curve(file), scale)


def test_without_any_unit_of_q_a_file_is_refused(tmp_path: Path):
    file = tmp_path / "a.dat"
    file.write_text("\n".join(["# Wavelength (A) 1.54", *lines()]))
    with pytest.raises(BadInput, match="unit of q"):
        read_curve(file)


def test_columns_in_another_order_are_read(tmp_path: Path):
    file = tmp_path / "a.dat"
    file.write_text("\n".join(f"{i} {s} {q}" for q, i, s in ROWS))
    curve = read_curve(file, q_unit="1/nm", columns=("intensity", "sigma", "q"))
    check(curve, 1.0)
    np.testing.assert_allclose(curve.sigma, [row[2] for row in ROWS], rtol=1e-5)


def test_two_columns_get_a_sigma_from_scatter_and_say_so(tmp_path: Path):
    q = np.linspace(0.01, 0.5, 400)
    truth = 0.02
    noise = np.random.default_rng(2).normal(0, truth, q.size)
    file = tmp_path / "a.dat"
    file.write_text("\n".join(f"{x} {1 + n}" for x, n in zip(q, noise, strict=True)))
    curve = read_curve(file, q_unit="1/nm")
    assert SIGMA_ESTIMATED in curve.source
    assert np.median(curve.sigma) == pytest.approx(truth, rel=0.15)


def test_the_shadow_of_the_beamstop_is_trimmed(tmp_path: Path):
    shadow = ["0.001 -5 1", "0.002 0 1", "0.003 900 3", "0.004 -70 2", "0.005 1e5 3"]
    file = tmp_path / "a.dat"
    file.write_text("\n".join([*shadow, *lines()]))
    check(read_curve(file, q_unit="1/A"))


def test_a_damaged_row_is_refused_by_file_and_line(tmp_path: Path):
    rows = lines()
    rows[20] = "0.26 oops 1"
    file = tmp_path / "bad.dat"
    file.write_text("\n".join(["# head", *rows]))
    with pytest.raises(BadInput, match=r"bad\.dat: line 22.*oops"):
        read_curve(file, q_unit="1/A")


def test_q_that_goes_back_is_refused_by_file_and_line(tmp_path: Path):
    rows = lines()
    rows[10], rows[11] = rows[11], rows[10]
    file = tmp_path / "bad.dat"
    file.write_text("\n".join(rows))
    with pytest.raises(BadInput, match=r"bad\.dat: line 12.*not above"):
        read_curve(file, q_unit="1/A")


@pytest.mark.parametrize("content", [b"", b"no numbers\nhere", b"\x89HDF\r\n\x1a\n\0\0\0", b"1\n2\n3"])
def test_what_is_no_curve_is_refused(tmp_path: Path, content: bytes):
    file = tmp_path / "bad.dat"
    file.write_bytes(content)
    with pytest.raises(BadInput, match=r"bad\.dat"):
        read_curve(file, q_unit="1/A")


def test_our_own_files_give_back_the_very_same_numbers(tmp_path: Path):
    rng = np.random.default_rng(7)
    q = np.sort(rng.random(50))
    curve = Curve(q, rng.normal(0, 1, 50) * 1e-7, rng.random(50), "1/cm", 0.0123456789012345, "frame 7.h5")
    write_curve(tmp_path / "deep" / "c.dat", curve)
    back = read_curve(tmp_path / "deep" / "c.dat", q_unit="1/A")
    for name in ("q_inv_nm", "intensity", "sigma"):
        np.testing.assert_array_equal(getattr(back, name), getattr(curve, name))
    assert (back.unit, back.common_relative_sigma, back.source) == ("1/cm", 0.0123456789012345, "frame 7.h5")
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["c.dat"]


def test_a_unit_of_q_that_the_heading_contradicts_is_refused(tmp_path: Path):
    path = tmp_path / "curve.dat"
    path.write_text("q (1/nm), I, sigma\n" + "\n".join(f"{0.1 * i}, {9 - i}, 0.1" for i in range(1, 8)))
    assert read_curve(path, q_unit="1/nm").q_inv_nm[0] == pytest.approx(0.1)
    with pytest.raises(BadInput, match="is 1/nm by its heading, and was said to be 1/A"):
        read_curve(path, q_unit="1/A")
