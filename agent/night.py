"""A night in figures: what became of each sample, what is left, whether the books agree, where time went."""

from collections.abc import Iterator
from dataclasses import dataclass

from agent.setup.case import dose_s
from agent.strategy.problem import Problem
from agent.strategy.shelf import left_over
from agent.strategy.supply import the_deck
from models.domain.clock import SECONDS_PER_HOUR
from models.domain.decision import Decision
from models.domain.history import History
from models.domain.setup import Setup
from models.formulation.standing import left_of

ROUNDING_UL = 1e-6
"""By how much sums of volumes may differ and still be the same, uL."""
N_SHOWN = 8
"""Samples that were not measured of which the reason is shown; the log has all."""


@dataclass(frozen=True)
class Night:
    """A night of samples that were made, in figures."""

    measured: tuple[Decision, ...]
    """Samples of which an accepted frame is on record, by the decisions that made them."""
    explained: tuple[tuple[Decision, str], ...]
    """All others, each with the reason."""
    left_over: tuple[tuple[str, str], ...]
    """Samples that were made ahead and not measured, by name, each with the reason."""
    left: tuple[str, ...]
    """What is left of each thing on the deck, in words."""
    at_odds: tuple[str, ...]
    """Where the ledger does not say what recipes and rinses say; nothing when it is reconciled."""
    n_debits: int
    """Entries of the ledger."""
    clock_s: float
    """How long its commands took, by the instrument's clock, s."""
    waited_s: float
    """How long of that the instrument waited for a sample to be made, s."""
    most_dose_s: float
    """The most that a spot took, in seconds of the full beam."""

    @property
    def idle_share(self) -> float:
        """Share of the time for which the instrument waited."""
        return self.waited_s / self.clock_s if self.clock_s > 0 else 0.0


def night_of(problem: Problem, history: History) -> Night | None:
    """The night in figures; None where nothing is counted on a deck."""
    if problem.deck is None:
        return None
    deck = the_deck(problem.deck, problem.space.axes)
    asked = tuple(history.asked())
    seen = {one.seq for one, _ in history.accepted()}
    left = tuple(
        f"{name} {_amount(is_left, unit)} of {_amount(there, unit)}"
        for name, unit, there, is_left in left_of(deck, history)
    )
    return Night(
        measured=tuple(one for one in asked if one.seq in seen),
        explained=tuple((one, _why_not(history, one)) for one in asked if one.seq not in seen),
        left_over=tuple(left_over(history, problem.space.axes)),
        left=left,
        at_odds=tuple(_at_odds(history)),
        n_debits=len(history.debits),
        clock_s=history.commanded_s,
        waited_s=sum(_waited_s(history)),
        most_dose_s=max(
            (dose_s(history, problem, one, (one.setup or Setup()).spot) for one in asked), default=0.0
        ),
    )


def figures(night: Night) -> Iterator[str]:
    """The night in lines for people."""
    n_all = len(night.measured) + len(night.explained)
    yield f"{n_all} samples: {len(night.measured)} measured, {len(night.explained)} explained."
    for decision, why in night.explained[:N_SHOWN]:
        yield f"  {decision.sample}: {why}"
    if len(night.explained) > N_SHOWN:
        yield f"  and {len(night.explained) - N_SHOWN} more, in the log"
    for sample, why in night.left_over:
        yield f"  {sample}, made ahead, is not measured: {why}"
    yield f"left: {', '.join(night.left)}."
    yield (
        f"ledger: {night.n_debits} debits are what recipes and rinses say, to the last."
        if not night.at_odds
        else f"ledger: {'; '.join(night.at_odds)}."
    )
    yield (
        f"time by the instrument's clock: {night.clock_s / SECONDS_PER_HOUR:.2f} h, of which it waited "
        f"{night.idle_share:.1%} for samples to be made."
    )
    yield f"dose: no spot took more than {night.most_dose_s:.4g} s of the full beam."


def _waited_s(history: History) -> Iterator[float]:
    """How long samples were waited for, s: all their making, or what that took beyond an exposure."""
    for one in history.durations:
        if one.kind == "prepare":
            yield one.seconds
        exposure = history.exposure(one.seq)
        if one.kind == "expose" and exposure is not None and history.decision(one.seq).ahead is not None:
            yield max(one.seconds - exposure.exposure_s, 0.0)


def _why_not(history: History, decision: Decision) -> str:
    """Why there is no accepted frame of a sample."""
    failure, observation = history.failure(decision.seq), history.observation(decision.seq)
    again = next((one.seq for one in history.decisions if one.repeats == decision.seq), None)
    after = "" if again is None else f" Taken again by decision {again}."
    if failure is not None:
        return f"{failure.sentence}{after}"
    said = "its outcome is not known yet" if observation is None else observation.objections()
    return f"{said}{after}"


def _at_odds(history: History) -> Iterator[str]:
    """Decisions of which the ledger does not hold what they say that is taken."""
    taken: dict[int, dict[str, float]] = {}
    loads: dict[int, set[str]] = {}
    for debit in history.debits:
        by_name = taken.setdefault(debit.seq, {})
        by_name[debit.name] = by_name.get(debit.name, 0.0) + debit.amount
        loads.setdefault(debit.seq, set()).add(debit.action_id)
    measured_of = {one.prepared for one in history.decisions}
    for seq, by_name in taken.items():
        decision = history.decision(seq)
        wanted, ahead = {} if decision.recipe is None else dict(decision.recipe.takes()), decision.ahead
        n_made = 0 if decision.recipe is None else 1
        if ahead is not None and (f"well {ahead.recipe.well}" in by_name or ahead.sample in measured_of):
            n_made += 1
            for name, amount in ahead.recipe.takes().items():
                wanted[name] = wanted.get(name, 0.0) + amount
        rinse_ul = (decision.setup or Setup()).rinse_ul
        if rinse_ul > 0:
            for name in ("rinse", "waste"):
                wanted[name] = wanted.get(name, 0.0) + (len(loads[seq]) - n_made) * rinse_ul
        for name in wanted.keys() | by_name.keys():
            off = by_name.get(name, 0.0) - wanted.get(name, 0.0)
            if abs(off) > ROUNDING_UL:
                yield f"decision {seq} says {wanted.get(name, 0.0):g} of {name}, the ledger {off:+g}"


def _amount(amount: float, unit: str) -> str:
    return f"{amount:.0f}" if unit == "1" else f"{amount / 1e3:.4g} mL"
