"""What a command took off the deck, written down in the same transaction as its end."""

from models.domain.action import Action
from models.domain.decision import Decision
from models.domain.recipe import Debit
from models.domain.records import Ended


def with_debits(ended: Ended, action: Action, decision: Decision) -> Ended:
    """The end of a command with what it took: of a dispense of which nobody can tell, all that it may have.

    Parameters
    ----------
    ended
        How it ended.
    action
        The command.
    decision
        What it was given for; the sample's recipe says what is taken.
    """
    if action.kind == "load" and decision.setup is not None and decision.setup.rinse_ul > 0:
        return ended.model_copy(update={"debits": _of_rinsing(action, decision.setup.rinse_ul)})
    may_have_been = ended.report.status in ("succeeded", "unknown")
    recipe = decision.recipe_of(action.sample)
    if action.kind != "prepare" or recipe is None or not may_have_been:
        return ended
    debits = recipe.debits(decision.seq, action.action_id)
    return ended.model_copy(update={"debits": debits})


def _of_rinsing(action: Action, rinse_ul: float) -> tuple[Debit, ...]:
    """What a load took that rinsed more than its sample's recipe counts: in full, however it ended."""
    return tuple(
        Debit(seq=action.seq, action_id=action.action_id, name=name, amount=rinse_ul, unit="uL")
        for name in ("rinse", "waste")
    )
