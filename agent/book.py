"""What a run writes down: each record is on the disk before the history holds it, and then it is told."""

from agent.ports import DecisionLog, Narrator
from models.domain.history import Failure
from models.domain.records import Answered, Ended, Event, Observed
from models.domain.request import Answer
from models.domain.veto import Veto


class Book:
    """The log and the history side by side."""

    def __init__(self, log: DecisionLog, narrator: Narrator) -> None:
        """Read all that is on record."""
        self._log, self._narrator = log, narrator
        self.history = log.history()
        """All that is known so far."""

    def end(self, ended: Ended) -> None:
        """Write down how a command ended, and what follows from that at once."""
        self._log.append(ended)
        for found in (ended.report.exposure, ended.failure, ended.quarantine, *ended.debits):
            if found is not None:
                self.history = self.history.plus(found)

    def close(self, outcome: Observed | Failure) -> None:
        """Write down what came of a decision."""
        self._log.append(outcome)
        self.history = self.history.plus(outcome.observation if isinstance(outcome, Observed) else outcome)

    def answer(self, answers: list[Answer], vetoes: list[Veto]) -> None:
        """Write down what was done about requests, and which vetoes stand or fall with that."""
        if answers:
            self._log.append(Answered(answers=tuple(answers)))
        for veto in vetoes:
            self.history = self.history.plus(veto)

    def note(self, level: str, code: str, sentence: str, seq: int | None = None) -> None:
        """Write down something else that is worth telling."""
        self.note_event(
            Event.model_validate({"level": level, "code": code, "sentence": sentence, "seq": seq})
        )

    def note_event(self, event: Event) -> None:
        """Write down an event, and tell it."""
        self._log.append(event)
        self._narrator.noted(event)
