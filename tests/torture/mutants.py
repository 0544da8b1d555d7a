"""Faults of the protocol, put in on purpose: the harness must find each of them."""

import time
from collections.abc import Callable
from typing import Any

from agent import loop
from agent.strategy.problem import Problem
from db import lease, ledger, log
from instruments import reconcile, virtual_sample
from models.domain.records import Decided, Retried, Started


def forget_the_journal() -> None:
    """A dispense that has no end is taken for one that never began."""
    reconcile.JOURNAL_SAYS["started"] = ("failed", "Nothing was dispensed.")


def act_before_intent() -> None:
    """The first command is given before the decision is on record."""
    decide = loop.Loop._decide

    def acting(self: Any, decision: Any, actions: Any, answers: Any = ()) -> None:
        for action in actions[:1]:
            self._parts.instrument.perform(action, decision)
        decide(self, decision, actions, answers)

    loop.Loop._decide = acting


def acknowledge_before_commit() -> None:
    """That a command is started is written together with what comes next."""
    append, waiting = log.DecisionLog.append, list[Any]()

    def hasty(self: Any, record: Any) -> None:
        while waiting:
            append(self, waiting.pop())
        if isinstance(record, Started):
            waiting.append(record)
        else:
            append(self, record)

    log.DecisionLog.append = hasty


def intent_in_two_commits() -> None:
    """A decision is on record for a moment without its commands."""
    append = log.DecisionLog.append

    def halved(self: Any, record: Any) -> None:
        if isinstance(record, Decided) and record.actions:
            append(self, record.model_copy(update={"actions": ()}))
            record = Retried(actions=record.actions)
        append(self, record)

    log.DecisionLog.append = halved


def expose_again_without_looking() -> None:
    """What was under way is given again, whatever documents and files say."""
    recover = loop.recover

    def blind(logged: Any, find: Any, decision: Any) -> Any:
        gone = {"status": "failed", "exposure": None}
        return recover(logged, lambda action: find(action).model_copy(update=gone), decision)

    loop.recover = blind


def forget_the_quarantine() -> None:
    """An unknown sample stays in use."""
    give_up = loop.give_up
    loop.give_up = lambda *what: give_up(*what).model_copy(update={"quarantine": None})


def forget_leftovers() -> None:
    """Files of an exposure that never ended are left on no record."""
    reconcile.leftovers = lambda folder, action_id: ()


def seed_from_the_clock() -> None:
    """Random draws are others in every process."""
    Problem.seed_for = lambda self, history: time.monotonic_ns()


def leave_a_row_unsealed() -> None:
    """Rows of one table are not taken up into the ledger."""
    add = ledger.Entry.add

    def adding(self: Any, table: Any, **values: Any) -> Any:
        key = add(self, table, **values)
        if table.name == "action_event":
            self._members.pop()
        return key

    ledger.Entry.add = adding


def ignore_the_lease() -> None:
    """Nobody asks whether another agent has taken over: neither at a commit nor at a command."""
    lease.Lease.hold = lambda self, connection: None
    lease.Lease.check = lambda self: None
    virtual_sample.Journal.begin = _begin_for_anybody


def ignore_the_device_fence() -> None:
    """A device takes commands of any agent."""
    virtual_sample.Journal.begin = _begin_for_anybody


def commit_without_the_lease() -> None:
    """Commands ask for the lease, commits do not."""
    lease.Lease.hold = lambda self, connection: None


def _begin_for_anybody(self: Any, action_id: str, vial: Any, fence: int) -> None:
    with self._alone():
        self._append("started", action_id, vial, fence)


_ALL = (
    forget_the_journal, act_before_intent, acknowledge_before_commit, intent_in_two_commits,
    expose_again_without_looking, forget_the_quarantine, forget_leftovers, seed_from_the_clock,
    leave_a_row_unsealed, ignore_the_lease, ignore_the_device_fence, commit_without_the_lease,
)  # fmt: skip
MUTANTS: dict[str, Callable[[], None]] = {mutant.__name__: mutant for mutant in _ALL}
