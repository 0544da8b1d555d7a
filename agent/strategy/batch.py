"""Several decisions at once, for an instrument that takes several samples at a time."""

from agent.ports import Strategy
from models.domain.decision import Decision
from models.domain.history import History


def propose_batch(strategy: Strategy, history: History, n: int) -> tuple[Decision, ...]:
    """The next decisions, each of which knows the earlier ones as points still being measured.

    They are those that the strategy proposes one by one while no outcome comes in, so that each can be
    computed again on its own.

    Parameters
    ----------
    strategy
        What chooses.
    history
        What is known.
    n
        How many decisions to make.

    Returns
    -------
    tuple of Decision
        With consecutive `seq`; fewer when the strategy stops, the last of which says why.
    """
    decisions: list[Decision] = []
    while len(decisions) < n:
        decision = strategy.propose(history)
        decisions.append(decision)
        if decision.kind == "stop":
            break
        history = history.plus(decision)
    return tuple(decisions)
