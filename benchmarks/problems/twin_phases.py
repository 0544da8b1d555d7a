"""Which phase rules where, on the simulated beamline: the measured value is the number of the phase."""

import numpy as np

from benchmarks.problems.kind import BenchProblem, steady
from benchmarks.problems.twin import SPACE, hidden_truth
from models.domain.scattering import Floats
from sims.phases import COMPONENTS

NOISE = 0.05
"""What methods that regress on the number are told of its precision; the number itself is exact."""


def build() -> BenchProblem:
    """Make the problem."""
    return BenchProblem(
        name="twin_phases",
        says="Map of micelles, cylinders, lamellae and vesicles over the mixtures of the virtual beamline; "
        "each measurement names the phase that rules.",
        space=SPACE,
        goal="phases",
        truth=phase,
        sigma=steady(NOISE),
        n_initial=10,
        budget=60,
        good_enough=0.02,
        measured=lambda points: (phase(points), np.full(len(points), NOISE)),
    )


def phase(points: Floats) -> Floats:
    """Number of the phase with the largest share: 0 micelle, 1 cylinder, 2 lamellar, 3 vesicle."""
    return np.array([_phase(row) for row in points.tolist()])


def _phase(fractions: list[float]) -> float:
    total = sum(fractions)
    composition = {name: value / total for name, value in zip(COMPONENTS, fractions, strict=True)}
    weights = hidden_truth().phase(composition)
    return float(np.argmax([weights.micelle, weights.cylinder, weights.lamellar, weights.vesicle]))
