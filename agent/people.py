"""People beside a run: what they ask is heard at safe edges, obeyed there, and answered on record."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from agent.book import Book
from agent.ports import DecisionLog, Narrator
from models.domain.clock import SECONDS_PER_HOUR
from models.domain.decision import Actor, Decision, Override, Reason
from models.domain.history import Failure, History
from models.domain.point import Point
from models.domain.records import Event
from models.domain.request import (
    Answer,
    LoggedRequest,
    open_requests,
    standing_pause,
    veto_by,
)  # fmt: skip
from models.domain.space import SearchSpace
from models.domain.veto import Veto, veto_of

POLL_S = 1.0
"""How often people are asked while a run waits for them, s."""


@dataclass(frozen=True)
class Terms:
    """How a run deals with people."""

    space: SearchSpace | None = None
    """Where points may be pinned; None takes any."""
    veto_s: float = 0.0
    """How long each measurement waits for a veto, s."""
    sleep: Callable[[float], None] = time.sleep
    """Waits, s."""
    monotonic_s: Callable[[], float] = time.monotonic
    """Counts the time that a measurement waits, s."""


class People:
    """Hears people for a run, which asks it at each safe edge."""

    def __init__(
        self, log: DecisionLog, narrator: Narrator, make_safe: Callable[[], None], terms: Terms
    ) -> None:
        """Take what the run is built from; nobody is asked yet.

        Parameters
        ----------
        log
            Where requests are, and answers go.
        narrator
            Is told.
        make_safe
            Closes the shutter before a pause.
        terms
            How to deal with people.
        """
        self._log, self._narrator, self._make_safe, self._terms = log, narrator, make_safe, terms
        self._paused_by: int | None = None
        self._paused_at_s = 0.0

    def hear(self, book: Book, is_stopping: Callable[[], bool]) -> None:
        """Take up what was asked; come back when the run may go on, or has to stop."""
        while True:
            asked = self._log.requests()
            self._take_up(asked, book)
            pause = standing_pause(asked)
            if pause is None or is_stopping() or self.stop() is not None:
                self._paused_by = None if pause is None else self._paused_by
                return
            self._hold(pause, book)
            self._terms.sleep(POLL_S)

    def stop(self) -> LoggedRequest | None:
        """The request to stop that no run has obeyed yet."""
        return next(open_requests(self._log.requests(), "stop"), None)

    def pin(self, book: Book) -> LoggedRequest | None:
        """The pin that is to be obeyed now; those that cannot be had any more are refused on the way."""
        if not book.history.decisions:
            return None  # there is nothing to override yet
        for one in open_requests(self._log.requests(), "pin"):
            objections = self._objections(one.request.override().point, book.history)
            if not objections:
                return one
            sentence = f"It cannot be measured: {'; '.join(objections)}."
            book.answer([_answer(one, book, "refused", sentence)], [])
            self._tell("warning", "refused", f"the pin of {one.request.who}: {sentence}", book)
        return None

    def await_veto(self, decision: Decision, book: Book, is_stopping: Callable[[], bool]) -> Failure | None:
        """Give people time to forbid a decision that is on record and not begun.

        Returns
        -------
        Failure or None
            Why it is called off; None when it may be carried out.
        """
        veto_s = self._terms.veto_s
        deadline = self._terms.monotonic_s() + veto_s
        if veto_s > 0:
            self._tell("info", "waits", f"decision {decision.seq} waits {veto_s:g} s for a veto", book)
        while True:
            self.hear(book, is_stopping)
            failure = self._calling_off(decision, book.history, is_stopping())
            left_s = deadline - self._terms.monotonic_s()
            if failure is not None or left_s <= 0.0:
                return failure
            self._terms.sleep(min(POLL_S, left_s))

    def _objections(self, point: Point, history: History) -> list[str]:
        space = self._terms.space
        if space is None:
            return []
        if space.candidates and point.listed_as not in {one.listed_as for one in space.candidates}:
            return [f"{point.text()} is not among the points that exist"]
        return space.model_copy(update={"vetoed": history.standing_vetoes}).objections(point)

    def _calling_off(self, decision: Decision, history: History, is_stopping: bool) -> Failure | None:
        """Why a decision that is not begun is not to be carried out."""
        later = [v for v in history.vetoes if v.since > decision.seq and v.until is None]
        axes = () if self._terms.space is None else self._terms.space.axes
        veto = veto_of(decision.point, later, axes)
        if veto is not None:
            return Failure(seq=decision.seq, code="vetoed", sentence=f"Vetoed by {veto.who}: {veto.why}")
        stop = self.stop()
        if stop is None and not is_stopping:
            return None
        who = "Somebody" if stop is None else stop.request.who
        sentence = f"{who} asked to stop before its first command."
        return Failure(seq=decision.seq, code="withdrawn", sentence=sentence)

    def _take_up(self, asked: tuple[LoggedRequest, ...], book: Book) -> None:
        """Answer everything that can be answered at an edge, in one transaction."""
        answers: list[Answer] = []
        vetoes: list[Veto] = []
        pause = standing_pause(asked)
        standing = {veto.request: veto for veto in book.history.vetoes if veto.until is None}
        for one in asked:
            if one.is_open and one.request.kind == "resume":
                answers.append(_answer(one, book, "obeyed", self._resumed(book)))
            elif one.is_open and one.request.kind == "pause" and one != pause:
                answers.append(_answer(one, book, "overtaken", "It was taken back before it was obeyed."))
            elif one.is_open and one.request.kind == "veto":
                veto, answer = _taken_up(one, book)
                answers.append(answer)
                standing |= {} if veto is None else {one.id: veto}
                vetoes += [] if veto is None else [veto]
            elif one.is_open and one.request.kind == "lift":
                answers += _lifted(one, standing.pop(one.request.lifts or 0, None), book, vetoes)
            elif one.id in standing and one.request.hours is not None and one.age_s >= (
                one.request.hours * SECONDS_PER_HOUR
            ):  # fmt: skip
                veto = standing.pop(one.id)
                vetoes.append(veto.model_copy(update={"until": book.history.next_seq}))
                sentence = f"Its {one.request.hours:g} h are over; decision {book.history.next_seq} is free."
                answers.append(_answer(one, book, "lapsed", sentence))
        book.answer(answers, vetoes)
        known = {one.id: one for one in asked}
        for answer in answers:
            one = known[answer.request]
            self._tell(
                "info", "answered", f"{one.request.kind} by {one.request.who}: {answer.sentence}", book
            )

    def _hold(self, pause: LoggedRequest, book: Book) -> None:
        """Close the shutter and say that the run is paused, once."""
        if self._paused_by == pause.id:
            return
        if self._paused_by is None:
            self._make_safe()
            self._paused_at_s = self._terms.monotonic_s()
        self._paused_by = pause.id
        before = f"before decision {book.history.next_seq}"
        if pause.is_open:
            book.answer([_answer(pause, book, "obeyed", f"Paused {before}, the shutter closed.")], [])
        since, request = pause.stamp.utc[:19].replace("T", " "), pause.request
        sentence = (
            f"paused {before} since {since}Z by {request.who}: {request.why}. The shutter is closed; the "
            "hours of the budget go on counting. Go on with nightbeam resume"
        )
        self._tell("warning", "paused", sentence, book)

    def _resumed(self, book: Book) -> str:
        seq = book.history.next_seq
        if self._paused_by is None:
            return f"Decision {seq} is next: nothing was paused here."
        paused_s = self._terms.monotonic_s() - self._paused_at_s
        return f"Went on with decision {seq}, after {paused_s:.0f} s of pause in this run."

    def _tell(self, level: str, code: str, sentence: str, book: Book) -> None:
        """Tell a person what stands in the answers already."""
        event = {"level": level, "code": code, "sentence": sentence, "seq": book.history.next_seq}
        self._narrator.noted(Event.model_validate(event))


def override_decision(asked: Override, history: History) -> Decision:
    """The decision that a person asked for, in place of what the strategy would choose next."""
    return Decision(
        seq=history.next_seq,
        kind="human_override",
        point=asked.point,
        exposure_s=asked.exposure_s,
        actor=Actor(kind="human", name=asked.who),
        reason=Reason(code="override", sentence=asked.why),
        supersedes=history.decisions[-1].seq,
        watermark=history.watermark,
    )


def obeyed(asked: LoggedRequest | None, decision: Decision) -> tuple[Answer, ...]:
    """The answer that goes on record together with a decision that obeys a request."""
    if asked is None:
        return ()
    sentence = f"Decision {decision.seq} obeys it."
    return (Answer(request=asked.id, seq=decision.seq, code="obeyed", sentence=sentence),)


def _answer(one: LoggedRequest, book: Book, code: str, sentence: str) -> Answer:
    said = {"request": one.id, "seq": book.history.next_seq, "code": code, "sentence": sentence}
    return Answer.model_validate(said)


def _taken_up(one: LoggedRequest, book: Book) -> tuple[Veto | None, Answer]:
    """The veto that a request stands for, from the next decision on."""
    history, seq = book.history, one.request.seq
    if seq is not None and (not 1 <= seq < history.next_seq or history.decision(seq).point is None):
        return None, _answer(one, book, "refused", f"Decision {seq} measures nothing.")
    point = None if seq is None else history.decision(seq).point
    veto = veto_by(one.id, one.request, point, history.next_seq)
    until = "until it is lifted" if one.request.hours is None else f"for {one.request.hours:g} h"
    sentence = f"Nothing is measured there from decision {veto.since} on, {until}."
    return veto, _answer(one, book, "obeyed", sentence)


def _lifted(one: LoggedRequest, veto: Veto | None, book: Book, vetoes: list[Veto]) -> list[Answer]:
    """The answers to a lift and to the veto that it takes back."""
    seq = book.history.next_seq
    if veto is None:
        return [_answer(one, book, "refused", f"Veto {one.request.lifts} does not stand.")]
    vetoes.append(veto.model_copy(update={"until": seq}))
    sentence = f"{one.request.who} lifted it; decision {seq} is free."
    return [
        Answer(request=veto.request, seq=seq, code="lapsed", sentence=sentence),
        _answer(one, book, "obeyed", f"Veto {veto.request} is lifted; decision {seq} is free."),
    ]
