"""The phase diagram of the simulated beamline, at the level of features: no frame is rendered."""

from functools import cache

import numpy as np

from benchmarks.problems.kind import BenchProblem, mixture
from models.domain.scattering import Floats
from sims.phases import COMPONENTS
from sims.truth import Truth
from sims.world import World, WorldSpec

SPACE = mixture(surfactant=(0.02, 0.60), cosurfactant=(0.0, 0.45), water=(0.30, 0.98))
"""The space of ``examples/first_light.toml``."""
WORLD_SEED = 20_261_122
"""Its seed; the truth does not depend on it."""
SMALLEST_SIGMA, RELATIVE_SIGMA = 0.03, 0.04
"""Precision of a peak's strength as the analysis reads it off frames of 1 s: absolute, and relative."""


@cache
def hidden_truth() -> Truth:
    """The noise-free answers of the world."""
    return Truth(World(WorldSpec(), WORLD_SEED))


def build() -> BenchProblem:
    """Make the problem."""
    return BenchProblem(
        name="twin_diagram",
        says="Map of the peak's strength over the mixtures of the virtual beamline (features, no frames).",
        space=SPACE,
        goal="map",
        truth=strength,
        sigma=lambda points: np.hypot(SMALLEST_SIGMA, RELATIVE_SIGMA * strength(points)),
        n_initial=10,
        budget=60,
        good_enough=0.2,
    )


def strength(points: Floats) -> Floats:
    """Strength of the correlation peak."""
    return np.array([_strength(*row) for row in np.round(points, 12).tolist()])


@cache
def _strength(*fractions: float) -> float:
    total = sum(fractions)  # solving the sum for an axis leaves a rounding error, which the world refuses
    composition = {name: value / total for name, value in zip(COMPONENTS, fractions, strict=True)}
    return hidden_truth().feature("peak_strength", composition)
