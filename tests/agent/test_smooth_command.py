"""`nightbeam smooth`: tables and pictures of smoothed curves, which nothing takes for measured ones."""

from pathlib import Path

import numpy as np
import pytest
import typer
from matplotlib.image import imread
from typer.testing import CliRunner

from agent.commands.smooth import smooth
from models.domain.errors import BadInput
from models.domain.scattering import Absence, Curve
from models.domain.smooth_curve import SmoothCurve
from models.saxs.curve_files import read_curve, write_curve
from models.saxs.extractors import known_names, load_extractors
from models.saxs.loose_files import Source, read_file
from models.saxs.reading import read_features
from tests import fakes
from tests.db.export_record import record

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "biosaxs"
Q = np.linspace(0.1, 3.0, 80)


@pytest.fixture
def run():
    app = typer.Typer()
    app.command()(smooth)

    def call(*words: object):
        result = CliRunner().invoke(app, [str(word) for word in words])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    found = []
    for seed in range(3):
        truth = 5.0 * np.exp(-(Q**2)) + 0.2
        curve = Curve(
            Q, truth + 0.05 * np.random.default_rng(seed).standard_normal(Q.size), np.full(Q.size, 0.05)
        )
        write_curve(tmp_path / f"repeat_{seed}.dat", curve)
        found.append(tmp_path / f"repeat_{seed}.dat")
    return found


def table(path: Path) -> np.ndarray:
    return np.loadtxt(path)


def test_every_file_gets_a_table_with_its_band_and_a_picture(run, files, tmp_path):
    result = run(*files, "--out", tmp_path / "smooth")
    assert "repeat_1: 80 points" in result.output
    assert "with 2 others" in result.output
    for file in files:
        q, median, low, high = table(tmp_path / "smooth" / f"{file.stem}_smooth.dat").T
        assert q == pytest.approx(Q)
        assert ((low < median) & (median < high)).all()
        assert imread(tmp_path / "smooth" / f"{file.stem}_smooth.png").std() > 0.05


def test_alone_means_that_other_files_change_nothing(run, files, tmp_path):
    run(*files, "--alone", "--out", tmp_path / "three")
    run(files[0], "--out", tmp_path / "one")
    name = "repeat_0_smooth.dat"
    assert (tmp_path / "three" / name).read_text() == (tmp_path / "one" / name).read_text()


def test_a_decision_on_record_is_smoothed_with_the_curves_of_its_campaign(run, tmp_path):
    record(fakes.sqlite_url(tmp_path), tmp_path)
    words = (
        "--db",
        fakes.sqlite_url(tmp_path),
        "--campaign",
        "fake",
        "--seq",
        2,
        "--out",
        tmp_path / "smooth",
    )
    assert "seq-00002: 40 points" in run(*words).output
    assert {path.name for path in (tmp_path / "smooth").iterdir()} == {
        "seq-00002_smooth.dat",
        "seq-00002_smooth.png",
    }


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--seq", 1), "names a decision, but files were given"),
        (("--at", "1,2"), "has 2 numbers for 3 files"),
        (("--at", "1,x,2"), "is no list of numbers"),
        (("--q-unit", "furlong"), "is no unit of q"),
    ],
)
def test_a_mistake_is_answered_by_name(run, files, tmp_path, words, says):
    with pytest.raises(BadInput, match=says):
        run(*files, *words, "--out", tmp_path / "smooth")
    assert not (tmp_path / "smooth").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--campaign", "fake", "--seq", 99), "no curve of that decision is on record"),
        ((), "which campaign is meant is open: fake, other"),
    ],
)
def test_a_decision_without_a_curve_is_answered_by_name(run, tmp_path, words, says):
    record(fakes.sqlite_url(tmp_path), tmp_path)
    with pytest.raises(BadInput, match=says):
        run("--db", fakes.sqlite_url(tmp_path), *words)


def test_no_reader_of_curves_takes_a_smoothed_one(run, files, tmp_path):
    run(files[0], "--out", tmp_path)
    for read in (read_curve, lambda path: read_file(path, Source())):
        with pytest.raises(BadInput, match=r"is a smoothed curve.*Fit the measured curve"):
            read(tmp_path / "repeat_0_smooth.dat")


@pytest.mark.parametrize("name", known_names())
def test_no_extractor_weighs_by_a_band(name):
    """Each answers that it cannot, in one line; none makes a number of it."""
    ideal = 5.0 * np.exp(-(Q**2)) + 0.2
    extractors = load_extractors((name,))
    found = read_features(extractors, SmoothCurve(Q, ideal, 0.9 * ideal, 1.1 * ideal))
    assert all(isinstance(item, Absence) for item in found)
    of_curves = [one for one in extractors if one.extract is not None]
    said = [item.why for item in found if isinstance(item, Absence)]
    assert not of_curves or all("a smoothed curve has no errors" in why and "\n" not in why for why in said)


def test_bands_of_one_measured_exposure_hold_the_mean_of_the_others(run, tmp_path):
    if not SHARED.is_dir():
        pytest.skip("measured data is not here: ../shared/data/biosaxs")
    repeats = sorted((SHARED / "multiseries_dats").glob("GI2_*.dat"))
    others = [read_curve(path, q_unit="1/A") for path in repeats[3:]]
    mean = np.mean([curve.intensity for curve in others], axis=0)
    extra = 1.96 * np.sqrt(np.sum([curve.sigma**2 for curve in others], axis=0)) / len(others)
    run(*repeats[:3], "--q-unit", "1/A", "--out", tmp_path)
    held = []
    for path in repeats[:3]:
        _, median, low, high = table(tmp_path / f"{path.stem}_smooth.dat").T
        below, above = np.hypot(median - low, extra), np.hypot(high - median, extra)
        held.append(((median - below <= mean) & (mean <= median + above)).mean())
        assert np.median((high - low) / median) < 0.03, "a point of the exposure is known to 3 % by itself"
    assert 0.90 < np.mean(held) < 0.99
