"""Files of frames, corrected, averaged and subtracted, as `nightbeam reduce` does it."""

import json
from pathlib import Path
from typing import Any

import fabio.edfimage
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from agent.commands.reduce import ManyBuffers, reduce
from models.domain.errors import BadInput
from models.domain.geometry import Geometry
from models.domain.scattering import Curve
from models.saxs.combining import Backgrounds, combine
from models.saxs.correction_files import read_corrections
from models.saxs.corrections import DarkFrame
from models.saxs.curve_files import read_curve
from models.saxs.integrators import to_pyfai
from models.saxs.loose_files import Reading, note
from tests.saxs.test_frames import pixel_q


@pytest.fixture
def run():
    app = typer.Typer()
    app.command(cls=ManyBuffers)(reduce)

    def call(*words: object):
        return CliRunner().invoke(app, [str(word) for word in words])

    return call


@pytest.fixture
def poni(tmp_path: Path, geometry: Geometry) -> Path:
    file = tmp_path / "a.poni"
    to_pyfai(geometry).save(str(file))
    return file


@pytest.fixture
def expose(tmp_path: Path, geometry: Geometry):
    """Write frames of a cell that is half of the light, and of what is in it."""

    def make(name: str, strength: float, seed: int = 0, aggregate: float = 0.0) -> Path:
        q = pixel_q(geometry)
        mean = 20.0 + strength * np.exp(-((2 * q) ** 2) / 3) + aggregate * np.exp(-((9 * q) ** 2) / 3)
        counts = np.random.default_rng(seed).poisson(mean).astype(np.int32)
        image = fabio.edfimage.EdfImage(data=counts, header={"Exposure_time": "2.0"})
        image.write(str(tmp_path / name))
        return tmp_path / name

    return make


@pytest.fixture
def mask(tmp_path: Path, geometry: Geometry) -> Path:
    """Where the beam comes through: a mask, so that no shadow is looked for."""
    np.save(tmp_path / "mask.npy", pixel_q(geometry) < 0.1)
    return tmp_path / "mask.npy"


def found(result: Any) -> dict[str, Any]:
    assert result.exit_code == 0, result.exception
    return json.loads(result.output)


def test_shots_with_a_growing_aggregate_are_left_out_and_named(run, expose, poni: Path, mask: Path):
    shots = [expose(f"s{k}.edf", 200, k, 60.0 * max(0, k - 2)) for k in range(6)]
    words = (*shots, "--average", "--geometry", poni, "--mask", mask, "--features", "guinier")
    verdicts = {v["check"]: v for v in found(run(*words, "--json"))["verdicts"]}
    assert verdicts["repeats"]["value"] == 3
    assert "s3.edf and all after it: a lasting change" in verdicts["repeats"]["remedy"]
    said = run(*words).output
    assert "3 of 6 files averaged" in said
    assert "3 of 6 left out" in " ".join(said.split())
    assert "6 of 6 files averaged" in run(*words, "--level", 0).output


def test_an_empty_cell_is_taken_off_a_solid(run, expose, poni: Path, mask: Path, tmp_path: Path):
    files = (expose("s.edf", 200, 1), "--empty", expose("e1.edf", 0, 2), expose("e2.edf", 0, 3))
    result = run(
        *files, "--geometry", poni, "--mask", mask, "--features", "guinier", "--out", tmp_path / "o", "--json"
    )
    rg = found(result)["features"]["rg"]
    assert abs(rg["value"] - 2.0) < 4 * rg["sigma"] < 0.4
    # 2 s: counts per second
    net = read_curve(tmp_path / "o" / "s.dat").between(0.1, 0.12)
    assert np.mean(net.intensity) == pytest.approx(100 * np.exp(-((2 * 0.11) ** 2) / 3), rel=0.05)


def test_solute_that_displaces_buffer_leaves_its_part_of_the_cell(
    run, expose, poni: Path, mask: Path, tmp_path: Path
):
    sample, buffer, empty = expose("s.edf", 200, 1), expose("b.edf", 200, 2), expose("e.edf", 0, 3)
    words = (sample, "--buffer", buffer, "--empty", empty, "--geometry", poni, "--mask", mask)
    refused = run(*words)
    assert isinstance(refused.exception, BadInput)
    assert "empty cell: cancels between sample and buffer" in str(refused.exception)
    found(run(*words, "--solute-fraction", 0.5, "--out", tmp_path / "o", "--json"))
    net = read_curve(tmp_path / "o" / "s.dat").between(0.1, 0.2)
    # S - (1 - phi) B - phi E with S = B is phi (B - E)
    assert np.mean(net.intensity) == pytest.approx(0.5 * 100 * np.exp(-((2 * 0.15) ** 2) / 3), rel=0.05)


def test_a_file_of_corrections_reaches_the_curve(run, expose, poni: Path, mask: Path, tmp_path: Path):
    frame = expose("s.edf", 200, 1)
    expose("dark.edf", 0, 4)
    np.save(tmp_path / "flat.npy", np.full((100, 120), 0.5))
    (tmp_path / "c.toml").write_text(
        'dark_frame = "dark.edf"\ndark_exposure_s = 4\nflat = "flat.npy"\n'
        'scale = 3.0\nscale_sigma = 0.3\nunit = "1/cm"\npolarisation = 0.9\ndead_time_s = 1e-7\n'
    )
    plain, corrected = (
        found(run(frame, "--geometry", poni, "--mask", mask, "--out", tmp_path / name, "--json", *extra))
        for name, extra in (("p", ()), ("c", ("--corrections", tmp_path / "c.toml")))
    )
    assert plain["n_points"] == corrected["n_points"]
    before, after = read_curve(tmp_path / "p" / "s.dat"), read_curve(tmp_path / "c" / "s.dat")
    # 20 counts in 4 s are 5 counts per second of dark
    np.testing.assert_allclose(after.intensity, (before.intensity - 5) / 0.5 * 3, rtol=0.2)
    assert (after.unit, after.common_relative_sigma) == ("1/cm", pytest.approx(0.1))


def test_a_sector_has_fewer_counts_and_larger_errors(run, expose, poni: Path, mask: Path, tmp_path: Path):
    words = (expose("s.edf", 200, 1), "--geometry", poni, "--mask", mask, "--json")
    found(run(*words, "--out", tmp_path / "all"))
    found(run(*words, "--sector", "30,10", "--out", tmp_path / "two"))
    found(run(*words, "--sector", "30,10", "--one-sided", "--out", tmp_path / "one"))
    sigmas = [
        np.median(read_curve(tmp_path / d / "s.dat").between(0.15, 0.4).sigma) for d in ("all", "two", "one")
    ]
    # 40 and 20 of 360 degrees
    assert sigmas[1] / sigmas[0] == pytest.approx(3.0, rel=0.2)
    assert sigmas[2] / sigmas[0] == pytest.approx(np.sqrt(18), rel=0.2)


def test_zingers_are_counted_over_all_files(run, expose, poni: Path, mask: Path, tmp_path: Path):
    for name in ("s.edf", "b.edf"):
        with fabio.open(str(expose(name, 200, 1))) as image:
            counts = np.array(image.data)
        counts[10, 10] = 10**5
        fabio.edfimage.EdfImage(data=counts, header={"Exposure_time": "2.0"}).write(str(tmp_path / name))
    words = (
        tmp_path / "s.edf",
        "--buffer",
        tmp_path / "b.edf",
        "--geometry",
        poni,
        "--mask",
        mask,
        "--zingers",
    )
    verdicts = {v["check"]: v for v in found(run(*words, "--json"))["verdicts"]}
    assert verdicts["zingers_left_out"]["value"] == 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--sector", "30"), "--sector '30': is no centre"),
        (("--sector", "30,0"), "half-width above 0"),
        (("--level", "1"), "--level 1: must be 0 or more and below 1"),
        (("--solute-fraction", "1.5", "--buffer", "{s}"), "solute fraction: is 1.5"),
        (("--solute-fraction", "-1", "--buffer", "{s}"), "solute fraction: is -1"),
        (("--corrections", "{tmp}/none.toml"), "no such file"),
        (("--solute-fraction", "0.1"), "no buffer"),
        (("--buffer", "{other}"), "is for a detector of 100 x 120 pixels, the frame has 9 x 9"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_in_one_line(
    run, expose, poni, mask, tmp_path: Path, words: Any, says: str
):
    other = tmp_path / "other.edf"
    fabio.edfimage.EdfImage(data=np.ones((9, 9), np.int32)).write(str(other))
    sample = expose("s.edf", 200, 1)
    said = [word.format(s=sample, tmp=tmp_path, other=other) for word in words]
    result = run(sample, "--geometry", poni, *(() if "9 x 9" in says else ("--mask", mask)), *said)
    assert isinstance(result.exception, BadInput), result.output
    assert says in str(result.exception)
    assert "\n" not in str(result.exception)


def reading(source: str, shape: tuple[int, int], *notes: str) -> Reading:
    q = np.linspace(0.1, 1.0, 20)
    curve = Curve(q, np.ones(20), np.ones(20), source=source)
    geometry = Geometry(
        distance_mm=1000.0, beam_column_px=1.0, beam_row_px=1.0, pixel_width_um=172.0, pixel_height_um=172.0,
        wavelength_nm=0.1, n_rows=shape[0], n_columns=shape[1],
    )  # fmt: skip
    return Reading(curve, tuple(note(name, "assumed") for name in notes), geometry=geometry)


@pytest.mark.parametrize(
    ("buffer", "says"),
    [
        (reading("b", (9, 8)), "b: has 9 x 8 pixels, s has 7 x 8"),
        (reading("b", (7, 8), "monitor"), "b: states no monitor, and s does"),
    ],
)
def test_frames_that_do_not_belong_together_are_refused(buffer: Reading, says: str):
    with pytest.raises(BadInput, match=says):
        combine([reading("s", (7, 8))], Backgrounds(buffers=[buffer]))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("dead_time = 1e-7", "dead_time_s"),
        ("polarisation = 2", "polarisation"),
        ('dark_frame = "x.edf"\ndark_rate_hz = 1', "say the same twice"),
        ('flat_sigma = "x.npy"', "without flat"),
        ('dark_frame = "x.edf"', r"c\.toml.*x\.edf: there is no such frame"),
        ('flat = "c.toml"', "is not an image"),
    ],
)  # fmt: skip
def test_a_file_of_corrections_that_makes_no_sense_is_refused_by_key(tmp_path: Path, text: str, says: str):
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises(BadInput, match=says):
        read_corrections(tmp_path / "c.toml")


def test_a_dark_frame_brings_its_own_time(tmp_path: Path, expose):
    expose("dark.edf", 0)
    (tmp_path / "c.toml").write_text('dark_frame = "dark.edf"')
    dark = read_corrections(tmp_path / "c.toml").dark
    assert isinstance(dark, DarkFrame)
    assert dark.exposure_s == 2.0
