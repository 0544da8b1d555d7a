"""A geometry is found again from a calibrant's rings, with true errors; rings that do not fit are refused."""

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from agent.commands import calibrate as command
from models.domain.errors import BadInput, FitFailed
from models.domain.geometry import Geometry
from models.domain.scattering import Frame
from models.saxs.calibrate import Calibration, calibrate
from models.saxs.frame_files import geometry_from_header, read_frame
from models.saxs.geometry_files import read_geometry
from tests.saxs.test_frames import pixel_q

BEHENATE_NM = 5.838


def invoke(*words: object):
    app = typer.Typer()
    app.command()(command.calibrate)
    return CliRunner().invoke(app, [str(word) for word in words])


def truth(seed: int = 0, **changes: float) -> Geometry:
    rng = np.random.default_rng(seed)
    facts = {
        "distance_mm": rng.uniform(300.0, 900.0), "beam_column_px": rng.uniform(120.0, 280.0),
        "beam_row_px": rng.uniform(150.0, 350.0), "pixel_width_um": 172.0, "pixel_height_um": 172.0,
        "wavelength_nm": 0.15406, "n_rows": 500, "n_columns": 400,
    }  # fmt: skip
    return Geometry.model_validate(facts | changes)


def behenate(
    geometry: Geometry, seed: int = 0, counts: float = 200.0, spacing_nm: float = BEHENATE_NM
) -> Frame:
    """Rings on a falling background, with gaps, hot pixels and a beamstop."""
    rng = np.random.default_rng(seed)
    q = pixel_q(geometry)
    expected = 0.05 * counts / (1.0 + (q / 0.3) ** 2) + 0.5
    for ring in range(1, 12):
        expected += counts / ring**1.5 * np.exp(-0.5 * ((q - 2.0 * np.pi * ring / spacing_nm) / 0.02) ** 2)
    drawn = rng.poisson(expected).astype(np.int32)
    drawn[rng.random(drawn.shape) < 1e-4] = 100_000
    mask = q < 0.25
    mask[195:212] = True
    return Frame(drawn, mask, 1.0, 1.0, 1.0, source="behenate")


def misled(geometry: Geometry, seed: int) -> Geometry:
    """What a header might say that lies."""
    rng = np.random.default_rng(seed)
    change = {
        "distance_mm": geometry.distance_mm * rng.uniform(0.83, 1.2),
        "beam_column_px": geometry.beam_column_px + rng.uniform(-15.0, 15.0),
        "beam_row_px": geometry.beam_row_px + rng.uniform(-15.0, 15.0),
    }
    return geometry.model_copy(update=change)


SEEDS = range(3)


@pytest.fixture(scope="module")
def put_right() -> list[tuple[Geometry, Calibration]]:
    """Geometries, and what was found of each from a header that lies."""
    rights = [truth(seed) for seed in SEEDS]
    return [
        (right, calibrate(behenate(right, seed), misled(right, seed), "AgBh"))
        for seed, right in zip(SEEDS, rights, strict=True)
    ]


def test_a_header_that_lies_is_put_right(put_right):
    for right, found in put_right:
        assert found.geometry.distance_mm == pytest.approx(right.distance_mm, rel=1e-3)
        assert found.geometry.beam_column_px == pytest.approx(right.beam_column_px, abs=0.2)
        assert found.geometry.beam_row_px == pytest.approx(right.beam_row_px, abs=0.2)
        assert len(found.rings) >= 2
        assert all(ring.rms_px < 1.5 for ring in found.rings)


def test_the_errors_are_as_large_as_is_said(put_right):
    off: list[float] = []
    for right, found in put_right:
        off += [
            (found.geometry.distance_mm - right.distance_mm) / found.distance_sigma_mm,
            (found.geometry.beam_column_px - right.beam_column_px) / found.column_sigma_px,
            (found.geometry.beam_row_px - right.beam_row_px) / found.row_sigma_px,
        ]
    assert 0.5 < np.sqrt(np.mean(np.square(off))) < 1.6


def test_a_measured_frame_of_silver_behenate_corrects_its_header(biosaxs: Path):
    path = biosaxs / "saxslab_image.tiff"
    found = calibrate(read_frame(path), geometry_from_header(path), "AgBh")
    # fits of single rings give 478.7 (beside the beamstop) to 480.6 mm, points by pyFAI 481.1
    assert found.geometry.distance_mm == pytest.approx(480.5, abs=0.7)
    assert 0.1 < found.distance_sigma_mm < 1.0


def test_a_mirrored_frame_gives_the_same_geometry():
    right = truth(3)
    frame = behenate(right, 3)
    mirrored = Frame(
        np.ascontiguousarray(frame.counts[:, ::-1]), np.ascontiguousarray(frame.mask[:, ::-1]), 1.0, 1.0, 1.0
    )
    start = misled(right, 3)
    one = calibrate(frame, start, "AgBh").geometry
    other = calibrate(mirrored, start.model_copy(update={"is_flipped_left_right": True}), "AgBh").geometry
    assert other.distance_mm == pytest.approx(one.distance_mm, rel=1e-9)
    assert other.beam_column_px == pytest.approx(one.beam_column_px, abs=1e-6)


def test_a_tilt_is_found_when_it_is_asked_for():
    right = truth(4)
    found = calibrate(behenate(right, 4), misled(right, 4), "AgBh", is_tilted=True).geometry
    assert abs(found.tilt_deg) < 1.5
    assert found.distance_mm == pytest.approx(right.distance_mm, rel=3e-3)


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (behenate(truth(1), counts=0.0), "stand out"),
        (behenate(truth(1), spacing_nm=3.1), "stand out|do not fit"),
    ],
    ids=["no rings", "another substance"],
)
def test_rings_that_do_not_fit_are_refused(frame, says):
    with pytest.raises(FitFailed, match=says):
        calibrate(frame, truth(1), "AgBh")


def test_a_detector_too_far_away_for_two_rings_is_refused():
    far = truth(1, distance_mm=4000.0)
    with pytest.raises(FitFailed, match="fall on the detector"):
        calibrate(behenate(far), far, "AgBh")


def test_a_view_over_a_small_angle_does_not_tell_centre_from_distance():
    aside = truth(1, distance_mm=500.0, beam_column_px=-150.0, beam_row_px=250.0)
    with pytest.raises(FitFailed, match="of azimuth"):
        calibrate(behenate(aside), aside, "AgBh")


def test_a_calibrant_that_nobody_knows_is_refused():
    with pytest.raises(BadInput, match="unobtainium"):
        calibrate(behenate(truth(1)), truth(1), "unobtainium")


def test_the_command_writes_a_geometry_that_is_read_again(tmp_path: Path, biosaxs: Path):
    frame, out = biosaxs / "saxslab_image.tiff", tmp_path / "detector.poni"
    done = invoke(frame, "--calibrant", "agbh", "--out", out)
    assert done.exit_code == 0, done.output
    assert "487.56" in done.output
    assert "rings of agbh" in done.output
    told = json.loads(invoke(frame, "--json").output)
    assert read_geometry(out).distance_mm == pytest.approx(told["geometry"]["distance_mm"], rel=1e-9)


def test_a_refused_calibration_writes_nothing(tmp_path: Path, biosaxs: Path):
    out = tmp_path / "detector.poni"
    done = invoke(biosaxs / "saxslab_image.tiff", "--calibrant", "LaB6", "--out", out)
    assert isinstance(done.exception, BadInput)
    assert "LaB6" in str(done.exception)
    assert not out.exists()
