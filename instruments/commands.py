"""Which physical commands a decision asks for, whatever instrument carries them out."""

from models.domain.action import Action, ActionClass, ActionKind
from models.domain.decision import EXPOSING_KINDS, Decision

MOVING_KINDS = EXPOSING_KINDS | {"blank", "calibration"}
"""Kinds of decision that move something."""
CLASSES: dict[ActionKind, ActionClass] = {
    "prepare": "at_most_once",
    "load": "idempotent",
    "expose": "verify_then_retry",
}
"""What a resumed run may do with each kind of action."""


def action_id(campaign: str, action_key: tuple[int, int, ActionKind], attempt: int) -> str:
    """Name of an action, unique for all time: ``night-00017-3expose-1``.

    Parameters
    ----------
    campaign
        Name of the campaign; one name, one campaign.
    action_key
        `seq` of the decision, step within it, kind.
    attempt
        Counts up from 1 each time the command is given again.
    """
    seq, step, kind = action_key
    return f"{campaign}-{seq:05d}-{step}{kind}-{attempt}"


def sample_name(decision: Decision) -> str:
    """Name by which the changer knows the decision's sample."""
    own = decision.point.sample if decision.point else None
    return own or f"S{decision.seq}"


def commands_of(campaign: str, decision: Decision, *, is_made: bool, has_samples: bool) -> tuple[Action, ...]:
    """The commands for a decision, in order; none when nothing is measured.

    Parameters
    ----------
    campaign
        Name of the campaign.
    decision
        What is to be done.
    is_made
        Whether samples are made for their decisions; one that has a name exists already.
    has_samples
        Whether samples have names.
    """
    if decision.point is None or decision.kind not in MOVING_KINDS:
        return ()
    kinds: list[ActionKind] = ["load", "expose"]
    if is_made and decision.point.sample is None:
        kinds.insert(0, "prepare")
    return tuple(
        Action(
            action_id=action_id(campaign, (decision.seq, step, kind), 1),
            seq=decision.seq,
            step=step,
            kind=kind,
            action_class=CLASSES[kind],
            sample=sample_name(decision) if has_samples else None,
        )
        for step, kind in enumerate(kinds, start=1)
    )
