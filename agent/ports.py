"""The doors of the loop: what it asks of an instrument, an analysis, a strategy and a log."""

from typing import Protocol

from models.domain.history import (
    Action,
    ActionReport,
    Decision,
    Exposure,
    History,
    Observation,
)


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

    def __call__(self, exposure: Exposure, blank: Exposure | None) -> Observation:
        """Reduce, subtract the blank, judge, and extract features.

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
