"""Measured mesoporous silica, replayed: which of the samples has the strongest correlation peak?"""

import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.problems.kind import BenchProblem, Unavailable
from benchmarks.problems.replay import Replay
from benchmarks.shelf import fill_shelf
from instruments.dataset_table import read_dataset

REPOSITORY = Path(__file__).parents[2]
FOLDER = REPOSITORY.parent / "shared" / "data" / "mesoporous-silica"
DESCRIPTION = REPOSITORY / "examples" / "mesoporous_silica" / "dataset.toml"
FEATURE = "peak_strength"


def build() -> BenchProblem:
    """Make the problem; samples whose curve has no peak are left out."""
    replay = read_silica()
    return replay.problem(
        name="silica",
        says="Strongest peak among measured mesoporous silicas, by what went into them (replayed).",
        goal="maximise",
        n_initial=8,
        budget=40,
        good_enough=0.0,
        best=float(replay.values.max()),
    )


@cache
def read_silica() -> Replay:
    """Every sample's composition and feature, by the analysis that campaigns use."""
    if not FOLDER.is_dir():
        raise Unavailable(f"there is no {FOLDER}")
    with tempfile.TemporaryDirectory() as folder:
        shelf = fill_shelf(read_dataset(DESCRIPTION, FOLDER), Path(folder))
    names = shelf.space.names
    rows: list[list[float]] = []
    found: list[tuple[float, float]] = []
    for point in shelf.space.candidates:
        feature = shelf.observations[str(point.sample)].feature(FEATURE)
        if feature is not None:
            rows.append([float(point[name]) for name in names])
            found.append((feature.value, feature.sigma))
    listed = [{"name": axis.name, "low": axis.low, "high": axis.high} for axis in shelf.space.axes]
    values, sigmas = np.array(found).T
    return Replay.of(listed, np.array(rows), values, sigmas)
