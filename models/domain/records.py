"""What the log is told: each record becomes one transaction."""

from typing import Literal

from pydantic import Field

from models.domain.action import Action, ActionReport
from models.domain.artifact import Artifact
from models.domain.decision import Decision
from models.domain.frozen import Frozen
from models.domain.history import Failure, Observation, Quarantine
from models.domain.recipe import Debit
from models.domain.request import Answer, Request


class Decided(Frozen):
    """A decision and the commands that will follow from it: the intent, before anything moves."""

    decision: Decision
    """The decision."""
    actions: tuple[Action, ...]
    """Its commands, in order."""
    artifacts: tuple[Artifact, ...] = ()
    """What is worth keeping besides: a map of what was believed, at milestones."""
    answers: tuple[Answer, ...] = ()
    """What people asked and this decision obeys."""


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
    quarantine: Quarantine | None = None
    """Given when a sample may not be used any more after it."""
    debits: tuple[Debit, ...] = ()
    """What it took off the deck: of a command of which nobody can tell, all that it may have taken."""


class Retried(Frozen):
    """Commands that will be given again after a crash, each under a new attempt."""

    actions: tuple[Action, ...]
    """The commands with their new attempts, in order."""


class Observed(Frozen):
    """What an exposure said, with the curve and the fits behind it."""

    observation: Observation
    """What it said."""
    artifacts: tuple[Artifact, ...] = ()
    """The reduced curve and the fits, byte for byte."""


class Annotation(Frozen):
    """What a person says about a campaign or one of its decisions; it changes nothing that happened."""

    kind: Literal["note", "review", "sign_off"]
    """Sort of annotation."""
    who: str = Field(min_length=1)
    """The person."""
    text: str = Field(min_length=1)
    """What is said."""
    seq: int | None = None
    """`seq` of the decision it belongs to; None for the whole campaign."""


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


class Answered(Frozen):
    """What a run did about requests, besides deciding."""

    answers: tuple[Answer, ...] = Field(min_length=1)
    """The answers, in order."""


Record = Decided | Started | Ended | Retried | Observed | Failure | Event | Annotation | Request | Answered
"""Everything that can be appended."""


class LoggedAction(Frozen):
    """A command of a decision, in its last attempt, and how far the log says that it got."""

    action: Action
    """The command."""
    state: Literal["planned", "started", "succeeded", "failed", "unknown"]
    """`planned` when it was never given; `started` when it was, and how it ended is not on record."""
