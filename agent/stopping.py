"""When a campaign ends."""

from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from models.domain.campaign import BudgetSpec
from models.domain.clock import SECONDS_PER_HOUR
from models.domain.decision import EXPOSING_KINDS, MEASURING_KINDS, Decision, Reason
from models.domain.history import NEVER_BEGUN, History

ROUNDING = 1e-9
MOST_BLANKS = 12
"""Blanks in a row after which something is wrong with a night that never comes to a sample."""
FINISHED = frozenset({"finished", "exhausted", "known", "unchanged", "little_gain", "gain_below_cost"})
"""Reasons to stop that mean that all was done or found that was asked for; others are limits, or a person."""


@dataclass(frozen=True)
class Ending:
    """How a run ended."""

    code: str
    """``finished``, or the limit that was reached."""
    sentence: str
    """One plain sentence."""
    is_finished: bool
    """True when the campaign did all it set out to do; False when a limit or a person stopped it."""


def ending_due(budget: BudgetSpec, history: History, began_utc: str | None, now_utc: str) -> Ending | None:
    """The ending that is due after what happened so far; None when the campaign goes on.

    Parameters
    ----------
    budget
        The limits.
    history
        What happened.
    began_utc, now_utc
        When the first decision was written down, and now, ISO 8601; no beginning where the wall's clock does
        not count, only what the commands took by the instrument's.
    """
    n_failed = n_failures_in_a_row(history)
    if n_failed >= budget.failures_in_a_row:
        return Ending(
            "failures",
            f"{n_failed} decisions in a row brought nothing (limit {budget.failures_in_a_row}): "
            "look at the beamline, then run again.",
            is_finished=False,
        )
    n_blanks = n_blanks_in_a_row(history)
    if n_blanks >= MOST_BLANKS:
        return Ending(
            "failures",
            f"{n_blanks} blanks were taken in a row and no sample (limit {MOST_BLANKS}): "
            "look at what refuses them, then run again.",
            is_finished=False,
        )
    if history.n_measured >= budget.measurements:
        return Ending(
            "finished", f"All {budget.measurements} measurements of the budget are done.", is_finished=True
        )
    if budget.hours is not None:
        hours = max(_elapsed_s(began_utc, now_utc), history.commanded_s) / SECONDS_PER_HOUR
        if hours >= budget.hours:
            return Ending(
                "hours", f"{hours:.3g} h have passed (limit {budget.hours:g} h).", is_finished=False
            )
    if budget.exposure_s is not None:
        spent_s, next_s = exposed_s(history), last_exposure_s(history)
        if spent_s + next_s > budget.exposure_s * (1.0 + ROUNDING):
            return Ending(
                "exposure",
                f"Samples were exposed for {spent_s:g} s; {next_s:g} s more would exceed the limit of "
                f"{budget.exposure_s:g} s.",
                is_finished=False,
            )
    return None


def _elapsed_s(began_utc: str | None, now_utc: str) -> float:
    if began_utc is None:
        return 0.0
    return (datetime.fromisoformat(now_utc) - datetime.fromisoformat(began_utc)).total_seconds()


def ending_of(decision: Decision) -> Ending:
    """The ending that a decision of kind `stop` stands for."""
    code = decision.reason.code
    return Ending(code, decision.reason.sentence, is_finished=code in FINISHED)


def reason_of(ending: Ending) -> Reason:
    """The reason that a decision of kind `stop` carries."""
    return Reason(code=ending.code, sentence=ending.sentence)


def exposed_s(history: History) -> float:
    """How long samples were exposed, s; a measurement that failed may have been, and counts in full."""
    total_s = 0.0
    for decision in history.decisions:
        failure = history.failure(decision.seq)
        is_begun = failure is None or failure.code not in NEVER_BEGUN
        if decision.kind in EXPOSING_KINDS and is_begun:
            exposure = history.exposure(decision.seq)
            total_s += decision.exposure_s if exposure is None else exposure.exposure_s
    return total_s


def last_exposure_s(history: History) -> float:
    """How long the last sample was to be exposed, s: the next one is likely to be exposed as long."""
    measured = (d for d in reversed(history.decisions) if d.kind in MEASURING_KINDS)
    return next((decision.exposure_s for decision in measured), 0.0)


def n_blanks_in_a_row(history: History) -> int:
    """Blanks since the last decision of another kind."""
    kinds = (decision.kind for decision in reversed(history.decisions))
    return sum(1 for _ in takewhile(lambda kind: kind == "blank", kinds))


def n_failures_in_a_row(history: History) -> int:
    """Decisions since the last accepted observation, or the last run, that brought nothing.

    A look for the sample or the beam may find neither, and has still done what it was for. What a person
    called off is no failure. Loading a sample again that was rinsed out belongs to the measurement, which
    counts.
    """
    n_failed = 0
    for decision in reversed(history.decisions):
        observation = history.observation(decision.seq)
        if (decision.is_look and observation is not None) or history.is_called_off(decision.seq):
            continue
        is_rejected = observation is not None and not observation.is_accepted
        if history.failure(decision.seq) is None and not is_rejected:
            break
        if decision.kind == "setup" and decision.setup is not None and decision.setup.rinses:
            continue
        n_failed += 1
    return n_failed
