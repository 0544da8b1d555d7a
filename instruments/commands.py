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


def commands_of(
    campaign: str, decision: Decision, *, is_made: bool, has_samples: bool, makes_ahead: bool = False
) -> tuple[Action, ...]:
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
    makes_ahead
        Whether another sample can be made while this one is exposed.
    """
    if decision.point is None or decision.kind not in MOVING_KINDS:
        return ()
    own, ahead = decision.sample, decision.ahead
    steps: list[tuple[ActionKind, str]] = [("load", own), ("expose", own)]
    if ahead is not None and makes_ahead:
        steps.insert(1, ("prepare", ahead.sample))  # given together with the exposure
    if is_made and decision.point.sample is None and decision.prepared is None:
        steps.insert(0, ("prepare", own))
    return tuple(
        Action(
            action_id=action_id(campaign, (decision.seq, step, kind), 1),
            seq=decision.seq,
            step=step,
            kind=kind,
            action_class=CLASSES[kind],
            sample=sample if has_samples else None,
        )
        for step, (kind, sample) in enumerate(steps, start=1)
    )
