"""A mixture with a decoy: a broad hill that is easy to find, and a narrow higher one."""

import numpy as np

from benchmarks.problems.kind import BenchProblem, mixture, steady
from models.domain.scattering import Floats

NOISE = 0.02
HIGHER, DECOY = np.array([0.12, 0.38]), np.array([0.42, 0.08])
"""Surfactant and cosurfactant at the narrow hill and at the broad one."""


def build() -> BenchProblem:
    """Make the problem."""
    return BenchProblem(
        name="decoy_mixture",
        says="Largest value among three-component mixtures; a broad hill of 0.65 hides a narrow one of 1.",
        space=mixture(surfactant=(0.02, 0.60), cosurfactant=(0.0, 0.45), water=(0.30, 0.98)),
        goal="maximise",
        truth=truth,
        sigma=steady(NOISE),
        n_initial=8,
        budget=50,
        good_enough=0.01,
        best=1.0,
    )


def truth(points: Floats) -> Floats:
    """Height of the two hills."""
    near = points[:, :2]
    narrow = np.exp(-((near - HIGHER) ** 2).sum(axis=1) / (2 * 0.05**2))
    broad = np.exp(-((near - DECOY) ** 2).sum(axis=1) / (2 * 0.16**2))
    # the decoy's foot is taken off where the narrow hill stands, so that the top is 1
    return narrow + 0.65 * broad * (1 - narrow)
