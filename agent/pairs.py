"""Which commands are given together, and what came of them."""

from collections.abc import Iterator
from itertools import pairwise

from agent.ports import Instrument, PerformsTogether
from models.domain.action import Action, Outcome
from models.domain.decision import Decision
from models.domain.errors import SURVIVABLE


def grouped(
    actions: tuple[Action, ...], decision: Decision, instrument: Instrument
) -> Iterator[tuple[Action, ...]]:
    """A decision's commands in order; a sample that is made ahead goes with the exposure that follows it."""
    first: Action | None = None
    can_pair = isinstance(instrument, PerformsTogether)
    followers = {one.action_id: other for one, other in pairwise(actions)}
    for action in actions:
        after = followers.get(action.action_id)
        if first is not None:
            yield first, action
            first = None
        elif can_pair and decision.is_ahead(action) and after is not None and after.kind == "expose":
            first = action
        else:
            yield (action,)


def perform(together: tuple[Action, ...], decision: Decision, instrument: Instrument) -> tuple[Outcome, ...]:
    """Give one command, or two at once, and wait for the end: what came of each."""
    if len(together) == 2 and isinstance(instrument, PerformsTogether):
        return instrument.perform_together(together, decision)
    try:
        return (instrument.perform(together[0], decision),)
    except SURVIVABLE as error:
        return (error,)
