"""Fill the space evenly: each point as far as can be from all before it."""

from pydantic import Field

from agent.strategy.choices import Choices
from agent.strategy.pool import gather_pool
from agent.strategy.problem import Problem
from agent.strategy.supply import supply_of
from models.domain.decision import Decision, Reason
from models.domain.frozen import Frozen
from models.domain.history import History
from models.domain.seeds import derive_seed
from models.gp.encoding import Encoding


class Options(Frozen):
    """Keys of ``[strategy]`` with ``kind = "space_filling"``."""

    pool: int = Field(default=2048, ge=64, le=65_536)
    """Points drawn to choose from, where the space has no list of candidates."""


def build(options: Options, problem: Problem) -> "SpaceFilling":
    """Make the strategy."""
    return SpaceFilling(options, problem)


class SpaceFilling:
    """Maximin design, one point at a time."""

    def __init__(self, options: Options, problem: Problem) -> None:
        """Keep the task."""
        self._problem, self._encoding = problem, Encoding(problem.space)
        self._pool = gather_pool(self._encoding, options.pool, derive_seed(problem.seed, "design"))

    def propose(self, history: History) -> Decision:
        """The point farthest from all that were asked for."""
        problem = self._problem
        choices = Choices(self._encoding, history, self._pool, supply_of(problem))
        if choices.is_exhausted:
            return problem.end(history, choices.why_exhausted)
        reason = Reason(
            code="space_filling",
            sentence="Farthest from all points so far: the space is filled evenly.",
        )
        return problem.measure(history, "initial_design", choices.most_remote(), choices.noted(reason))
