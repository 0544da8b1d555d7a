"""What may still be chosen, in the encoded columns that models use."""

from collections.abc import Iterator

import numpy as np

from agent.strategy.pool import Pool
from agent.strategy.supply import Supply
from models.domain.decision import MEASURING_KINDS, Decision, Reason
from models.domain.feasibility import ask, load_feasible
from models.domain.history import History
from models.domain.point import Point
from models.domain.scattering import Floats, Mask
from models.gp.design import choose_spread, is_away
from models.gp.encoding import Encoding


class Choices:
    """The points of a pool that a strategy may choose now."""

    def __init__(
        self, encoding: Encoding, history: History, pool: Pool, supply: Supply | None = None
    ) -> None:
        """Leave out what was asked for, what cannot be had, and what lies near a failed or a pending point.

        Parameters
        ----------
        encoding
            The space's.
        history
            What was decided so far.
        pool
            Points to choose from.
        supply
            What samples are made of, where that is used up.
        """
        self._history, self.pool, self._of_space = history, pool, encoding
        self.encoding = _within(supply, encoding, history)
        """The space's, or that of the part of it that can still be made and that nobody vetoed."""
        self._is_narrowed = self.encoding is not encoding
        self._supply = supply
        self._why_exhausted = "Every sample that exists has been measured."
        self._complaint = pool.complaint
        self.failed = failed_points(encoding, history)
        """Columns of points at which a measurement failed and none succeeded since, (n_failed, n_columns)."""
        self.pending = encoding.encode([d.point for d in history.pending() if d.point is not None])
        """Columns of points that are still being measured, (n_pending, n_columns)."""
        self.shunned = np.vstack([self.failed, self.pending])
        """Both: what is chosen lies away from them while it can."""
        self.is_open = self._open_samples(pool.points) if pool.points is not None else self._open_draws()
        """Which of the pool may be chosen, shape (n_pool,)."""

    @property
    def is_exhausted(self) -> bool:
        """True when nothing is left to choose."""
        return not self.is_open.any()

    @property
    def why_exhausted(self) -> Reason:
        """Why nothing is left to choose, when nothing is."""
        vetoes = self._history.standing_vetoes
        if vetoes and not self._without_vetoes().is_exhausted:
            sentence = f"All that could be measured is vetoed: {vetoes[-1].text()}."
            return Reason(code="vetoed", sentence=sentence)
        if self._supply is not None and self._supply.is_short(self._of_space, self._history):
            return self._supply.why_none(self.encoding, self._history)
        return Reason(code="exhausted", sentence=self._why_exhausted)

    def point(self, row: int | None, columns: Floats) -> Point:
        """The point of a pool row, or of columns found between the rows."""
        if self.pool.points is not None and row is not None:
            return self.pool.points[row]
        return self.encoding.decode(columns[np.newaxis])[0]

    def most_remote(self) -> Point:
        """The choice farthest from everything asked for so far."""
        rows = np.flatnonzero(self.is_open)
        asked = [d.point for d in self._asked() if d.point is not None]
        row = int(rows[choose_spread(self.pool.columns[rows], self.encoding.encode(asked), 1)[0]])
        return self.point(row, self.pool.columns[row])

    def noted(self, reason: Reason) -> Reason:
        """A reason that also tells what is awaited, and of a feasibility function that failed when asked."""
        sentence = reason.sentence
        if len(self.pending):
            awaited = ", ".join(str(d.seq) for d in self._history.pending())
            sentence = f"{sentence} Outcomes awaited: {awaited}."
        sentence += vetoed_text(self._history)
        if self._complaint is not None:
            sentence = f"{sentence} Left out as if refused: points at which {self._complaint}."
        return reason.model_copy(update={"sentence": sentence})

    def _asked(self) -> Iterator[Decision]:
        return self._history.asked()

    def _without_vetoes(self) -> "Choices":
        """The same as if nobody had vetoed anything."""
        history = self._history.model_copy(update={"vetoes": ()})
        return Choices(self._of_space, history, self.pool, self._supply)

    def _open_draws(self) -> Mask:
        """Those away from failures and pending points where any are, that the feasibility function allows."""
        columns = self.pool.columns
        self._why_exhausted = f"No point can be found any more: {self.pool.account}."
        if self._is_narrowed or self.encoding.space.feasible is not None:
            judged = self.encoding.judge(columns)
            self._complaint = judged.complaint or self._complaint
            is_allowed = judged.is_allowed
        else:
            is_allowed = np.ones(len(columns), dtype=bool)
        for others in (self.shunned, self.failed):
            is_free = is_allowed & is_away(columns, others)
            if is_free.any():
                return is_free
        return is_allowed

    def _open_samples(self, points: tuple[Point, ...]) -> Mask:
        """Those not yet asked for, that the feasibility function does not refuse."""
        taken = {d.point.listed_as for d in self._asked() if d.point is not None}
        is_left = np.array([point.listed_as not in taken for point in points], dtype=bool)
        if self._is_narrowed:
            is_left &= self.encoding.is_allowed(self.pool.columns)
        name = self.encoding.space.feasible
        if name is None:
            return is_left
        feasible = load_feasible(name)
        rows = np.flatnonzero(is_left)
        answers = [ask(name, feasible, points[row].coordinates) for row in rows]
        self._complaint = next((a.objection for a in reversed(answers) if a.is_broken), self._complaint)
        refusals = [answer.objection for answer in answers if answer.objection is not None]
        if refusals and len(refusals) == len(rows):
            self._why_exhausted = f"None of the {len(rows)} samples that are left can be had: {refusals[0]}."
        is_left[rows] = [answer.objection is None for answer in answers]
        return is_left


def vetoed_text(history: History) -> str:
    """A sentence on the vetoes that the decision to come obeys, with a blank before it; else nothing."""
    vetoes = "; ".join(veto.text() for veto in history.standing_vetoes)
    return f" Left out as vetoed: {vetoes}." if vetoes else ""


def _within(supply: Supply | None, encoding: Encoding, history: History) -> Encoding:
    """The same encoding, or that of the part of its space that can still be made and that nobody vetoed."""
    made = encoding if supply is None else supply.within(encoding, history)
    if not history.standing_vetoes:
        return made
    space = made.space.model_copy(update={"vetoed": history.standing_vetoes})
    return Encoding(space, made.can_make)


def failed_points(encoding: Encoding, history: History) -> Floats:
    """Columns of points at which a measurement failed and none succeeded since, (n, n_columns)."""
    failed: list[Point] = []
    for decision in history.decisions:
        observation = history.settled(decision)
        is_rejected = observation is not None and not observation.is_accepted
        is_tried = decision.kind in MEASURING_KINDS and not history.is_called_off(decision.seq)
        if is_tried and decision.point is not None:
            if is_rejected or history.failure(decision.seq) is not None:
                failed.append(decision.point)
            elif observation is not None:
                failed = [p for p in failed if p != decision.point]
    return encoding.encode(failed)
