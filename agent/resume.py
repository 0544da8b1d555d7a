"""After a crash: what became of the last decision's commands, and which must be given now."""

from collections.abc import Callable
from dataclasses import dataclass

from models.domain.action import Action, ActionKind, ActionReport, ActionStatus
from models.domain.decision import Decision
from models.domain.history import Failure, History, Quarantine
from models.domain.records import Ended, LoggedAction

NOUNS: dict[ActionKind, str] = {"prepare": "dispense", "load": "load", "expose": "exposure"}
"""What each kind of command is called when it is counted."""
OUTCOMES: dict[ActionStatus, str] = {
    "started": "under way", "succeeded": "verified", "failed": "not finished", "unknown": "unknown",
}  # fmt: skip
"""What was found of a command that was under way."""


@dataclass(frozen=True)
class Recovery:
    """What to do about a decision whose outcome is not on record."""

    under_way: tuple[Action, ...]
    """Commands that were given, and whose end is not on record."""
    reports: tuple[ActionReport, ...]
    """What became of each of them: to be written down."""
    again: tuple[Action, ...]
    """Commands under a new attempt: to be written down before they are given."""
    todo: tuple[Action, ...]
    """Commands to give now, in order."""

    unknown: ActionReport | None = None
    """The report of a command that may or may not have been carried out, for which the decision is given up;
    None when all is known, but perhaps of a sample that was to be made ahead."""


def recover(
    logged: tuple[LoggedAction, ...], reconcile: Callable[[Action], ActionReport], decision: Decision
) -> Recovery:
    """Sort out a decision's commands.

    A command that was under way is looked up in documents, files and the device's journal. What was
    never given is given; what did not finish is given again under a new attempt. Absolute moves that
    come before any of these are made again as well: nobody knows where things stand after a crash.

    A sample that is made ahead is another decision's: it is made once more only where nothing of it was
    dispensed and the exposure is still to come.

    Parameters
    ----------
    logged
        The decision's commands in order.
    reconcile
        Finds out what became of one.
    decision
        What they were given for.
    """
    reports = {entry.action.step: reconcile(entry.action) for entry in logged if entry.state == "started"}
    states = {
        entry.action.step: reports[entry.action.step].status if entry.action.step in reports else entry.state
        for entry in logged
    }
    under_way = tuple(entry.action for entry in logged if entry.state == "started")
    ahead = {entry.action.step for entry in logged if decision.is_ahead(entry.action)}
    unknown = [one for step, one in reports.items() if one.status == "unknown" and step not in ahead]
    if unknown:
        return Recovery(under_way, tuple(reports.values()), (), (), unknown[0])
    own_states = [state for step, state in states.items() if step not in ahead]
    is_exposed = all(state == "succeeded" for state in own_states)
    for entry in logged:
        is_settled = entry.state in ("failed", "unknown") or states[entry.action.step] == "unknown"
        if entry.action.step in ahead and (is_settled or is_exposed):
            states[entry.action.step] = "succeeded"  # as far as this decision goes
    open_steps = [step for step, state in states.items() if state != "succeeded"]
    again: list[Action] = []
    todo: list[Action] = []
    for entry in logged:
        action, state = entry.action, states[entry.action.step]
        is_move = action.action_class == "idempotent" and any(step > action.step for step in open_steps)
        if state == "planned":
            todo.append(action)
        elif state != "succeeded" or is_move:
            again.append(_next_attempt(action))
            todo.append(again[-1])
    return Recovery(under_way, tuple(reports.values()), tuple(again), tuple(todo))


def give_up(decision: Decision, found: Recovery, report: ActionReport) -> Ended:
    """How a command that was under way ended, and what follows when nobody can tell.

    A sample whose making is unknown is quarantined: nobody may use it any more.
    """
    if report.status != "unknown":
        return Ended(report=report)
    action = next(action for action in found.under_way if action.action_id == report.action_id)
    if decision.is_ahead(action):
        return Ended(report=report, quarantine=quarantine_after(action, report))
    failure = Failure(seq=decision.seq, code=f"unknown_{action.kind}", sentence=report.sentence)
    return Ended(report=report, failure=failure, quarantine=quarantine_after(action, report))


def quarantine_after(action: Action, report: ActionReport) -> Quarantine | None:
    """The quarantine of a sample of which nobody can tell whether it was made; None when all is known."""
    if report.status != "unknown" or action.action_class != "at_most_once" or action.sample is None:
        return None
    return Quarantine(seq=action.seq, sample=action.sample, sentence=report.sentence)


def end_of_fault(action: Action, found: ActionReport, error: Exception, decision: Decision) -> Ended:
    """How a command ended that a fault broke off: with every file that it left behind.

    A device that fails may have done its work, or half of it: of what may be done at most once, the
    journal is believed, and a sample of which nobody can tell is quarantined.

    Parameters
    ----------
    action
        The command.
    found
        What documents, files and the device's journal say of it.
    error
        The fault.
    decision
        What it was given for: it is not given up for a sample that was to be made ahead.
    """
    files = (*found.assets, *(found.exposure.assets if found.exposure else ()))
    is_irreversible = action.action_class == "at_most_once"
    report = ActionReport(
        action_id=action.action_id,
        status=found.status if is_irreversible else "failed",
        sentence=f"{error} {found.sentence}" if is_irreversible else str(error),
        assets=tuple(asset.model_copy(update={"role": "abandoned"}) for asset in files),
    )
    quarantine = quarantine_after(action, report)
    if decision.is_ahead(action):
        return Ended(report=report, quarantine=quarantine)
    failure = Failure(seq=action.seq, code=type(error).__name__, sentence=report.sentence)
    return Ended(report=report, failure=failure, quarantine=quarantine)


def told_of_ahead(report: ActionReport, action: Action) -> str:
    """What is said of a sample that was to be made ahead and failed."""
    after = "it is quarantined" if report.status == "unknown" else "nothing was dispensed"
    if report.status == "succeeded":
        after = "the journal says that it was made"
    return f"{action.sample}, to be made meanwhile, failed, {after}: {report.sentence}"


def resumed_text(history: History, found: Recovery) -> str:
    """What a resumed run found, in one plain sentence.

    Such as ``resumed: 41 decisions, 1 exposure verified``, or ``resumed: 41 decisions, 1 dispense unknown ->
    sample S17 quarantined``.
    """
    parts = [f"{len(history.decisions)} decision{'' if len(history.decisions) == 1 else 's'}"]
    for action, report in zip(found.under_way, found.reports, strict=True):
        what = f"1 {NOUNS[action.kind]} {OUTCOMES[report.status]}"
        if report.status == "unknown" and action.sample is not None:
            what += f" -> sample {action.sample} quarantined"
        parts.append(what)
    parts += [f"{NOUNS[action.kind]} to be done again" for action in found.again]
    if found.todo and not found.under_way and not found.again:
        kinds = " and ".join(NOUNS[action.kind] for action in found.todo)
        parts.append(f"decision {found.todo[0].seq} was on record and {kinds} not yet begun")
    return f"resumed: {', '.join(parts)}"


def _next_attempt(action: Action) -> Action:
    """The same command once more, under an id of its own."""
    attempt = action.attempt + 1
    stem = action.action_id.removesuffix(f"-{action.attempt}")
    return action.model_copy(update={"attempt": attempt, "action_id": f"{stem}-{attempt}"})
