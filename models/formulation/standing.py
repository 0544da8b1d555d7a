"""What is left on the deck after, and under, all that is on record."""

from collections.abc import Iterator

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
    debited = {(debit.seq, debit.name) for debit in history.debits}
    for decision in history.decisions:
        if history.has_outcome(decision):
            continue
        ahead = None if decision.ahead is None else decision.ahead.recipe
        for recipe in (decision.recipe, ahead):
            if recipe is None or (decision.seq, f"well {recipe.well}") in debited:
                continue
            for name, amount in recipe.takes().items():
                taken[name] = taken.get(name, 0.0) + amount
    return full_state(deck).less(taken)


def left_of(deck: Deck, history: History) -> Iterator[tuple[str, str, float, float]]:
    """Each thing that is counted on the deck: name, unit, how much there was, how much is left."""
    full, state = full_state(deck), state_after(deck, history)
    for (name, unit, there), (_, _, left) in zip(full.counted(), state.counted(), strict=True):
        yield name, unit, there, left
