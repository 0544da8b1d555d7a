"""A folder of small frames, and a watch of it in this process."""

import csv
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import fabio.tifimage
import h5py
import numpy as np

from agent.signals import Signals
from agent.watching.arrivals import Arrival
from agent.watching.outcome import Outcome
from agent.watching.recipe import Recipe
from agent.watching.session import Order, watch_folder
from agent.watching.watch import Counts, Pace

SHAPE = (60, 80)
PONI = """poni_version: 2
Detector: Detector
Detector_config: {{"pixel1": 172e-6, "pixel2": 172e-6, "max_shape": [{}, {}]}}
Distance: 0.5
Poni1: 0.0052
Poni2: 0.0069
Rot1: 0
Rot2: 0
Rot3: 0
Wavelength: 1e-10
""".format(*SHAPE)


class Told:
    """Keeps what it was told."""

    def __init__(self) -> None:
        self.frames: list[tuple[str, Outcome]] = []
        self.notes: list[str] = []
        self.seen = threading.Event()

    def reduced(self, arrival: Arrival, outcome: Outcome) -> None:
        self.frames.append((arrival.path.name, outcome))
        self.seen.set()

    def noted(self, sentence: str) -> None:
        self.notes.append(sentence)

    def counted(self, counts: Counts) -> None:
        pass

    @contextmanager
    def open(self) -> Generator["Told"]:
        yield self


def counts_of(number: int, level: float = 300.0) -> np.ndarray:
    """A frame: no two numbers give the same one."""
    row, column = np.indices(SHAPE)
    q = 0.0216 * np.hypot(row + 0.5 - 30.2, column + 0.5 - 40.1)
    rng = np.random.default_rng(number)
    return rng.poisson(level * np.exp(-((q * 4.0) ** 2) / 3) + 0.02 * level).astype(np.int32)


def write_tiff(path: Path, counts: np.ndarray) -> Path:
    fabio.tifimage.TifImage(data=counts).write(str(path))
    return path


def write_hdf5(path: Path, counts: np.ndarray) -> Path:
    with h5py.File(path, "w") as file:
        file["/entry/data/data"] = counts[None]
    return path


class Laboratory:
    """A folder of frames, and where its results go."""

    def __init__(self, folder: Path) -> None:
        self.frames, self.out, self.folder = folder / "frames", folder / "out", folder
        self.frames.mkdir()
        (folder / "detector.poni").write_text(PONI)
        mask = np.zeros(SHAPE, np.uint8)
        mask[28:33, 38:43] = 1
        np.save(folder / "mask.npy", mask)
        recipe = Recipe(str(folder / "detector.poni"), folder / "mask.npy", features=("totals", "guinier"))
        pace = Pace(poll_s=0.01, settle_s=0.0, patience_s=0.05)
        self.order = Order(self.frames, self.out, recipe, None, pace, once=True, n_workers=1)

    def add(self, *numbers: int) -> None:
        for number in numbers:
            write_tiff(self.frames / f"frame_{number:03d}.tif", counts_of(number))

    def watch(self, told: Told | None = None, signals: Signals | None = None, **changes: Any) -> Counts:
        told = told or Told()
        order = replace(self.order, **changes)
        return watch_folder(order, signals or Signals(), told.open, ThreadPoolExecutor)

    def rows(self) -> list[dict[str, str]]:
        with (self.out / "features.csv").open(newline="") as file:
            return list(csv.DictReader(file))

    def flags(self) -> dict[str, str]:
        return {row["file"]: row["flags"] for row in self.rows() if row["verdict"] == "flagged"}
