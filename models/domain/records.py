"""What the log is told: each record becomes one transaction."""

from typing import Literal

from models.domain.frozen import Frozen
from models.domain.history import Action, ActionReport, Decision, Failure, Observation


class Decided(Frozen):
    """A decision and the commands that will follow from it: the intent, before anything moves."""

    decision: Decision
    """The decision."""
    actions: tuple[Action, ...]
    """Its commands, in order."""


class Started(Frozen):
    """A command is about to be given."""

    action_id: str
    """The command."""


class Ended(Frozen):
    """A command has ended, and what follows from that at once."""

    report: ActionReport
    """How it ended."""
    failure: Failure | None = None
    """Given when the decision is given up for it."""
    retry: Action | None = None
    """Given when the command will be given again, under a new attempt."""


class Event(Frozen):
    """Something worth telling that is neither a decision nor an action."""

    level: Literal["info", "warning", "alarm"]
    """How much it matters."""
    code: str
    """Short and stable, for filters: ``resumed``."""
    sentence: str
    """One plain sentence."""
    seq: int | None = None
    """`seq` of the decision it belongs to, if any."""


Record = Decided | Started | Ended | Observation | Failure | Event
"""Everything that can be appended."""


class PendingAction(Frozen):
    """A command that is on record and has not ended."""

    action: Action
    """The command, in its last attempt."""
    is_started: bool
    """True when it was given before the crash: it may or may not have been carried out."""
