"""What may still be chosen, in the encoded columns that models use."""

import numpy as np

from models.domain.decision import MEASURING_KINDS, Reason
from models.domain.feasibility import ask, load_feasible
from models.domain.history import History
from models.domain.scattering import Floats
from models.domain.space import Point, SearchSpace
from models.gp.design import choose_spread, draw_allowed, is_away
from models.gp.encoding import Encoding


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
        self.encoding = Encoding(space)
        """How points become columns."""
        asked = [d.point for d in history.decisions if d.kind in MEASURING_KINDS and d.point is not None]
        self.taken = self.encoding.encode(asked)
        """Columns of every point that was asked for, shape (n, n_columns)."""
        self.why_exhausted = "Every sample that exists has been measured."
        """Why nothing is left to choose, when nothing is."""
        self._complaint: str | None = None
        self._points: tuple[Point, ...] | None = None
        if space.candidates:
            samples = {point.sample for point in asked}
            self._points = self._that_can_be_had(
                tuple(p for p in space.candidates if p.sample not in samples)
            )
            self.pool = self.encoding.encode(self._points)
            """Columns of what may be chosen, shape (n_pool, n_columns)."""
        else:
            self.pool = self._drawn(history, n_pool, seed)

    @property
    def is_exhausted(self) -> bool:
        """True when nothing is left to choose."""
        return len(self.pool) == 0

    def point(self, row: int | None, unit_point: Floats) -> Point:
        """The point of a pool row, or of columns found between the rows."""
        if self._points is not None and row is not None:
            return self._points[row]
        return self.encoding.decode(unit_point[np.newaxis])[0]

    def most_remote(self) -> Point:
        """The choice farthest from everything asked for so far."""
        row = choose_spread(self.pool, self.taken, 1)[0]
        return self.point(row, self.pool[row])

    def noted(self, reason: Reason) -> Reason:
        """A reason that also tells of a feasibility function that failed while it was asked."""
        if self._complaint is None:
            return reason
        sentence = f"{reason.sentence} Left out as if refused: points at which {self._complaint}."
        return reason.model_copy(update={"sentence": sentence})

    def _drawn(self, history: History, n_pool: int, seed: int) -> Floats:
        """Fresh draws, away from failures where any are."""
        drawn = draw_allowed(self.encoding, n_pool, seed)
        self._complaint = drawn.complaint
        self.why_exhausted = f"No point can be found any more: {drawn.account()}."
        columns = drawn.columns
        if self.encoding.is_discrete.all():
            columns = np.unique(columns, axis=0)  # few places, each of which was drawn many times
        is_free = is_away(columns, failed_points(self.encoding.space, history))
        return columns[is_free] if is_free.any() else columns

    def _that_can_be_had(self, left: tuple[Point, ...]) -> tuple[Point, ...]:
        """Of the samples that are left, those that the feasibility function does not refuse."""
        name = self.encoding.space.feasible
        if name is None:
            return left
        feasible = load_feasible(name)
        answers = [ask(name, feasible, point.coordinates) for point in left]
        self._complaint = next((a.objection for a in reversed(answers) if a.is_broken), None)
        refusals = [answer.objection for answer in answers if answer.objection is not None]
        if refusals and len(refusals) == len(left):
            self.why_exhausted = f"None of the {len(left)} samples that are left can be had: {refusals[0]}."
        return tuple(point for point, a in zip(left, answers, strict=True) if a.objection is None)


def failed_points(space: SearchSpace, history: History) -> Floats:
    """Columns of points at which a measurement failed and none succeeded since, (n, n_columns)."""
    failed: list[Point] = []
    for decision in history.decisions:
        observation = history.observation(decision.seq)
        is_rejected = observation is not None and not observation.is_accepted
        if decision.kind in MEASURING_KINDS and decision.point is not None:
            if is_rejected or history.failure(decision.seq) is not None:
                failed.append(decision.point)
            elif observation is not None:
                failed = [p for p in failed if p != decision.point]
    return Encoding(space).encode(failed)
