"""A guard around a strategy: what people vetoed is not measured, even where the strategy knows of no veto."""

from agent.ports import Strategy
from agent.strategy.choices import Choices
from agent.strategy.pool import gather_pool
from agent.strategy.problem import Problem
from agent.strategy.supply import Supply
from models.domain.decision import Decision, Reason
from models.domain.history import History
from models.domain.veto import veto_of
from models.gp.encoding import Encoding

N_POOL = 2048
"""Points that another one is chosen from."""


class WithVetoes:
    """Takes the most remote free point in place of one that is vetoed."""

    def __init__(self, strategy: Strategy, problem: Problem, supply: Supply | None) -> None:
        """Wrap a strategy."""
        self._strategy, self._problem, self._supply = strategy, problem, supply
        self._encoding = Encoding(problem.space)

    def propose(self, history: History) -> Decision:
        """What the strategy proposes, where nobody vetoed it."""
        decision = self._strategy.propose(history)
        veto = veto_of(decision.point, history.standing_vetoes, self._problem.space.axes)
        if veto is None or decision.point is None:
            return decision
        pool = gather_pool(self._encoding, N_POOL, self._problem.seed_for(history))
        choices = Choices(self._encoding, history, pool, self._supply)
        if choices.is_exhausted:
            return self._problem.end(history, choices.why_exhausted)
        sentence = f"{decision.point.text()} was proposed and is vetoed: the space is filled instead."
        reason = choices.noted(Reason(code="vetoed", sentence=sentence))
        return self._problem.measure(history, "fallback", choices.most_remote(), reason)
