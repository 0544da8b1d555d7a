"""The loop: decide, write it down, act, read, learn. It holds the only state of a run."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from agent.debits import with_debits
from agent.ports import (
    Analysis,
    DecisionLog,
    Instrument,
    Milestones,
    Narrator,
    Strategy,
    equipped,
    is_unfinished,
    no_milestones,
)
from agent.resume import Recovery, end_of_fault, give_up, recover, resumed_text
from agent.stopping import Ending, ending_due, ending_of, reason_of
from agent.strategy.upkeep import blank_of
from agent.thinker import Thinker
from models.domain.action import Action, ActionReport, Exposure
from models.domain.campaign import BudgetSpec
from models.domain.decision import Actor, Decision, Override, Reason
from models.domain.errors import (
    BeamlineFault,
    BeamlineUnsafe,
    FrameRejected,
    LeaseLost,
    LogUnavailable,
    UnreachablePoint,
)  # fmt: skip
from models.domain.history import Duration, Failure
from models.domain.records import Decided, Ended, Event, Observed, Retried, Started

SURVIVABLE = (BeamlineFault, UnreachablePoint)
"""What an instrument may raise: recorded, and the campaign goes on."""


@dataclass(frozen=True)
class Parts:
    """What the loop is built from."""

    instrument: Instrument
    """What measures."""
    analysis: Analysis
    """What reads."""
    strategy: Strategy
    """What chooses."""
    log: DecisionLog
    """What remembers."""
    narrator: Narrator
    """What tells a person."""
    milestones: Milestones = no_milestones
    """What is worth keeping besides a decision."""


class Loop:
    """One run of a campaign, from its history to an ending."""

    def __init__(self, parts: Parts, budget: BudgetSpec, now_utc: Callable[[], str], began_utc: str) -> None:
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
            When the campaign began, ISO 8601.
        """
        self._parts, self._budget = parts, budget
        self._now_utc, self._began_utc = now_utc, began_utc
        self._thinker = Thinker(parts.strategy)
        self._stop_request: str | None = None
        self._override: Override | None = None
        self.is_over = False
        """True when its ending is on record: nothing is left to stop, only the shutter to close."""
        self.history = parts.log.history()
        """All that is known so far."""

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
            self._finish_last()
            ending = self._next_ending()
            while ending is None:
                decision = self._overriding() or self._thinker.propose(self.history)
                ending = self._carry_out(decision) or self._next_ending()
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
                self._note("alarm", "unsafe", sentence)
        raise BeamlineUnsafe(sentence) from error

    def _next_ending(self) -> Ending | None:
        """The ending that is due, written down as a decision unless it stands there already."""
        if self._stop_request is not None:
            ending = Ending("person", f"{self._stop_request} asked to stop.", is_finished=False)
        else:
            due = ending_due(self._budget, self.history, self._began_utc, self._now_utc())
            if due is None or (due.is_finished and is_unfinished(self._parts.strategy, self.history)):
                return None
            ending = due
        history = self.history
        self._stop(
            Decision(
                seq=history.next_seq, kind="stop", point=None, reason=reason_of(ending),
                watermark=history.watermark,
            )
        )  # fmt: skip
        return ending

    def _stop(self, decision: Decision) -> None:
        """Write a stop down, unless an earlier run ended for the same reason and nothing came after."""
        last = self.history.decisions[-1] if self.history.decisions else None
        if last is None or last.kind != "stop" or last.reason.code != decision.reason.code:
            self._decide(decision, ())

    def _overriding(self) -> Decision | None:
        """The decision that a person asked for; None when nobody did, or there is nothing to override yet."""
        asked, history = self._override, self.history
        if asked is None or not history.decisions:
            return None
        self._override = None
        decision = Decision(
            seq=history.next_seq,
            kind="human_override",
            point=asked.point,
            exposure_s=asked.exposure_s,
            actor=Actor(kind="human", name=asked.who),
            reason=Reason(code="override", sentence=asked.why),
            supersedes=history.decisions[-1].seq,
            watermark=history.watermark,
        )
        return equipped(self._parts.strategy, decision, history)

    def _carry_out(self, decision: Decision) -> Ending | None:
        """Write a decision down and do what it says; an ending when it is to stop."""
        if decision.kind == "stop":
            self._stop(decision)
            return ending_of(decision)
        actions = self._parts.instrument.actions(decision) if decision.point else ()
        refusal = self._refusal(decision, actions)
        if refusal is not None:
            self._decide(decision, ())
            self._close(decision, refusal)
            return None
        self._decide(decision, actions)
        if ending_due(self._budget, self.history, None, "") is None:
            self._thinker.think(self.history)
        exposure: Exposure | None = None
        for action in actions:
            report = self._act(action, decision)
            if report is None:
                return None
            exposure = report.exposure or exposure
        self._read(decision, exposure)
        return None

    def _decide(self, decision: Decision, actions: tuple[Action, ...]) -> None:
        artifacts = self._parts.milestones(self.history, decision)
        self._parts.log.append(Decided(decision=decision, actions=actions, artifacts=artifacts))
        self.history = self.history.plus(decision)
        self._parts.narrator.decided(decision)

    def _act(self, action: Action, decision: Decision) -> ActionReport | None:
        """Give one command; None when it failed and the decision is given up."""
        self._parts.log.append(Started(action_id=action.action_id))
        self._parts.narrator.acting(action)
        try:
            report = self._parts.instrument.perform(action, decision)
        except SURVIVABLE as error:
            found = self._parts.instrument.reconcile(action, decision)
            self._end(with_debits(end_of_fault(action, found, error), action, decision))
            self._parts.narrator.learned(decision, self.history)
            return None
        self._end(with_debits(Ended(report=report), action, decision))
        if report.duration_s is not None:
            took = Duration(seq=action.seq, kind=action.kind, seconds=report.duration_s)
            self.history = self.history.plus(took)
        return report

    def _refusal(self, decision: Decision, actions: tuple[Action, ...]) -> Failure | None:
        """Why a decision may not be carried out: a sample that it names is quarantined."""
        named = {action.sample for action in actions}
        barred = next((q for q in self.history.quarantines if q.sample in named), None)
        if barred is None:
            return None
        sentence = f"Sample {barred.sample} is quarantined since decision {barred.seq}: {barred.sentence}"
        return Failure(seq=decision.seq, code="quarantined", sentence=sentence)

    def _end(self, ended: Ended) -> None:
        self._parts.log.append(ended)
        if ended.report.exposure is not None:
            self.history = self.history.plus(ended.report.exposure)
        if ended.failure is not None:
            self.history = self.history.plus(ended.failure)
        if ended.quarantine is not None:
            self.history = self.history.plus(ended.quarantine)
        for debit in ended.debits:
            self.history = self.history.plus(debit)

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
        self._parts.log.append(outcome)
        self.history = self.history.plus(outcome.observation if isinstance(outcome, Observed) else outcome)
        self._parts.narrator.learned(decision, self.history)

    def _finish_last(self) -> None:
        """After a crash: find out what became of the last decision, and bring it to its outcome."""
        if not self.history.decisions:
            return
        decision = self.history.decisions[-1]
        is_open = decision.point is not None and not self.history.has_outcome(decision)
        found = Recovery((), (), (), ())
        if is_open:
            found = recover(
                self._parts.log.actions(decision.seq),
                lambda action: self._parts.instrument.reconcile(action, decision),
            )
        level = "warning" if found.unknown else "info"
        self._note(level, "resumed", resumed_text(self.history, found))
        if not is_open or not self._settle(decision, found):
            return
        if all(self._act(action, decision) is not None for action in found.todo):
            self._read(decision, self.history.exposure(decision.seq))

    def _settle(self, decision: Decision, found: Recovery) -> bool:
        """Write down what was found; False when the decision has to be given up for it."""
        for action, report in zip(found.under_way, found.reports, strict=True):
            self._end(with_debits(give_up(decision, found, report), action, decision))
        if found.unknown is not None:
            self._note("alarm", "unknown", found.unknown.sentence, decision.seq)
            self._parts.narrator.learned(decision, self.history)
            return False
        if found.again:
            self._parts.log.append(Retried(actions=found.again))
        return True

    def _note(self, level: str, code: str, sentence: str, seq: int | None = None) -> None:
        event = Event.model_validate({"level": level, "code": code, "sentence": sentence, "seq": seq})
        self._parts.log.append(event)
        self._parts.narrator.noted(event)
