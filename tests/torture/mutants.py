"""Faults of the protocol, put in on purpose: the harness must find each of them."""

from collections.abc import Callable
from typing import Any

from agent import loop, resume
from instruments import reconcile, virtual_sample


def _forget_the_journal() -> None:
    """A resumed run takes every dispense that has no end for one that never began."""
    reconcile.JOURNAL_SAYS["started"] = ("failed", "Nothing was dispensed.")
    virtual_sample.VirtualDispenser.journal_entry = lambda self, action_id: (
        None if self._journal.entry(action_id) == "started" else self._journal.entry(action_id)
    )


def _act_before_intent() -> None:
    """Commands are given before the decision is on record."""
    original = loop.Loop._decide

    def decide(self: Any, decision: Any, actions: Any) -> None:
        for action in actions[:1]:
            self._parts.instrument.perform(action, decision)
        original(self, decision, actions)

    loop.Loop._decide = decide


def _retry_everything() -> None:
    """What was under way is given again without looking."""
    original = resume.recover

    def recover(logged: Any, find: Any) -> Any:
        return original(
            logged, lambda action: find(action).model_copy(update={"status": "failed", "exposure": None})
        )

    loop.recover = recover


MUTANTS: dict[str, Callable[[], None]] = {
    "forget_the_journal": _forget_the_journal,
    "act_before_intent": _act_before_intent,
    "retry_everything": _retry_everything,
}
