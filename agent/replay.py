"""Computed again: what the record alone says a decision should have been, beside what it was."""

import json
from dataclasses import dataclass
from statistics import pstdev
from typing import Literal, Protocol, runtime_checkable

from agent.agreement import TRAINING_SET, Agreement, Pair, Scales, compare
from agent.ports import Strategy, is_unfinished
from agent.stopping import ending_due, reason_of
from agent.strategy.problem import Problem
from agent.strategy.stack import build_chooser, build_strategy
from models.domain.campaign import CampaignSpec
from models.domain.decision import Decision
from models.domain.errors import NightbeamError
from models.domain.history import History

ReplayVerdict = Literal["exact", "within tolerance", "differs", "refused", "not computed"]
"""How a decision fared. `exact` is bit for bit; `refused` had its model state edited."""
PERSONS_CODES = frozenset({"person"})
"""Reasons of a stop that a person gave and the agent wrote down."""
ELSEWHERE = frozenset({"pause", "skip", "calibration", "human_override"})
"""Kinds of decision that no strategy makes."""


@dataclass(frozen=True)
class Circumstances:
    """Under what a decision was made, besides what was known."""

    spec: CampaignSpec
    """The campaign file in force."""
    began_utc: str
    """When the campaign began, ISO 8601."""
    utc: str
    """When the decision was written down, ISO 8601."""
    model_sha256: str | None = None
    """SHA-256 of its model state, as the log has it; None where it has no model."""


@dataclass(frozen=True)
class Replayed:
    """What came of computing a decision again."""

    seq: int
    """The decision."""
    kind: str
    """Its sort."""
    verdict: ReplayVerdict
    """How it fared."""
    sentence: str
    """Why, in one plain sentence."""

    @property
    def is_good(self) -> bool:
        """False when the record and the computation contradict each other."""
        return self.verdict not in ("differs", "refused")


@runtime_checkable
class Restorable(Protocol):
    """A strategy that can use a logged model state in place of a fit of its own: an optional power."""

    def with_state(self, state_json: str) -> Strategy:
        """The same strategy with that state; `BadInput` on use when it is not one of its model."""
        ...


def replay(problem: Problem, history: History, seq: int, under: Circumstances) -> Replayed:
    """Compute a decision again from what was known when it was made, and compare.

    Parameters
    ----------
    problem
        The task, as the log has it.
    history
        What is on record; all that came after the decision is left aside.
    seq
        The decision.
    under
        Under what it was made.

    Raises
    ------
    BadInput
        When the strategy that the campaign file names cannot be built here.
    """
    logged = history.decision(seq)
    objection = _objection(logged, under.model_sha256)
    if objection is not None:
        return Replayed(seq, logged.kind, "refused", objection)
    if logged.actor.kind != "agent" or logged.kind in ELSEWHERE or _is_persons_stop(logged):
        return Replayed(seq, logged.kind, "not computed", "a person decided.")
    known = history_before(history, seq)
    strategy = build_strategy(under.spec, problem)
    try:
        again = _due_stop(logged, known, under, problem, strategy) or strategy.propose(known)
    except NightbeamError as error:
        return Replayed(seq, logged.kind, "differs", f"nothing is proposed now: {error}")
    agreement = compare(logged, again, Scales(problem.space, _spread(problem, known)))
    first = agreement.first
    if first is None or first.name == TRAINING_SET or again.kind != logged.kind or again.model is None:
        return _judged(logged, agreement)
    return _restored(problem, known, logged, under, first) or _judged(logged, agreement)


def history_before(history: History, seq: int) -> History:
    """What was known when a decision was made: the decisions before it, and outcomes up to its watermark."""
    # An edited watermark does not let a decision know its own outcome.
    watermark = min(history.decision(seq).watermark, seq - 1)
    return history.model_copy(update={"decisions": history.decisions[: seq - 1]}).up_to(watermark)


def _objection(logged: Decision, model_sha256: str | None) -> str | None:
    """Why a model state is refused; None when it is as it was written."""
    found = logged.model.sha256 if logged.model else None
    if found != model_sha256:
        return (
            f"the model state on record has SHA-256 {_short(found)}, the log says {_short(model_sha256)}: "
            "it was edited, and is not used."
        )
    try:
        json.loads(logged.model.canonical_json if logged.model else "null")
    except (ValueError, RecursionError) as error:
        return f"the model state on record is not JSON ({error}), and is not used."
    return None


def _short(sha256: str | None) -> str:
    return sha256[:12] if sha256 else "none"


def _is_persons_stop(logged: Decision) -> bool:
    return logged.kind == "stop" and logged.reason.code in PERSONS_CODES


def _due_stop(
    logged: Decision, known: History, under: Circumstances, problem: Problem, strategy: Strategy
) -> Decision | None:
    """The stop that a limit asked for before this decision; None when none did.

    The loop looks at the clock a moment before it writes. Only a stop is held against its own time:
    what was measured near the end of the hours was decided just before it.
    """
    is_by_the_wall = logged.kind == "stop" and not problem.is_time_simulated
    began_utc = under.began_utc if is_by_the_wall else None
    due = ending_due(under.spec.budget, known, began_utc, under.utc)
    if due is None or (due.is_finished and is_unfinished(strategy, known)):
        return None
    return Decision(seq=logged.seq, kind="stop", point=None, reason=reason_of(due), watermark=known.watermark)


def _spread(problem: Problem, known: History) -> float:
    """Standard deviation of the values that were learned from, in the feature's unit."""
    objective = problem.objective
    shown = [objective.shown(observation) for _, observation in known.accepted()]
    values = [one.value for found in shown for one in found if one.name == objective.quantity]
    return pstdev(values) if len(values) > 1 else 0.0


def _judged(logged: Decision, agreement: Agreement) -> Replayed:
    if agreement.first is not None:
        return Replayed(logged.seq, logged.kind, "differs", _difference(logged, agreement.first))
    if agreement.is_exact:
        return Replayed(logged.seq, logged.kind, "exact", "bit for bit.")
    return Replayed(logged.seq, logged.kind, "within tolerance", _nearness(agreement))


def _difference(logged: Decision, first: Pair) -> str:
    """What differs first, and what that means."""
    if first.name != TRAINING_SET:
        return f"{first.text()}."
    learned_from = f"decisions 1 to {min(logged.watermark, logged.seq - 1)}"
    return (
        f"what {learned_from} teach now is not what it learned from: an outcome on record was edited (ask "
        f"nightbeam verify), or this version reads it otherwise "
        f"({first.name}: {first.then[:12]} then, {first.now[:12]} now)."
    )


def _nearness(agreement: Agreement) -> str:
    """How near two versions within the tolerance are."""
    pair = agreement.farthest
    if pair is None:
        return "all values are equal; what is said of them is worded otherwise."
    return f"at most {pair.deviation:.1e} of {pair.scale_name} ({pair.text()})."


def _restored(
    problem: Problem, known: History, logged: Decision, under: Circumstances, first: Pair
) -> Replayed | None:
    """The verdict with the hyperparameters on record, where what is found now differs first in `first`.

    None when the strategy cannot take them.
    """
    chooser = build_chooser(under.spec, problem)
    if logged.model is None or not isinstance(chooser, Restorable):
        return None
    try:
        again = chooser.with_state(logged.model.canonical_json).propose(known)
    except NightbeamError:
        return None
    agreement = compare(logged, again, Scales(problem.space, _spread(problem, known)))
    if agreement.first is None:
        near = "bit for bit." if agreement.is_exact else _nearness(agreement)
        sentence = f"the fit lands elsewhere now ({first.text()}); with the hyperparameters on record: {near}"
        return Replayed(logged.seq, logged.kind, "within tolerance", sentence)
    also = (
        "" if agreement.first == first else f"; with the hyperparameters on record, {agreement.first.text()}"
    )
    return Replayed(logged.seq, logged.kind, "differs", f"{first.text()}{also}.")
