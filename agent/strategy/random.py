"""Choose at random: the baseline that every other strategy must beat."""

import numpy as np

from agent.strategy.choices import Choices
from agent.strategy.pool import gather_pool
from agent.strategy.problem import Problem
from agent.strategy.supply import supply_of
from models.domain.decision import Decision, Reason
from models.domain.frozen import Frozen
from models.domain.history import History
from models.gp.encoding import Encoding

N_POOL = 64
"""Points drawn to choose one from, where the space has no list of candidates."""


class Options(Frozen):
    """``[strategy]`` with ``kind = "random"`` has no further keys."""


def build(options: Options, problem: Problem) -> "Random":
    """Make the strategy."""
    del options
    return Random(problem)


class Random:
    """Each allowed point with equal chance, none twice where only certain samples exist."""

    def __init__(self, problem: Problem) -> None:
        """Keep the task."""
        self._problem, self._encoding = problem, Encoding(problem.space)

    def propose(self, history: History) -> Decision:
        """A random point."""
        seed = self._problem.seed_for(history)
        pool = gather_pool(self._encoding, N_POOL, seed)
        choices = Choices(self._encoding, history, pool, supply_of(self._problem))
        if choices.is_exhausted:
            return self._problem.end(history, choices.why_exhausted)
        row = int(np.random.default_rng(seed).choice(np.flatnonzero(choices.is_open)))
        reason = Reason(code="random", sentence="Drawn at random.")
        point = choices.point(row, choices.pool.columns[row])
        return self._problem.measure(history, "suggest", point, choices.noted(reason))
