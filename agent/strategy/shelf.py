"""Samples that were made ahead: which there are, and what became of those that nobody measured."""

from collections.abc import Iterator

from models.domain.axis import Axis
from models.domain.decision import Decision, Planned
from models.domain.history import History
from models.domain.veto import veto_of


def made_ahead(history: History) -> Iterator[Decision]:
    """Decisions with which a sample was made ahead, or may have been, as the ledger says."""
    debited = {(debit.seq, debit.name) for debit in history.debits}
    for decision in history.decisions:
        ahead = decision.ahead
        if ahead is not None and (decision.seq, f"well {ahead.recipe.well}") in debited:
            yield decision


def on_shelf(history: History) -> Iterator[tuple[Decision, Planned]]:
    """Samples that were made ahead and that no decision took, each with the decision that made it.

    One that is quarantined is not among them. One whose decision a person called off is: it is still there.
    """
    taken = {one.prepared for one in history.decisions if not history.is_called_off(one.seq)}
    barred = {one.sample for one in history.quarantines}
    for decision in made_ahead(history):
        if decision.ahead is not None and decision.ahead.sample not in taken | barred:
            yield decision, decision.ahead


def left_over(history: History, axes: tuple[Axis, ...]) -> Iterator[tuple[str, str]]:
    """Samples that were made ahead and not measured, by name, each with the reason."""
    barred = {one.sample: one.sentence for one in history.quarantines}
    for decision in made_ahead(history):
        if decision.ahead is not None and decision.ahead.sample in barred:
            yield decision.ahead.sample, barred[decision.ahead.sample]
    for _, planned in on_shelf(history):
        veto = None if planned.kind == "blank" else veto_of(planned.point, history.standing_vetoes, axes)
        why = "Nothing was left to measure it for." if veto is None else f"Vetoed: {veto.text()}."
        yield planned.sample, why
