"""The doors of the loop: what it asks of an instrument, an analysis, a strategy and a log."""

from typing import Protocol, runtime_checkable

from agent.stopping import Ending
from models.domain.action import Action, ActionReport, Exposure, Outcome
from models.domain.artifact import Artifact
from models.domain.decision import Decision
from models.domain.history import History
from models.domain.records import Event, LoggedAction, Observed, Record
from models.domain.request import LoggedRequest


class Instrument(Protocol):
    """Something that measures."""

    def actions(self, decision: Decision) -> tuple[Action, ...]:
        """The physical commands that a decision asks for, in order. Nothing moves."""
        ...

    def perform(self, action: Action, decision: Decision) -> ActionReport:
        """Give one command and wait for its end.

        Raises
        ------
        BeamlineFault, UnreachablePoint
            When a device fails or the point cannot be presented. The beamline is safe then.
        """
        ...

    def reconcile(self, action: Action, decision: Decision) -> ActionReport:
        """What became of a command that was given before a crash.

        `succeeded` when documents, files or the device's journal prove it; `failed` when they prove
        that it did not finish (its leftovers are named in the report); `unknown` otherwise.
        """
        ...

    def make_safe(self) -> None:
        """Close the shutter."""
        ...


class Analysis(Protocol):
    """Something that reads an exposure."""

    def __call__(self, exposure: Exposure, blank: Exposure | None, history: History, /) -> Observed:
        """Reduce, with the frames added that the decision names; subtract the blank, judge, extract.

        Raises
        ------
        FrameRejected
            When nothing can be read from it at all.
        """
        ...


class Strategy(Protocol):
    """Something that chooses."""

    def propose(self, history: History) -> Decision:
        """The next decision, a function of the history alone."""
        ...


@runtime_checkable
class PerformsTogether(Protocol):
    """An instrument that can make a sample while another one is exposed: an optional power."""

    def perform_together(self, pair: tuple[Action, Action], decision: Decision) -> tuple[Outcome, Outcome]:
        """Give both commands and wait for the end of both: what came of each."""
        ...


@runtime_checkable
class ThinksAhead(Protocol):
    """A strategy that can decide while the instrument measures: an optional power."""

    def think(self, history: History) -> None:
        """Make the decision after the last one, whose outcome is awaited, for `propose` to give at once.

        It is called from a thread of its own, while nothing else is asked of the strategy.
        """
        ...


@runtime_checkable
class Readjusts(Protocol):
    """A strategy that may take the last sample again: an optional power."""

    def is_unfinished(self, history: History) -> bool:
        """True when that is what it will propose next: the budget of samples does not end it."""
        ...


class DecisionLog(Protocol):
    """Something that remembers."""

    def append(self, record: Record) -> None:
        """Write one record; it is on the disk when this returns.

        Raises
        ------
        LogUnavailable
            When it cannot be written: nothing may move then.
        """
        ...

    def history(self) -> History:
        """All that is on record."""
        ...

    def actions(self, seq: int) -> tuple[LoggedAction, ...]:
        """The commands of a decision in order, each in its last attempt."""
        ...

    def requests(self) -> tuple[LoggedRequest, ...]:
        """What people ask, in the order in which they did, with the answers so far; cheap to ask often."""
        ...


@runtime_checkable
class Equips(Protocol):
    """A strategy that says what a sample is made of: an optional power."""

    def equip(self, decision: Decision, history: History) -> Decision:
        """A decision that somebody else made, with the recipe for its sample.

        Raises
        ------
        UnreachablePoint
            When it cannot be made of what is left.
        """
        ...


def equipped(strategy: Strategy, decision: Decision, history: History) -> Decision:
    """A person's decision with the recipe for its sample, where samples are made by recipe.

    Raises
    ------
    UnreachablePoint
        When it cannot be made of what is left.
    """
    return strategy.equip(decision, history) if isinstance(strategy, Equips) else decision


def is_unfinished(strategy: Strategy, history: History) -> bool:
    """True when a strategy that can readjust wants the last sample once more before anything else."""
    return isinstance(strategy, Readjusts) and strategy.is_unfinished(history)


class Milestones(Protocol):
    """Something that says what is worth keeping besides a decision."""

    def __call__(self, history: History, decision: Decision) -> tuple[Artifact, ...]:
        """What to keep with a decision that is about to go on record."""
        ...


def no_milestones(history: History, decision: Decision) -> tuple[Artifact, ...]:
    """Nothing is kept besides."""
    del history, decision
    return ()


class Narrator(Protocol):
    """Something that tells a person what goes on. It never changes what happens."""

    def decided(self, decision: Decision) -> None:
        """A decision is on record."""
        ...

    def acting(self, action: Action) -> None:
        """A command is about to be given."""
        ...

    def learned(self, decision: Decision, history: History) -> None:
        """The outcome of a decision is on record: the history holds it."""
        ...

    def noted(self, event: Event) -> None:
        """Something else is on record."""
        ...

    def stopping(self, who: str) -> None:
        """Somebody asked to stop; the command in hand is finished first."""
        ...

    def ended(self, ending: Ending) -> None:
        """The run is over."""
        ...
