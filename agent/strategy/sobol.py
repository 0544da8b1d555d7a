"""Follow a Sobol sequence: even at every length, and the same whatever is measured."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from agent.strategy.choices import Choices
from agent.strategy.pool import Pool, gather_pool
from agent.strategy.problem import Problem
from agent.strategy.supply import supply_of
from models.domain.decision import MEASURING_KINDS, Decision, Reason
from models.domain.frozen import Frozen
from models.domain.history import History
from models.domain.scattering import Floats
from models.domain.seeds import derive_seed
from models.gp.encoding import Encoding

LEAST_POOL = 256
"""Points of the sequence that are laid out at least."""
SAME = 1e-9
"""Points nearer than this are one, scaled."""


class Options(Frozen):
    """``[strategy]`` with ``kind = "sobol"`` has no further keys."""


def build(options: Options, problem: Problem) -> "Sobol":
    """Make the strategy."""
    del options
    return Sobol(problem)


class Sobol:
    """The next point of a scrambled Sobol sequence; where only some samples exist, that nearest to it."""

    def __init__(self, problem: Problem) -> None:
        """Lay the sequence out."""
        self._problem, self._encoding = problem, Encoding(problem.space)
        seed, n = derive_seed(problem.seed, "design"), max(LEAST_POOL, 2 * (problem.n_planned or 0))
        self._pool = gather_pool(self._encoding, n, seed)
        sampler = qmc.Sobol(self._encoding.n_columns, scramble=True, rng=np.random.default_rng(seed))
        self._places = sampler.random(1 << (n - 1).bit_length())

    def propose(self, history: History) -> Decision:
        """The next point that may be chosen."""
        problem = self._problem
        choices = Choices(self._encoding, history, self._pool, supply_of(problem))
        if choices.is_exhausted:
            return problem.end(history, choices.why_exhausted)
        reason = choices.noted(Reason(code="sobol", sentence="The next of a Sobol sequence."))
        row = self._next(choices, history)
        if row is None:  # the sequence is used up
            return problem.measure(history, "suggest", choices.most_remote(), reason)
        return problem.measure(history, "suggest", choices.point(row, choices.pool.columns[row]), reason)

    def _next(self, choices: Choices, history: History) -> int | None:
        rows = np.flatnonzero(choices.is_open)
        if self._pool.points is not None:
            n_asked = sum(1 for decision in history.decisions if decision.kind in MEASURING_KINDS)
            place = self._places[n_asked % len(self._places)]
            return int(rows[nearest(self._pool, rows, place)])
        return first_new(choices, rows, self._encoding, history)


def nearest(pool: Pool, rows: NDArray[np.intp], place: Floats) -> int:
    """Which of the rows of a pool lies nearest to a place."""
    return int(np.argmin(((pool.columns[rows] - place) ** 2).sum(axis=1)))


def first_new(choices: Choices, rows: NDArray[np.intp], encoding: Encoding, history: History) -> int | None:
    """The first of the rows of a pool at which nothing was asked for yet; None when there is none."""
    asked = encoding.encode([d.point for d in history.asked() if d.point is not None])
    for row in rows.tolist():
        gaps = np.abs(asked - choices.pool.columns[row]).max(axis=1, initial=0.0)
        if not np.any(gaps < SAME):
            return row
    return None
