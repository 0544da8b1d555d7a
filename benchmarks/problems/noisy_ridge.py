"""The top of a curved ridge, under noise that grows with the signal as that of counts does."""

import numpy as np

from benchmarks.problems.kind import BenchProblem, axes
from models.domain.scattering import Floats

COUNTS_AT_TOP = 100.0
"""Counts in a measurement at the top: its relative noise is 10 %."""
DARK_COUNTS = 20.0
"""Counts without signal, known and subtracted."""


def build() -> BenchProblem:
    """Make the problem."""
    return BenchProblem(
        name="noisy_ridge",
        says="Largest value on a curved ridge, counted with 10 % noise at the top.",
        space=axes(x=(-2.0, 2.0), y=(-1.0, 3.0)),
        goal="maximise",
        truth=truth,
        sigma=lambda points: np.sqrt(truth(points) * COUNTS_AT_TOP + DARK_COUNTS) / COUNTS_AT_TOP,
        n_initial=10,
        budget=60,
        good_enough=0.02,
        best=1.0,
    )


def truth(points: Floats) -> Floats:
    """Height of the ridge, which follows y = x^2; 1 at (0.8, 0.64)."""
    x, y = points[:, 0], points[:, 1]
    return np.exp(-(((y - x**2) / 0.35) ** 2) / 2 - ((x - 0.8) / 0.9) ** 2 / 2)
