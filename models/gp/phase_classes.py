"""Phases as classes: where which was found, and what a Gaussian process for each learns from that."""

from dataclasses import dataclass

import numpy as np

from models.domain.errors import FitFailed
from models.domain.objective import Phases
from models.domain.scattering import Floats
from models.gp.knowledge import Knowledge
from models.gp.phase_draws import Labels
from models.gp.phase_labels import label_curves
from models.gp.training import Training

WHOLE = 1e-6
"""How far the number of a phase may be from a whole one."""
LEAST_CONCENTRATION = 0.01
"""Concentration of the Dirichlet distribution of each class before anything was seen (Milios et al.)."""


@dataclass(frozen=True, eq=False)
class NumberedPlaces:
    """Where which phase was found, in the order of measurement."""

    points: Floats
    """Scaled coordinates, shape (n, d)."""
    numbers: Labels
    """Number of the phase, shape (n,)."""

    def numbers_at(self, points: Floats) -> Labels:
        """Number of the phase at points that may be among these, shape (m, d) -> (m,); -1 at others."""
        found = {
            place.tobytes(): int(number) for place, number in zip(self.points, self.numbers, strict=True)
        }
        return np.array([found.get(point.tobytes(), -1) for point in points], dtype=np.int64)


def class_name(number: int | str) -> str:
    """Name of the belief about a phase: ``phase 2``."""
    return f"phase {number}"


def inside_name(feature: str, number: int) -> str:
    """Name of the belief about a feature inside a phase."""
    return f"{feature} in {class_name(number)}"


def number_phases(objective: Phases, knowledge: Knowledge, n_context: int) -> NumberedPlaces:
    """Which phase was found where.

    Parameters
    ----------
    objective
        Whether a feature says it.
    knowledge
        What was measured.
    n_context
        How many of the measurements that were read first may shape the phases.

    Raises
    ------
    FitFailed
        When a number is not finite or not whole, there are more phases than the objective allows, or too few
        curves.
    """
    if objective.feature is None:
        if knowledge.curves is None:
            raise FitFailed("no measurement has a curve that phases could be told from")
        curves = knowledge.curves.whole()
        return NumberedPlaces(curves.unit_points, label_curves(curves, n_context, objective.n_most))
    known = knowledge.features[objective.feature]
    if not np.isfinite(known.values).all():
        raise FitFailed("a number of a phase is not finite")
    numbers = known.values.round().astype(np.int64)
    miss = np.abs(known.values - numbers)
    if miss.max(initial=0.0) > WHOLE:
        value = known.values[miss.argmax()]
        raise FitFailed(f"{objective.feature} = {value:g} is no number of a phase, which is a whole one")
    n_found = len(set(numbers.tolist()))
    if n_found > objective.n_most:
        raise FitFailed(
            f"{objective.feature} names {n_found} phases in {len(numbers)} measurements, "
            f"more than n_most = {objective.n_most}"
        )
    return NumberedPlaces(known.unit_points, numbers)


def class_trainings(places: NumberedPlaces) -> dict[str, Training]:
    """What the belief about each phase learns from, by its name.

    The Dirichlet classification of Milios et al. (NeurIPS 2018): the concentration of a class is a gamma
    variate, its logarithm nearly normal with a variance that follows from whether the class was seen (eq. 5
    and 6), so that ordinary regression with known noise learns it, exactly and fast.
    """
    trainings: dict[str, Training] = {}
    for number in sorted(set(places.numbers.tolist())):
        concentration = LEAST_CONCENTRATION + (places.numbers == number)
        variance = np.log1p(1.0 / concentration)
        trainings[class_name(number)] = Training(
            places.points, np.log(concentration) - 0.5 * variance, np.sqrt(variance)
        )
    return trainings
