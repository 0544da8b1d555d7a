"""Volume lost: what the front of best compromises that was found lacks of the best front there is."""

from dataclasses import replace

import numpy as np

from agent.rehearsal.yardsticks.best import distance_of
from agent.rehearsal.yardsticks.explaining import explain_values
from agent.rehearsal.yardsticks.standard import REACHES, Run, Standard, Truth, refuse_nowhere
from models.domain.errors import BadInput
from models.domain.history import Observation
from models.domain.objective import Pareto
from models.domain.point import Point
from models.domain.scattering import Floats, Mask
from models.domain.space import SearchSpace
from models.gp.front import dominated_volume, is_on_front

BEHIND = 0.1
"""The reference point lies this share of the range behind the worst of the true front."""
N_ENDS, N_AROUND = 8, 16
"""Around so many points of the front so many more are looked at."""


class VolumeLost:
    """For several goals at once: the truth is read as the distance from each.

    Volumes are counted up to one reference point, the same for all strategies: that of the campaign file, or
    a tenth of the range over the space behind the worst of the true front, goal by goal. A tenth of the range
    of the front alone would do for a long one; up to a short one few strategies ever come.
    """

    name, is_share, of = "volume lost", True, "the volume"

    def __init__(self, objective: Pareto, units: tuple[str, ...]) -> None:
        """Take the goals, and the unit of the feature of each."""
        self._objective, self._units = objective, units
        behind = (
            "a tenth of the range over the space behind the worst of the true front, goal by goal"
            if objective.reference is None
            else "the reference of the campaign file"
        )
        self.meaning = (
            "Volume lost: the measurements that look like best compromises so far, each at its true values, "
            "dominate so much less volume than the true front does. Volumes are counted up to one point for "
            f"all strategies: {behind}."
        )

    def read(self, observation: Observation) -> Floats:
        """The distance from each goal, shape (n_goals,)."""
        return np.array([distance_of(part, observation) for part in self._objective.of])

    def lay(self, truth: Truth) -> Standard:
        """The true front: of the dense set and, where more exists, of what lies around it."""
        is_whole: Mask = np.all(np.isfinite(truth.rows), axis=1)
        refuse_nowhere(is_whole, " and ".join(self._objective.features))
        front = self._polished(truth, truth.columns[is_whole], truth.rows[is_whole])
        given = self._objective.reference_distances
        spans = np.ptp(truth.rows[is_whole], axis=0)
        reference = (
            front.max(axis=0) + BEHIND * np.where(spans > 0, spans, 1.0) if given is None else np.array(given)
        )
        best = dominated_volume(front, reference)
        if not best > 0:
            raise BadInput(
                "objective.reference",
                "is better in some goal than all of the true front, so that nothing would count",
                "Give values that are just not good enough any more, or leave it out",
            )
        return Standard(truth.columns, truth.rows, best, 1.0, reference)

    def _polished(self, truth: Truth, columns: Floats, rows: Floats) -> Floats:
        """Distances of the points on the true front, shape (n, n_goals)."""
        is_best = is_on_front(rows)
        columns, rows = columns[is_best], rows[is_best]
        rng = truth.draws()
        for reach in () if truth.is_all else REACHES:
            order = np.argsort(rows[:, 0], kind="stable")
            some = order[np.unique(np.linspace(0, len(order) - 1, N_ENDS).round().astype(np.int64))]
            near, more = truth.ask_around(columns[some], reach, N_AROUND, rng)
            is_whole = np.isfinite(more).all(axis=1)
            columns, rows = np.vstack([columns, near[is_whole]]), np.vstack([rows, more[is_whole]])
            is_best = is_on_front(rows)
            columns, rows = columns[is_best], rows[is_best]
        return rows

    def among(self, standard: Standard, space: SearchSpace) -> Standard:
        """The best front of the samples that may be chosen, up to the same reference."""
        if not space.candidates:
            return standard
        rows = standard.values[standard.is_listed(space)]
        best = dominated_volume(rows[np.isfinite(rows).all(axis=1)], standard.marks)
        return replace(standard, best=best) if best > 0 else standard

    def scores(self, standard: Standard, run: Run) -> list[float | None]:
        """Volume lost after each measurement."""
        known: dict[int, Floats] = {}
        found: list[float | None] = []
        for n, one in enumerate(run.found, start=1):
            if one is None and found:
                found.append(found[-1])
                continue
            front = self._front(run, n)
            known |= {k: run.ask(point) for k, point in front if k not in known}
            found.append(_lost(standard, [known[k] for k, _ in front]) if front else None)
        return found

    def _front(self, run: Run, n: int) -> list[tuple[int, Point]]:
        """Which of the first n measurements look like best compromises, and where they are."""
        known = [(k, one) for k, one in enumerate(run.found[:n]) if one is not None]
        ranks = self._objective.badness([observation for _, (_, observation) in known])
        return [(k, point) for (k, (point, _)), rank in zip(known, ranks, strict=True) if rank is not None]

    def ideal(self, standard: Standard, n: int) -> tuple[float | None, ...]:
        """Nothing: the true front itself loses nothing."""
        del standard, n
        return ()

    def explain(self, true: Floats, foretold: Floats) -> tuple[float, str]:
        """By the goal that is foretold worst."""
        return explain_values(true, foretold, self._objective.features, self._units)


def _lost(standard: Standard, rows: list[Floats]) -> float:
    """Share of the best volume that points do not dominate; those without all features do not count."""
    true = np.array(rows)
    volume = dominated_volume(true[np.isfinite(true).all(axis=1)], standard.marks)
    return float(np.clip(1.0 - volume / standard.best, 0.0, 1.0))
