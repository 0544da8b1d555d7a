"""What a measurement is worth where phases are mapped: how much less is told wrongly after it."""

import numpy as np
from scipy.spatial.distance import cdist

from models.domain.scattering import Floats
from models.gp.phase_draws import Labels, PhaseDraws

TIE = 1e-6
"""Weight of the distance from what was measured: it tells points apart that are worth nothing else."""


class PhaseBoundary:
    """Logarithm of the expected fall of the share of the space that its nearest measurement tells wrongly.

    A map of phases is read as a chart of samples: a place is taken for what the nearest sample was. A
    measurement at x takes over all places that are nearer to it than to any other; what is won there is the
    probability that the old neighbour has another phase than the place, less that of the new one, over maps
    that are drawn from the beliefs with all that they know of how places go together. It is stepwise
    uncertainty reduction (Bect et al., Stat. Comput. 22 (2012) 773) for the loss of such a chart, and leads
    to pairs of points on both sides of a boundary. The draws have no slope: no gradient is followed.
    """

    name = "log_phase_error_fall"
    n_starts, n_steps = 1, 1

    def __init__(
        self, draws: PhaseDraws, points: Floats, rows: Labels, pending: Floats | None = None
    ) -> None:
        """Ask what the chart tells wrongly now.

        Parameters
        ----------
        draws
            Maps that may be true.
        points
            Where it was measured, scaled coordinates, shape (n, d).
        rows
            Row of the class that was found there, shape (n,).
        pending
            Points still being measured, shape (n_pending, d): each map says itself what they will be.
        """
        n_draws = len(draws.labels)
        found = np.tile(rows, (n_draws, 1))
        if pending is not None and len(pending):
            points = np.vstack([points, pending])
            found = np.hstack([found, draws.at(pending)])
        self._draws, self._points = draws, points
        gaps = cdist(draws.references, points)
        self._reach = gaps.min(axis=1)
        self._wrong = (draws.labels != found[:, gaps.argmin(axis=1)]).mean(axis=0)
        self._is_class = [
            (draws.labels == row).astype(np.float64) / n_draws for row in range(draws.n_classes)
        ]

    @property
    def error(self) -> float:
        """Share of the space that the nearest measurement is expected to tell wrongly."""
        return float(self._wrong.mean())

    def watched(self) -> Floats:
        """At the points that the beliefs watch, shape (m,)."""
        return self.at(self._draws.watched)

    def at(self, points: Floats) -> Floats:
        """At any points, shape (m, d) -> (m,)."""
        labels = self._draws.at(points)
        is_taken_over = cdist(points, self._draws.references) < self._reach
        alike = np.zeros(is_taken_over.shape)
        for row, is_class in enumerate(self._is_class):
            alike += (labels == row).astype(np.float64).T @ is_class
        fall = np.where(is_taken_over, self._wrong - (1.0 - alike), 0.0).mean(axis=1)
        gap = cdist(points, self._points).min(axis=1)
        return np.log(np.maximum(fall, 0.0) + TIE * (TIE + gap))

    def slope(self, point: Floats) -> tuple[float, Floats]:
        """At one point, shape (d,); its gradient is none."""
        return float(self.at(point[np.newaxis])[0]), np.zeros(len(point))


class PhaseChance:
    """Logarithm of the chance that a phase rules."""

    name = "log_phase_chance"
    n_starts, n_steps = 1, 1

    def __init__(self, draws: PhaseDraws, row: int) -> None:
        """Take the maps that may be true, and the row of the class."""
        self._draws, self._row = draws, row

    def watched(self) -> Floats:
        """At the points that the beliefs watch, shape (m,)."""
        return self.at(self._draws.watched)

    def at(self, points: Floats) -> Floats:
        """At any points, shape (m, d) -> (m,)."""
        labels = self._draws.at(points)
        n_draws = len(labels)
        return np.log(((labels == self._row).sum(axis=0) + 0.5) / (n_draws + 1.0))

    def slope(self, point: Floats) -> tuple[float, Floats]:
        """At one point, shape (d,); its gradient is none."""
        return float(self.at(point[np.newaxis])[0]), np.zeros(len(point))
