"""Decide one measurement ahead: while one is under way the next is chosen, and no time passes between."""

from agent.ports import Strategy, equipped
from models.domain.decision import MEASURING_KINDS, Decision
from models.domain.history import History


class DecidesAhead:
    """Makes each decision without the outcome of the measurement just before it, which counts as pending.

    Whether it was made in time, in a thread, or afterwards, after a crash or in a replay, makes no
    difference: the outcome of the last measurement is left aside each time, and the decision's watermark says
    so. A blank is waited for: what comes after it knows all that came before it.

    A measurement that failed is found out one decision later, as every outcome is: the next one was decided
    already and is carried out, and the second try comes after it. So it is with stops that follow from what
    was measured. Limits of the budget, a person's stop and a person's point take effect at once.
    """

    def __init__(self, strategy: Strategy) -> None:
        """Wrap the whole of a strategy."""
        self._strategy = strategy
        self._thought: tuple[History, Decision] | None = None

    def propose(self, history: History) -> Decision:
        """The decision that was made ahead, or the same one made now."""
        known = known_ahead(history)
        thought, self._thought = self._thought, None
        if thought is not None and thought[0] == known:
            return thought[1]
        return self._strategy.propose(known)

    def equip(self, decision: Decision, history: History) -> Decision:
        """A person's decision with the recipe for its sample."""
        return equipped(self._strategy, decision, history)

    def think(self, history: History) -> None:
        """Make the next decision while the last one is being measured; after a blank it has to wait."""
        self._thought = None
        if history.decisions and history.decisions[-1].kind in MEASURING_KINDS:
            known = known_ahead(history)
            self._thought = known, self._strategy.propose(known)


def known_ahead(history: History) -> History:
    """A history without what came of its last measurement, if that is what it ends with."""
    if not history.decisions or history.decisions[-1].kind not in MEASURING_KINDS:
        return history
    return history.up_to(history.next_seq - 2)
