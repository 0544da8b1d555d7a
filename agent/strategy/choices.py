"""What may still be chosen, and what is known, in the scaled coordinates that models use."""

import numpy as np

from models.domain.decision import MEASURING_KINDS
from models.domain.history import History
from models.domain.scattering import Floats
from models.domain.space import Point, SearchSpace
from models.gp.design import choose_spread, draw_feasible, is_away, scale_to_unit, unscale


class Choices:
    """The points that a strategy may still choose."""

    def __init__(self, space: SearchSpace, history: History, n_pool: int, seed: int) -> None:
        """Gather them: the candidates not yet asked for, or fresh draws away from failures.

        Parameters
        ----------
        space
            The search space.
        history
            What was decided so far.
        n_pool
            How many points to draw where the space has no list of candidates.
        seed
            Seed of the draws.
        """
        self._space = space
        asked = [d for d in history.decisions if d.kind in MEASURING_KINDS and d.point is not None]
        self.taken = scale_to_unit(space, tuple(d.point for d in asked if d.point is not None))
        """Scaled coordinates of every point that was asked for, shape (n, n_axes)."""
        if space.candidates:
            samples = {d.point.sample for d in asked if d.point is not None}
            self._points = tuple(p for p in space.candidates if p.sample not in samples)
            self.pool = scale_to_unit(space, self._points)
            """Scaled coordinates of what may be chosen, shape (n_pool, n_axes)."""
        else:
            drawn = draw_feasible(space, n_pool, seed)
            is_free = is_away(drawn, failed_points(space, history))
            self.pool = drawn[is_free] if is_free.any() else drawn
            self._points = None

    @property
    def is_exhausted(self) -> bool:
        """True when nothing is left to choose."""
        return len(self.pool) == 0

    def point(self, row: int | None, unit_point: Floats) -> Point:
        """The point of a pool row, or of scaled coordinates found between the rows."""
        if self._points is not None and row is not None:
            return self._points[row]
        return unscale(self._space, unit_point[np.newaxis])[0]

    def most_remote(self) -> Point:
        """The choice farthest from everything asked for so far."""
        row = choose_spread(self.pool, self.taken, 1)[0]
        return self.point(row, self.pool[row])


def failed_points(space: SearchSpace, history: History) -> Floats:
    """Scaled coordinates of points at which a measurement failed and none succeeded since, (n, n_axes)."""
    failed: list[Point] = []
    for decision in history.decisions:
        observation = history.observation(decision.seq)
        is_rejected = observation is not None and not observation.is_accepted
        if decision.kind in MEASURING_KINDS and decision.point is not None:
            if is_rejected or history.failure(decision.seq) is not None:
                failed.append(decision.point)
            elif observation is not None:
                failed = [p for p in failed if p != decision.point]
    return scale_to_unit(space, tuple(failed))
