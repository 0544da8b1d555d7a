"""The loop: decide, write it down, act, read, learn. It holds the only state of a run."""

from collections.abc import Callable
from contextlib import suppress

from agent.book import Book
from agent.debits import with_debits
from agent.pairs import grouped, perform
from agent.parts import Parts
from agent.people import People, obeyed, override_decision
from agent.ports import equipped, is_unfinished
from agent.resume import Recovery, end_of_fault, give_up, recover, resumed_text, told_of_ahead
from agent.stopping import Ending, ending_due, ending_of, reason_of
from agent.strategy.upkeep import blank_of
from agent.thinker import Thinker
from models.domain.action import Action, ActionReport, Exposure, Outcome
from models.domain.campaign import BudgetSpec
from models.domain.decision import MEASURING_KINDS, Actor, Decision, Override
from models.domain.errors import (
    BeamlineFault,
    BeamlineUnsafe,
    FrameRejected,
    LeaseLost,
    LogUnavailable,
    UnreachablePoint,
)  # fmt: skip
from models.domain.history import Duration, Failure, History
from models.domain.records import Decided, Ended, Observed, Retried, Started
from models.domain.request import Answer


class Loop:
    """One run of a campaign, from its history to an ending."""

    def __init__(
        self, parts: Parts, budget: BudgetSpec, now_utc: Callable[[], str], began_utc: str | None
    ) -> None:
        """Take the parts; nothing moves yet.

        Parameters
        ----------
        parts
            What the loop is built from.
        budget
            When to stop.
        now_utc
            Tells the time, ISO 8601.
        began_utc
            When the campaign began, ISO 8601; None where the instrument's own clock alone counts its hours.
        """
        self._parts, self._budget = parts, budget
        self._now_utc, self._began_utc = now_utc, began_utc
        self._thinker = Thinker(parts.strategy)
        self._stop_request: str | None = None
        self._override: Override | None = None
        self.is_over = False
        """True when its ending is on record: nothing is left to stop, only the shutter to close."""
        self._book = Book(parts.log, parts.narrator)
        self._people = People(parts.log, parts.narrator, parts.instrument.make_safe, parts.terms)

    @property
    def history(self) -> History:
        """All that is known so far."""
        return self._book.history

    def request_stop(self, who: str) -> None:
        """Ask the loop to end after the measurement in hand."""
        self._stop_request = who
        self._parts.narrator.stopping(who)

    def request_override(self, override: Override) -> None:
        """Ask the loop to measure a person's point next, in place of what the strategy would choose."""
        self._override = override

    def run(self) -> Ending:
        """Go on from the history until an ending is due.

        The shutter is closed on every way out, but for one: when another agent has taken over, the
        instrument is theirs.
        """
        make_safe = self._parts.instrument.make_safe
        try:
            make_safe()
            self._people.hear(self._book, self._is_stopping)
            self._finish_last()
            ending = self._next_ending()
            while ending is None:
                ending = self._take_a_turn() or self._next_ending()
            self.is_over = True
            make_safe()
        except LeaseLost:
            raise
        except BaseException as error:
            self._leave_safe(error)
            raise
        finally:
            self._thinker.close()
        self._parts.narrator.ended(ending)
        return ending

    def _leave_safe(self, error: BaseException) -> None:
        """Close the shutter on the way out; when it stays open, call a person, and say so on record."""
        sentence = str(error) if isinstance(error, BeamlineUnsafe) else None
        try:
            self._parts.instrument.make_safe()
        except BeamlineFault as fault:
            sentence = str(fault) if str(fault) in str(error) else f"{error} {fault}"
        if sentence is None:
            return
        if not isinstance(error, LogUnavailable):
            with suppress(LogUnavailable):
                self._book.note("alarm", "unsafe", sentence)
        raise BeamlineUnsafe(sentence) from error

    def _is_stopping(self) -> bool:
        return self._stop_request is not None

    def _next_ending(self) -> Ending | None:
        """The ending that is due, written down as a decision unless it stands there already."""
        for event in self._parts.outbox():
            self._book.note_event(event)
        self._people.hear(self._book, self._is_stopping)
        asked, history, actor = self._people.stop(), self.history, Actor()
        if asked is not None:
            sentence = f"{asked.request.who} asked to stop: {asked.request.why}"
            ending = Ending("person", sentence, is_finished=False)
            actor = Actor(kind="human", name=asked.request.who)
        elif self._stop_request is not None:
            ending = Ending("person", f"{self._stop_request} asked to stop.", is_finished=False)
        else:
            due = ending_due(self._budget, history, self._began_utc, self._now_utc())
            if due is None or (due.is_finished and is_unfinished(self._parts.strategy, history)):
                return None
            ending = due
        stop = Decision(
            seq=history.next_seq, kind="stop", point=None, reason=reason_of(ending),
            watermark=history.watermark, actor=actor,
        )  # fmt: skip
        self._stop(stop, obeyed(asked, stop))
        return ending

    def _stop(self, decision: Decision, answers: tuple[Answer, ...] = ()) -> None:
        """Write a stop down, unless an earlier run ended for the same reason and nothing came after."""
        last = self.history.decisions[-1] if self.history.decisions else None
        is_new = last is None or last.kind != "stop" or last.reason.code != decision.reason.code
        if is_new or answers:
            self._decide(decision, (), answers)

    def _take_a_turn(self) -> Ending | None:
        """Measure what a person pinned, else what the strategy chooses."""
        pin, asked = self._people.pin(self._book), self._override
        if pin is not None:
            decision = override_decision(pin.request.override(), self.history)
            return self._override_with(decision, obeyed(pin, decision))
        if asked is not None and self.history.decisions:
            self._override = None
            return self._override_with(override_decision(asked, self.history))
        return self._carry_out(self._thinker.propose(self.history))

    def _override_with(self, decision: Decision, answers: tuple[Answer, ...] = ()) -> Ending | None:
        """Carry out what a person asked for; closed with the reason where its sample cannot be made."""
        try:
            made = equipped(self._parts.strategy, decision, self.history)
        except UnreachablePoint as error:
            self._decide(decision, (), answers)
            self._close(decision, Failure(seq=decision.seq, code="UnreachablePoint", sentence=str(error)))
            return None
        return self._carry_out(made, answers)

    def _carry_out(self, decision: Decision, answers: tuple[Answer, ...] = ()) -> Ending | None:
        """Write a decision down and do what it says; an ending when it is to stop."""
        if decision.kind == "stop":
            self._stop(decision)
            return ending_of(decision)
        actions = self._parts.instrument.actions(decision) if decision.point else ()
        refusal = self._refusal(decision, actions)
        self._decide(decision, () if refusal else actions, answers)
        if refusal is None:
            if ending_due(self._budget, self.history, None, "") is None:
                self._thinker.think(self.history)
            if self._parts.terms.veto_s > 0 and decision.kind in MEASURING_KINDS:
                refusal = self._people.await_veto(decision, self._book, self._is_stopping)
        if refusal is not None:
            self._close(decision, refusal)
            return None
        if self._act_on(actions, decision):
            self._read(decision, self.history.exposure(decision.seq))
        return None

    def _decide(
        self, decision: Decision, actions: tuple[Action, ...], answers: tuple[Answer, ...] = ()
    ) -> None:
        artifacts = self._parts.milestones(self.history, decision)
        record = Decided(decision=decision, actions=actions, artifacts=artifacts, answers=answers)
        self._parts.log.append(record)
        self._book.history = self.history.plus(decision)
        self._parts.narrator.decided(decision)

    def _act_on(self, actions: tuple[Action, ...], decision: Decision) -> bool:
        """Give commands in order, a sample made ahead together with the exposure; False when given up."""
        for together in grouped(actions, decision, self._parts.instrument):
            for action in together:
                self._parts.log.append(Started(action_id=action.action_id))
                self._parts.narrator.acting(action)
            outcomes = perform(together, decision, self._parts.instrument)
            went = [
                self._end(action, decision, outcome)
                for action, outcome in zip(together, outcomes, strict=True)
            ]
            if not all(went):
                self._parts.narrator.learned(decision, self.history)
                return False
        return True

    def _end(self, action: Action, decision: Decision, outcome: Outcome) -> bool:
        """Write down how a command ended; False when the decision is given up for it."""
        if isinstance(outcome, ActionReport):
            self._book.end(with_debits(Ended(report=outcome), action, decision))
            if outcome.duration_s is not None:
                took = Duration(seq=action.seq, kind=action.kind, seconds=outcome.duration_s)
                self._book.history = self.history.plus(took)
            return True
        found = self._parts.instrument.reconcile(action, decision)
        ended = end_of_fault(action, found, outcome, decision)
        self._book.end(with_debits(ended, action, decision))
        if ended.failure is None:
            self._book.note("warning", "not_made_ahead", told_of_ahead(ended.report, action), decision.seq)
        return ended.failure is None

    def _refusal(self, decision: Decision, actions: tuple[Action, ...]) -> Failure | None:
        """Why a decision may not be carried out: a sample that it names is quarantined."""
        named = {action.sample for action in actions}
        barred = next((q for q in self.history.quarantines if q.sample in named), None)
        if barred is None:
            return None
        sentence = f"Sample {barred.sample} is quarantined since decision {barred.seq}: {barred.sentence}"
        return Failure(seq=decision.seq, code="quarantined", sentence=sentence)

    def _read(self, decision: Decision, exposure: Exposure | None) -> None:
        """Read what was exposed and learn from it."""
        outcome: Observed | Failure
        if exposure is None:
            outcome = Failure(
                seq=decision.seq, code="nothing_exposed", sentence="The instrument exposed nothing."
            )
        else:
            blank = blank_of(self.history, decision)
            try:
                outcome = self._parts.analysis(exposure, blank, self.history)
            except FrameRejected as error:
                outcome = Failure(seq=decision.seq, code="FrameRejected", sentence=str(error))
        self._close(decision, outcome)

    def _close(self, decision: Decision, outcome: Observed | Failure) -> None:
        """Write down what came of a decision."""
        self._book.close(outcome)
        self._parts.narrator.learned(decision, self.history)

    def _finish_last(self) -> None:
        """After a crash: find out what became of the last decision, and bring it to its outcome."""
        if not self.history.decisions:
            return
        decision = self.history.decisions[-1]
        is_open = decision.point is not None and not self.history.has_outcome(decision)
        logged = self._parts.log.actions(decision.seq) if is_open else ()
        found = recover(logged, lambda action: self._parts.instrument.reconcile(action, decision), decision)
        level = "warning" if found.unknown else "info"
        self._book.note(level, "resumed", resumed_text(self.history, found))
        if not is_open or not self._settle(decision, found):
            return
        if decision.kind in MEASURING_KINDS and all(entry.state == "planned" for entry in logged):
            called_off = self._people.await_veto(decision, self._book, self._is_stopping)
            if called_off is not None:
                self._close(decision, called_off)
                return
        if self._act_on(found.todo, decision):
            self._read(decision, self.history.exposure(decision.seq))

    def _settle(self, decision: Decision, found: Recovery) -> bool:
        """Write down what was found; False when the decision has to be given up for it."""
        for action, report in zip(found.under_way, found.reports, strict=True):
            self._book.end(with_debits(give_up(decision, found, report), action, decision))
        for report in found.reports:
            if report.status == "unknown":
                self._book.note("alarm", "unknown", report.sentence, decision.seq)
        if found.unknown is not None:
            self._parts.narrator.learned(decision, self.history)
            return False
        if found.again:
            self._parts.log.append(Retried(actions=found.again))
        return True
