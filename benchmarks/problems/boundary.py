"""Where a value crosses a level: a curved boundary and an island."""

import numpy as np

from benchmarks.problems.kind import BenchProblem, axes
from models.domain.scattering import Floats


def build() -> BenchProblem:
    """Make the problem."""
    return BenchProblem(
        name="boundary",
        says="Where an order parameter crosses 0.5 over temperature and composition; a bay and an island.",
        space=axes(temperature_c=(20.0, 80.0), fraction=(0.0, 0.6)),
        goal="level",
        level=0.5,
        truth=truth,
        sigma=lambda points: 0.02 + 0.04 * truth(points),
        n_initial=10,
        budget=50,
        good_enough=0.01,
    )


def truth(points: Floats) -> Floats:
    """Order parameter, 0 to 1."""
    t, c = (points[:, 0] - 20.0) / 60.0, points[:, 1] / 0.6
    bay = 1 / (1 + np.exp(-(c - 0.55 - 0.22 * np.sin(5.0 * t)) / 0.06))
    island = np.exp(-(((t - 0.75) / 0.10) ** 2 + ((c - 0.18) / 0.09) ** 2) / 2)
    return 1 - (1 - bay) * (1 - 0.9 * island)
