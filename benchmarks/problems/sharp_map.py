"""A map with sharp features: a broad gradient, a narrow hill, and a step."""

import numpy as np

from benchmarks.problems.kind import BenchProblem, axes, steady
from models.domain.scattering import Floats

NOISE = 0.02
"""One standard deviation; the map's values span about 2."""


def build() -> BenchProblem:
    """Make the problem."""
    return BenchProblem(
        name="sharp_map",
        says="Map of a plate, 10 mm x 10 mm: a gradient, a hill of 0.6 mm, a step of 0.3 mm.",
        space=axes(x=(0.0, 10.0), y=(0.0, 10.0)),
        goal="map",
        truth=truth,
        sigma=steady(NOISE),
        n_initial=10,
        budget=60,
        good_enough=0.03,
    )


def truth(points: Floats) -> Floats:
    """Height of the map."""
    x, y = points[:, 0], points[:, 1]
    hill = 1.5 * np.exp(-((x - 3.0) ** 2 + (y - 7.0) ** 2) / (2 * 0.6**2))
    step = 0.6 / (1 + np.exp(-(x + 0.5 * y - 9.5) / 0.3))
    return 0.5 * np.sin(0.35 * x) * np.cos(0.25 * y) + hill + step
