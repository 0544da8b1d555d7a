"""A short campaign on a space with all kinds of axes, constraints, a region and a yes or no of its own."""

import csv
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imsave

DEVICES = """
import numpy as np
from ophyd import SoftPositioner

from instruments.beamline import Beamline, Tags
from instruments.soft import FileDetector, FileKind, Setting, Shutter
from models.domain.scattering import Curve
from models.saxs.curve_files import write_curve


def make_beamline(options, context):
    names = ("x", "y", "passes", "pinhole")
    axes = {name: SoftPositioner(name=name, limits=(-9, 9), init_pos=0.0) for name in names}
    axes["cell"] = Setting(name="cell", value="none")
    action_id = Setting(name="action_id", value="")

    def take(_action_id, exposure_s, path):
        assert axes["cell"].get() in ("kapton", "mica", "glass"), axes["cell"].get()
        q = np.linspace(0.05, 3.0, 300)
        radius = 2.0 + axes["x"].position + {"kapton": 0.0, "mica": 0.5, "glass": 0.9}[axes["cell"].get()]
        counts = 1e5 * axes["passes"].position * np.exp(-((q * radius) ** 2) / 5.0) + 20.0
        measured = np.random.default_rng(context.seed).poisson(counts).astype(float)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_curve(path, Curve(q, measured - 20.0, np.sqrt(measured + 1.0), "a.u.", source=str(path)))

    files = FileKind(context.folder, "frames", ".dat", "CURVE", (300,), "<f8")
    detector = FileDetector(name="detector", files=files, take=take, action_id=action_id)
    return Beamline(
        axes=axes, detector=detector, count_time=detector.count_time, shutter=Shutter(name="shutter"),
        tags=Tags(seq=Setting(name="seq", value=0), action_id=action_id), asset_role="curve",
    )


def in_stock(point):
    return "there is no thick glass" if point["cell"] == "glass" and point["passes"] > 2 else True
"""

CAMPAIGN = """
name = "kinds"
seed = 3
feasible = "kinds_devices:in_stock"
axes = [
    { name = "x", low = 0.0, high = 2.0, unit = "mm" },
    { name = "y", low = 0.0, high = 1.0, unit = "mm" },
    { name = "passes", kind = "integer", low = 1, high = 4 },
    { name = "pinhole", kind = "ordinal", values = [0.1, 0.3, 0.5], unit = "mm" },
    { name = "cell", kind = "categorical", levels = ["kapton", "mica", "glass"] },
]
linear = [{ coefficients = { x = 1.0, pinhole = -2.0 }, low = 0.1 }]
region = { axes = ["x", "y"], image = "outline.png", extent = [0.0, 2.0, 0.0, 1.0] }

[objective]
feature = "rg"
goal = "maximise"

[instrument]
kind = "kinds_devices:make_beamline"

[analysis]
features = ["guinier"]

[strategy]
kind = "bayes"
initial = 5

[budget]
measurements = 9
"""


def pixels() -> np.ndarray:
    """A disc, white on black, from the top."""
    row, column = np.mgrid[:60, :120]
    return ((column - 60) ** 2 / 50**2 + (row - 30) ** 2 / 25**2 < 1).astype(float)


def is_allowed(point: dict[str, float | str]) -> bool:
    row, column = int((1.0 - point["y"]) * 60), int(point["x"] * 60)
    return bool(
        pixels()[row, column] == 1
        and point["x"] - 2 * point["pinhole"] >= 0.1 - 1e-6
        and point["passes"] in (1, 2, 3, 4)
        and point["pinhole"] in (0.1, 0.3, 0.5)
        and point["cell"] in ("kapton", "mica", "glass")
        and not (point["cell"] == "glass" and point["passes"] > 2)
    )


@pytest.fixture
def night(tmp_path: Path) -> Path:
    (tmp_path / "kinds_devices.py").write_text(DEVICES)
    imsave(tmp_path / "outline.png", pixels(), cmap="gray")
    path = tmp_path / "kinds.toml"
    path.write_text(CAMPAIGN)
    return path


def succeed(done) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_night_on_every_kind_of_axis_runs_is_decided_again_and_exported(night, nightbeam, tmp_path):
    shown = succeed(nightbeam("check", str(night)))
    for said in (
        "passes: 1 to 4, whole numbers", "cell: one of kapton, mica, glass", "x - 2 pinhole at least 0.1",
        "image of 120 x 60 pixels on x and y", "where kinds_devices:in_stock says so",
    ):  # fmt: skip
        assert said in shown
    succeed(nightbeam("run", str(night)))
    lines = succeed(nightbeam("log", "--json")).splitlines()
    points = [json.loads(line)["point"] for line in lines if json.loads(line)["point"]]
    assert len(points) == 9
    assert all(is_allowed(point) for point in points)
    assert len({point["cell"] for point in points}) > 1
    (tmp_path / "outline.png").unlink()  # the record does not need it
    refused = nightbeam("replay", "all")
    assert refused.returncode == 2
    assert "was decided by 'kinds_devices:in_stock', whose code is not in the log" in refused.stderr
    assert "10 decisions: 10 exact" in succeed(nightbeam("replay", "all", "--home", str(tmp_path)))
    succeed(nightbeam("export", "--format", "csv", "--out", str(tmp_path / "sheets")))
    (sheet,) = (tmp_path / "sheets").rglob("features.csv")
    rows = list(csv.DictReader(sheet.read_text(encoding="utf-8-sig").splitlines()))
    assert {row["point_cell"] for row in rows} <= {"kapton", "mica", "glass"}
    assert {float(row["point_pinhole (mm)"]) for row in rows} <= {0.1, 0.3, 0.5}
    with closing(sqlite3.connect(tmp_path / "nightbeam.db")) as connection:
        text = connection.execute("SELECT point_json FROM exposure LIMIT 1").fetchone()[0]
    assert isinstance(json.loads(text)["coordinates"]["cell"], str)
