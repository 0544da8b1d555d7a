"""What is left on the deck after, and under, all that is on record."""

from models.domain.history import History
from models.formulation.deck import Deck
from models.formulation.state import DeckState, full_state


def state_after(deck: Deck, history: History) -> DeckState:
    """What is left on the deck.

    What is known to have been taken is taken off, and of what may have been, all of it. A sample that is
    still to be made, or is being made, counts as made.

    Parameters
    ----------
    deck
        The deck.
    history
        What is on record.
    """
    taken: dict[str, float] = {}
    for debit in history.debits:
        taken[debit.name] = taken.get(debit.name, 0.0) + debit.amount
    debited = {debit.seq for debit in history.debits}
    for decision in history.decisions:
        if decision.recipe is None or decision.seq in debited or history.has_outcome(decision):
            continue
        for name, amount in decision.recipe.takes().items():
            taken[name] = taken.get(name, 0.0) + amount
    return full_state(deck).less(taken)
