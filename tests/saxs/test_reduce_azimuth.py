"""`nightbeam reduce --azimuth`: what each direction of one ring scatters, written and read."""

import json
from pathlib import Path

import fabio.edfimage
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from agent.commands.reduce import reduce
from models.domain.errors import BadInput
from models.domain.geometry import Geometry
from models.saxs.poni_files import write_poni
from tests.saxs.test_frames import pixel_q

AXIS_DEG, ORDER = 30.0, 0.3


@pytest.fixture
def run():
    app = typer.Typer()
    app.command()(reduce)
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def fibres(tmp_path: Path, geometry: Geometry) -> Path:
    """A frame whose fibres lie at 30 deg within 0.2 to 0.5 1/nm, and across that elsewhere."""
    row, column = np.mgrid[: geometry.n_rows, : geometry.n_columns] + 0.5
    azimuth = np.arctan2(row - geometry.beam_row_px, column - geometry.beam_column_px)
    q = pixel_q(geometry)
    wave = 2 * ORDER * np.cos(2 * (azimuth - np.radians(AXIS_DEG + 90)))
    mean = 200 * (1 + np.where((q > 0.2) & (q < 0.5), wave, -wave))
    counts = np.random.default_rng(4).poisson(mean).astype(np.int32)
    fabio.edfimage.EdfImage(data=counts, header={"Exposure_time": "1.0"}).write(str(tmp_path / "f.edf"))
    write_poni(tmp_path / "d.poni", geometry)
    return tmp_path


def test_the_ring_that_is_asked_for_is_written_and_its_orientation_printed(run, fibres: Path):
    words = (fibres / "f.edf", "--geometry", fibres / "d.poni", "--out", fibres / "out", "--json")
    result = run(*words, "--azimuth", "0.22,0.48", "--features", "totals")
    assert result.exit_code == 0, result.output
    features = json.loads(result.output)["features"]
    assert features["orientation_angle"]["value"] == pytest.approx(AXIS_DEG, abs=2)
    assert features["orientation_order"]["value"] == pytest.approx(ORDER, abs=0.02)
    assert "mean_intensity" in features
    assert (fibres / "out" / "f.dat").is_file()
    azimuth_deg, intensity, sigma = np.loadtxt(fibres / "out" / "f_azimuth.dat").T
    assert "q 0.22 to 0.48 1/nm" in (fibres / "out" / "f_azimuth.dat").read_text()
    expected = 1 + 2 * ORDER * np.cos(2 * np.radians(azimuth_deg - AXIS_DEG - 90))
    assert np.mean(((intensity - expected) / sigma) ** 2) < 2
    assert intensity.mean() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--azimuth", "0.5,0.2", "--out", "out"), "no lower and upper end of q"),
        (("--azimuth", "0.2", "--out", "out"), "no lower and upper end of q"),
        (("--azimuth", "0.2,0.5"), "Add --out DIR"),
        (("--azimuth", "0.2,0.5", "--sector", "0,10", "--out", "out"), "--sector leaves some out"),
    ],
)
def test_what_does_not_go_with_it_is_refused(run, fibres: Path, words: tuple[str, ...], said: str):
    result = run(fibres / "f.edf", "--geometry", fibres / "d.poni", *words)
    assert isinstance(result.exception, BadInput)
    assert said in str(result.exception)


def test_a_curve_has_no_directions(run, tmp_path: Path):
    q = np.linspace(0.05, 3, 100)
    np.savetxt(tmp_path / "c.dat", np.stack([q, np.exp(-q), np.full(100, 0.01)], axis=1))
    result = run(tmp_path / "c.dat", "--q-unit", "1/nm", "--azimuth", "0.2,0.5", "--out", tmp_path / "out")
    assert "there is no frame" in str(result.exception)
