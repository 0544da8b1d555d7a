import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

CAMPAIGN = """
name = "night"
seed = 5

[[axes]]
name = "surfactant"
low = 0.02
high = 0.60
[[axes]]
name = "cosurfactant"
low = 0.0
high = 0.45
[[axes]]
name = "water"
low = 0.30
high = 0.98
[[sums]]
axes = ["surfactant", "cosurfactant", "water"]

[objective]
feature = "peak_strength"

[instrument]
kind = "virtual"

[measurement]
exposure_s = 1.0
blank = { point = { surfactant = 0.0, cosurfactant = 0.0, water = 1.0 }, every = 6 }

[analysis]
features = ["peak"]
q_min_inv_nm = 0.08
q_max_inv_nm = 4.0
scale = 76054.6
intensity_unit = "1/cm"

[strategy]
kind = "bayes"
initial = 5

[budget]
measurements = 10
"""


@pytest.fixture
def campaign_file(tmp_path: Path) -> Path:
    path = tmp_path / "night.toml"
    path.write_text(CAMPAIGN)
    return path


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def nightbeam(tmp_path: Path, quick: Path) -> Run:
    """Runs the command line in a process of its own, in an empty folder; it may die in a trap."""

    def run(
        *words: str, folder: Path = tmp_path, trap: tuple[str, int] | None = None, timeout_s: float = 300
    ):
        if trap is not None:
            words = ("-c", f"from tests.journeys.killed import run; run{(*trap, list(words))}")
        return subprocess.run(
            [str(quick / "nightbeam"), *words], cwd=folder, capture_output=True, text=True,
            timeout=timeout_s, check=False,
        )  # fmt: skip

    return run


@pytest.fixture
def nightbeam_afresh(tmp_path: Path) -> Run:
    """The same, but Python itself starts and ends with it, as at a user's."""

    def run(*words: str, trap: tuple[str, int] | None = None, timeout_s: float = 300):
        start = (
            ["-m", "agent.cli"] if trap is None else ["-m", "tests.journeys.killed", *map(str, trap), "--"]
        )
        return subprocess.run(
            [sys.executable, *start, *words], cwd=tmp_path, capture_output=True, text=True, timeout=timeout_s,
            env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False,
        )  # fmt: skip

    return run
