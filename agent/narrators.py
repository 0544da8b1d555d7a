"""Who is told what goes on: nobody, or a log of plain lines."""

from collections.abc import Callable

from agent.stopping import Ending
from models.domain.action import Action
from models.domain.decision import Decision
from models.domain.history import History
from models.domain.objective import ObjectiveBase
from models.domain.records import Event
from models.domain.wording import outcome_text


class Silent:
    """Tells nobody."""

    def decided(self, decision: Decision) -> None:
        """Say nothing."""

    def acting(self, action: Action) -> None:
        """Say nothing."""

    def learned(self, decision: Decision, history: History) -> None:
        """Say nothing."""

    def noted(self, event: Event) -> None:
        """Say nothing."""

    def stopping(self, who: str) -> None:
        """Say nothing."""

    def ended(self, ending: Ending) -> None:
        """Say nothing."""


def stopping_text(who: str) -> str:
    """What is said to somebody who asked to stop."""
    return f"{who}: stopping after the measurement in hand; once more ends it at once."


class PlainLines:
    """One line a decision, for a terminal that is not one: a log file, a batch job."""

    def __init__(self, write: Callable[[str], None], objective: ObjectiveBase) -> None:
        """Take the function that writes a line, and what is sought."""
        self._write, self._objective = write, objective

    def decided(self, decision: Decision) -> None:
        """Write where and why."""
        where = f" at {decision.point.text()}" if decision.point else ""
        self._write(f"{decision.seq:4d} {decision.kind}{where}: {decision.reason.sentence}")

    def acting(self, action: Action) -> None:
        """Say nothing: the outcome is enough."""

    def learned(self, decision: Decision, history: History) -> None:
        """Write what came of it."""
        self._write(f"{decision.seq:4d} -> {outcome_text(history, decision, self._objective)}")

    def noted(self, event: Event) -> None:
        """Write the event."""
        self._write(f"     {event.level}: {event.sentence}")

    def stopping(self, who: str) -> None:
        """Write that the request was heard."""
        self._write(f"     {stopping_text(who)}")

    def ended(self, ending: Ending) -> None:
        """Write how it ended."""
        self._write(f"     {ending.sentence}")
