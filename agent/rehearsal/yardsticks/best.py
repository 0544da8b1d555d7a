"""Regret: how much worse the place is that looks best so far than the best place there is."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from agent.rehearsal.yardsticks.explaining import explain_values
from agent.rehearsal.yardsticks.standard import REACHES, Run, Standard, Truth, refuse_nowhere
from models.domain.history import Observation
from models.domain.objective import ObjectiveBase
from models.domain.scattering import Floats
from models.domain.space import SearchSpace

N_POLISHED, N_AROUND = 3, 40
"""Around so many of the best points so many more are looked at."""


class Regret:
    """For goals of which one place is the best: the truth is read as the distance from the goal."""

    name, is_share, of = "regret", False, "the range"
    meaning = (
        "Regret: how much worse the place is that looks best so far than the best place there is, by the "
        "truth."
    )

    def __init__(self, objective: ObjectiveBase, unit: str = "1") -> None:
        """Take the goal, and the unit of what it is about."""
        self._objective, self._unit = objective, unit

    def read(self, observation: Observation) -> Floats:
        """The distance from the goal, shape (1,)."""
        return np.array([distance_of(self._objective, observation)])

    def lay(self, truth: Truth) -> Standard:
        """The best there is, looked for around the best of the dense set where more than that exists."""
        values = truth.rows[:, 0]
        refuse_nowhere(np.isfinite(values), self._objective.quantity)
        scale = float(np.nanmax(values) - np.nanmin(values)) or 1.0
        return Standard(truth.columns, values, polished(truth, 0), scale)

    def among(self, standard: Standard, space: SearchSpace) -> Standard:
        """The best of the samples that may be chosen."""
        if not space.candidates:
            return standard
        values = standard.values[standard.is_listed(space)]
        return replace(standard, best=float(np.nanmin(values))) if np.isfinite(values).any() else standard

    def scores(self, standard: Standard, run: Run) -> list[float | None]:
        """Regret after each measurement."""
        return regrets(self._objective, run, standard, 0)

    def ideal(self, standard: Standard, n: int) -> tuple[float | None, ...]:
        """Nothing: the best place itself has no regret."""
        del standard, n
        return ()

    def explain(self, true: Floats, foretold: Floats) -> tuple[float, str]:
        """By the distance from the goal."""
        return explain_values(true, foretold, (self._objective.quantity,), (self._unit,))


def distance_of(objective: ObjectiveBase, observation: Observation) -> float:
    """How far an observation is from a goal; NaN where it cannot be said."""
    far = objective.badness([observation])[0]
    return float("nan") if far is None else far


def regrets(objective: ObjectiveBase, run: Run, standard: Standard, column: int) -> list[float | None]:
    """True distance from the goal at the place that looks best so far, less that of the best place.

    Parameters
    ----------
    objective
        The goal: it says what looks best.
    run
        The campaign.
    standard
        Its best, and its scale: the regret of a place that has nothing of what is sought.
    column
        Which column of what is read of the truth is the distance.
    """
    found: list[float | None] = []
    least = np.inf
    for one in run.found:
        far = np.nan if one is None else distance_of(objective, one[1])
        if one is None or not far < least:
            found.append(found[-1] if found else None)
            continue
        least = far
        true = float(run.ask(one[0])[column])
        found.append(standard.scale if np.isnan(true) else max(true - standard.best, 0.0))
    return found


def polished(truth: Truth, column: int) -> float:
    """The least distance on the dense set and, where more exists, around its best points."""
    values = truth.rows[:, column]
    best = float(np.nanmin(values))
    if truth.is_all:
        return best
    order: Sequence[int] = np.argsort(np.where(np.isfinite(values), values, np.inf)).tolist()
    tops, rng = truth.columns[order[:N_POLISHED]], truth.draws()
    for reach in REACHES:
        near, rows = truth.ask_around(tops, reach, N_AROUND, rng)
        if not len(near):
            continue
        far = np.where(np.isfinite(rows[:, column]), rows[:, column], np.inf)
        tops = near[np.argsort(far)[:1]]
        best = min(best, float(far.min()))
    return best
