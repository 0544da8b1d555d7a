"""The harness finds a broken protocol: each mutant is caught by the audit that is made for it."""

import random
from pathlib import Path

import pytest

from models.domain.history import History
from tests.torture.campaigns import Small
from tests.torture.ordeal import Executioner, Ordeal, run_in_peace
from tests.torture.runs import Nursery, Trap
from tests.torture.torture import sqlite

SHORT = Small(measurements=3)
CAUGHT = {
    "forget_the_journal": (("mixing",), "double_dispensed"),
    "act_before_intent": ((), "unlogged"),
    "acknowledge_before_commit": (("after Started:prepare",), "lost"),
    "intent_in_two_commits": ((Trap("rows of Decided", 2),), "diverged"),
    "expose_again_without_looking": (("event emitted",), "orphaned"),
    "forget_the_quarantine": (("mixing",), "lost"),
    "forget_leftovers": (("frame written",), "orphaned"),
    "seed_from_the_clock": ((), "diverged"),
    "leave_a_row_unsealed": ((), "broken_chain"),
}
"""Where each mutant is killed, and what finds it."""


@pytest.fixture(scope="module")
def calm(nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> History:
    folder = tmp_path_factory.mktemp("calm")
    return run_in_peace(nursery, SHORT, folder, sqlite(folder))


@pytest.mark.parametrize("mutant", CAUGHT)
def test_a_mutant_is_caught(mutant: str, nursery: Nursery, calm: History, tmp_path: Path):
    plan, finding = CAUGHT[mutant]
    ordeal = Ordeal(tmp_path, sqlite(tmp_path))
    Executioner(nursery, random.Random(1), mutant).carry_out(ordeal, SHORT, plan)
    assert finding in ordeal.findings(nursery, calm).objections(), ordeal


def test_the_same_kills_without_a_mutant_leave_nothing_to_object_to(
    nursery: Nursery, calm: History, tmp_path: Path
):
    ordeal = Ordeal(tmp_path, sqlite(tmp_path))
    Executioner(nursery, random.Random(1)).carry_out(
        ordeal, SHORT, ("mixing", "event emitted", "frame written")
    )
    assert ordeal.findings(nursery, calm).objections() == {}
