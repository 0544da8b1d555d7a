"""Share of the space whose phase the nearest measured sample tells wrongly, by the phases of the truth."""

from dataclasses import replace

import numpy as np

from agent.rehearsal.yardsticks.best import distance_of, polished, regrets
from agent.rehearsal.yardsticks.profiles import profile_row, read_rows
from agent.rehearsal.yardsticks.standard import Run, Standard, Truth, refuse_nowhere
from models.domain.errors import BadInput
from models.domain.history import Observation
from models.domain.objective import Phases
from models.domain.scattering import Floats
from models.domain.space import SearchSpace
from models.gp.curve_set import CurveSet
from models.gp.design import choose_spread
from models.gp.phase_draws import Labels
from models.gp.phase_labels import FEWEST_CURVES, group_shapes, shapes_of

LABEL, DISTANCE = 0, 1
"""Columns of the standard's values: number of the phase; distance from what is sought inside one."""
NOBODY = -1


class PhaseShare:
    """For phases: which rules where is found once, of the noise-free curves, as a campaign finds it.

    Each place is taken for what the nearest measured sample is, as the strategies' own map is read; what a
    sample is, the truth says. With `then`, what the map lacks to `sure_to` and the regret add up.
    """

    is_share, of = True, "the space"

    def __init__(self, objective: Phases) -> None:
        """Take the goal."""
        self._objective = objective
        self.name = "share wrong" if objective.then is None else "shortfall"
        by = (
            f"{objective.feature} of the truth"
            if objective.feature
            else "the likeness of noise-free curves, all grouped at once as a campaign groups its own: what "
            "looks alike is one phase"
        )
        wrong = f"the space whose nearest measured sample is of another phase; phases are told by {by}."
        self.meaning = (
            f"Share of {wrong}"
            if objective.then is None
            else f"Shortfall: what is wrong beyond {objective.sure_to:.0%}, plus the regret of "
            f"{objective.then.text()} as a share of its range. Wrong is {wrong}"
        )

    def read(self, observation: Observation) -> Floats:
        """What tells the phase, and with `then` the distance behind it."""
        goal = self._objective
        if goal.feature is not None:
            feature = observation.feature(goal.feature)
            told = np.array([np.nan if feature is None else feature.value])
        else:
            told = profile_row(observation.profile, goal.bins)
        return told if goal.then is None else np.append(told, distance_of(goal.then, observation))

    def lay(self, truth: Truth) -> Standard:
        """The phases, everywhere; and the best inside one."""
        goal = self._objective
        told = truth.rows if goal.then is None else truth.rows[:, :-1]
        labels, marks = self._label(told)
        n_found = len(set(labels[labels != NOBODY].tolist()))
        if n_found < 2:
            raise BadInput(
                "--world", f"has {n_found} phase at {len(labels)} points, so that there is no map of them",
                "Rehearse another goal, or on another world",
            )  # fmt: skip
        values = np.where(labels == NOBODY, np.nan, labels.astype(np.float64))[:, np.newaxis]
        if goal.then is None:
            return Standard(truth.columns, values, 0.0, 1.0, marks)
        far = truth.rows[:, -1]
        refuse_nowhere(np.isfinite(far), goal.then.feature)
        best = polished(truth, truth.rows.shape[1] - 1)
        return Standard(truth.columns, np.column_stack([values, far]), best, 1.0, marks)

    def _label(self, told: Floats) -> tuple[Labels, Floats]:
        """Number of the phase of each point, and what tells that of another curve: bins, and all shapes."""
        labels = np.full(len(told), NOBODY, dtype=np.int64)
        if self._objective.feature is not None:
            is_known = np.isfinite(told[:, 0])
            refuse_nowhere(is_known, self._objective.feature)
            labels[is_known] = told[is_known, 0].round().astype(np.int64)
            return labels, np.empty(0)
        rows = read_rows(told)
        if rows.is_known.sum() < FEWEST_CURVES:
            raise BadInput(
                "--world", f"has {rows.is_known.sum()} curves, phases are told from {FEWEST_CURVES} or more",
                "Rehearse on another world",
            )  # fmt: skip
        shapes = shapes_of(rows.as_set())
        labels[rows.is_known] = group_shapes(shapes, self._objective.n_most)
        marks = np.full((1 + len(shapes), self._objective.bins), np.nan)
        marks[0, rows.is_shared] = rows.q_inv_nm
        marks[1:, rows.is_shared] = shapes
        return labels, marks

    def among(self, standard: Standard, space: SearchSpace) -> Standard:
        """The same map; the best inside a phase is that of the samples that may be chosen."""
        if self._objective.then is None or not space.candidates:
            return standard
        far = standard.values[standard.is_listed(space), DISTANCE]
        return replace(standard, best=float(np.nanmin(far))) if np.isfinite(far).any() else standard

    def scores(self, standard: Standard, run: Run) -> list[float | None]:
        """Share wrong after each measurement, or the shortfall."""
        labels = [None if one is None else self._phase_at(standard, run.ask(one[0])) for one in run.found]
        unit = np.full((len(labels), standard.columns.shape[1]), np.nan)
        unit[[label is not None for label in labels]] = run.columns()
        wrong = shares_wrong(standard, unit, labels)
        goal = self._objective
        if goal.then is None:
            return wrong
        span = float(np.ptp(standard.values[np.isfinite(standard.values[:, DISTANCE]), DISTANCE])) or 1.0
        lost = regrets(goal.then, run, replace(standard, scale=span), -1)
        return [
            None
            if share is None
            else max(share - goal.sure_to, 0.0) + (1.0 if far is None else min(far / span, 1.0))
            for share, far in zip(wrong, lost, strict=True)
        ]

    def _phase_at(self, standard: Standard, row: Floats) -> int:
        """Phase of the truth at a place: that of the curve of the dense set that it is most like."""
        goal = self._objective
        if goal.feature is not None:
            return round(row[0]) if np.isfinite(row[0]) else NOBODY
        is_bin = np.isfinite(standard.marks[0])
        q, intensity, sigma = np.split(row[: 3 * goal.bins], 3)
        if not np.isfinite((intensity + sigma)[is_bin]).all():
            return NOBODY
        one = CurveSet(
            np.zeros((1, 1)), q[is_bin], intensity[np.newaxis, is_bin], sigma[np.newaxis, is_bin],
            np.zeros(1, dtype=np.int64), "1", len(q),
        )  # fmt: skip
        gaps = ((standard.marks[1:, is_bin] - shapes_of(one)) ** 2).sum(axis=1)
        known = standard.values[np.isfinite(standard.values[:, LABEL]), LABEL]
        return int(known[gaps.argmin()])

    def ideal(self, standard: Standard, n: int) -> tuple[float | None, ...]:
        """Share wrong after evenly spread samples."""
        if self._objective.then is not None:
            return ()
        is_known = np.isfinite(standard.values[:, LABEL])
        columns, labels = standard.columns[is_known], standard.values[is_known, LABEL]
        rows = choose_spread(columns, columns[:0], n)
        return tuple(shares_wrong(standard, columns[rows], [int(one) for one in labels[rows].tolist()]))

    def explain(self, true: Floats, foretold: Floats) -> tuple[float, str]:
        """By the share that is told wrongly, beside that of always telling the commonest phase."""
        n_read = true.shape[1] if self._objective.then is None else true.shape[1] - 1
        labels, marks = self._label(true[:, :n_read])
        known = labels != NOBODY
        standard = Standard(
            np.zeros((len(labels), 1)), np.where(known, labels, np.nan)[:, np.newaxis], 0.0, 1.0, marks
        )
        told = np.array([self._phase_at(standard, row) for row in foretold[:, :n_read]])
        wrong = float(np.mean(told[known] != labels[known]))
        commonest = float(1.0 - np.bincount(labels[known]).max() / known.sum())
        return 1.0 - wrong / commonest if commonest > 0 else 0.0, f"the phase in {1 - wrong:.0%} of them"


def shares_wrong(standard: Standard, unit: Floats, labels: list[int | None]) -> list[float | None]:
    """Share of the dense set whose nearest measured sample is of another phase, measurement by measurement.

    Parameters
    ----------
    standard
        The phases of the truth.
    unit
        Where each measurement was made, scaled coordinates, shape (n, n_columns).
    labels
        Phase of the truth there; None where a measurement brought nothing.
    """
    is_known = np.isfinite(standard.values[:, LABEL])
    columns, true = standard.columns[is_known], standard.values[is_known, LABEL]
    nearest, told = np.full(len(columns), np.inf), np.full(len(columns), np.nan)
    found: list[float | None] = []
    for place, label in zip(unit, labels, strict=True):
        if label is not None:
            gaps = np.linalg.norm(columns - place, axis=1)
            told = np.where(gaps < nearest, float(label), told)
            nearest = np.minimum(gaps, nearest)
        found.append(float(np.mean(told != true)) if np.isfinite(nearest).any() else None)
    return found
