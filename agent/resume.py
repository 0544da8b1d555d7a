"""After a crash: what became of the last decision's commands, and which must be given now."""

from collections.abc import Callable
from dataclasses import dataclass

from models.domain.history import Action, ActionReport, History
from models.domain.records import LoggedAction


@dataclass(frozen=True)
class Recovery:
    """What to do about a decision whose outcome is not on record."""

    reports: tuple[ActionReport, ...]
    """What became of commands that were under way: to be written down."""
    again: tuple[Action, ...]
    """Commands under a new attempt: to be written down before they are given."""
    todo: tuple[Action, ...]
    """Commands to give now, in order."""

    @property
    def unknown(self) -> ActionReport | None:
        """The report of a command that may or may not have been carried out; None when all is known."""
        return next((report for report in self.reports if report.status == "unknown"), None)


def recover(logged: tuple[LoggedAction, ...], reconcile: Callable[[Action], ActionReport]) -> Recovery:
    """Sort out a decision's commands.

    A command that was under way is looked up in documents, files and the device's journal. What was
    never given is given; what did not finish is given again under a new attempt. Absolute moves that
    come before any of these are made again as well: nobody knows where things stand after a crash.

    Parameters
    ----------
    logged
        The decision's commands in order.
    reconcile
        Finds out what became of one.
    """
    reports = {entry.action.step: reconcile(entry.action) for entry in logged if entry.state == "started"}
    states = {
        entry.action.step: reports[entry.action.step].status if entry.action.step in reports else entry.state
        for entry in logged
    }
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
    return Recovery(tuple(reports.values()), tuple(again), tuple(todo))


def resumed_text(history: History, found: Recovery) -> str:
    """What a resumed run found, in one sentence."""
    parts = [f"{len(history.decisions)} decisions"]
    for report in found.reports:
        kind = next((word for word in ("prepare", "load", "expose") if word in report.action_id), "command")
        parts.append(f"{kind} {report.status} ({report.sentence.rstrip('.')})")
    parts += [f"{action.kind} will be done again" for action in found.again]
    return f"Resumed: {'; '.join(parts)}."


def _next_attempt(action: Action) -> Action:
    """The same command once more, under an id of its own."""
    attempt = action.attempt + 1
    stem = action.action_id.removesuffix(f"-{action.attempt}")
    return action.model_copy(update={"attempt": attempt, "action_id": f"{stem}-{attempt}"})
