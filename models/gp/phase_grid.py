"""Which phase is believed to rule at many points at once: the numbers behind a map of phases."""

from dataclasses import dataclass

import numpy as np

from models.domain.errors import FitFailed
from models.domain.objective import Phases
from models.domain.scattering import Floats
from models.gp.belief import Belief, Watch
from models.gp.knowledge import Knowledge
from models.gp.phase_classes import NumberedPlaces, class_trainings, number_phases
from models.gp.phase_draws import Labels, PhaseDraws
from models.gp.state import fit_state
from models.gp.threads import use_one_thread


@dataclass(frozen=True, eq=False)
class PhaseGrid:
    """What is believed at points that were asked for."""

    likeliest: Labels
    """Number of the likeliest phase, shape (m,)."""
    chance: Floats
    """Its probability, shape (m,)."""
    numbers: tuple[int, ...]
    """Numbers of all phases that were found."""
    places: NumberedPlaces
    """Where which was found."""


def tell_phases(objective: Phases, knowledge: Knowledge, unit_points: Floats) -> PhaseGrid:
    """Ask which phase rules.

    Parameters
    ----------
    objective, knowledge
        What was sought, and what was measured.
    unit_points
        Scaled coordinates, shape (m, d).

    Raises
    ------
    FitFailed
        When no map can be had from these measurements.
    """
    use_one_thread()
    places = number_phases(objective, knowledge, knowledge.n_read)
    numbers = tuple(sorted(set(places.numbers.tolist())))
    if len(numbers) < 2:
        raise FitFailed(f"all {len(places.numbers)} measurements are of one phase")
    watch = Watch(unit_points)
    beliefs = [Belief(one, fit_state(one), watch) for one in class_trainings(places).values()]
    shares = PhaseDraws(beliefs).probabilities(unit_points)
    rows = shares.argmax(axis=1)
    return PhaseGrid(np.array(numbers)[rows], shares[np.arange(len(rows)), rows], numbers, places)
