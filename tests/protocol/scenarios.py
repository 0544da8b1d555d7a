"""Short stories that each go through one narrow place of the protocol; all must end well."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import Any

from sqlalchemy.engine import Engine

from db import schema
from db.ledger import entry_sha256, members_of, row_sha256
from db.verify.record import verify
from models.domain.canonical import canonical_json
from tests.protocol.agents import Agent
from tests.protocol.invariants import Broken, check
from tests.protocol.world import PATIENCE_S, World, override

NEXT = "before Decided"
"""Where a decision has its outcome, and the next one was not written yet."""
BIRTH = ("lease taken", "log opened")
"""Points that a process passes once only."""
Scenario = Callable[[World], None]


def bring(world: World, agent: Agent, n_decisions: int) -> None:
    """Let an agent bring so many decisions to their ends, and look after each."""
    for _ in range(n_decisions):
        agent.go(1, until=NEXT)
        check(world)


def peace(world: World) -> None:
    """Eight decisions: some frames are rejected, one cannot be read."""
    bring(world, world.start(), 9)


def killed(world: World, point: str, n_times: int = 1) -> None:
    """A process is killed at the point in its second decision, another goes on."""
    for _ in range(n_times):
        agent = world.restart()
        if point not in BIRTH:
            bring(world, agent, 2)
        agent.go(1, "die", until=point)
        assert agent.state == "dead", f"{point} was never passed"
        check(world)
    bring(world, world.restart(), 2)


def duel(world: World, point: str) -> None:
    """A process is stopped at the point, another takes over, the first wakes up and is sent home."""
    first = world.start()
    bring(world, first, 1)
    first.go(1, until=point)
    assert first.state == "stopped", f"{point} was never passed"
    second = world.restart()
    bring(world, second, 2)
    first.go(200)
    check(world)
    assert first.state == "ended", "it goes on as if nothing had happened"
    bring(world, second, 1)


def duel_amid_a_resume(world: World) -> None:
    """The one that is stopped has just taken over, and was about to say what it found."""
    first = world.start()
    bring(world, first, 1)
    first.go(1, "die", until="after Started")
    second = world.restart()
    second.go(1, until="before Event")
    bring(world, world.restart(), 2)
    second.go(200)
    check(world)
    bring(world, world.agents[-1], 1)


def awake_too_early(world: World) -> None:
    """A command is on its way to the pump while another agent already looks it up; it arrives afterwards."""
    first = world.start()
    bring(world, first, 2)
    first.go(1, until="command on its way to the pump")
    second = world.restart()
    second.go(1, until="before Retried")
    first.go(200)
    check(world)
    bring(world, second, 3)


def restarted_too_early(world: World) -> None:
    """A second process is started while the first lives: it is turned away."""
    first = world.start()
    bring(world, first, 1)
    second = world.start().go(200)
    check(world)
    if second.state != "ended" or "is in use by" not in str(second.error):
        raise Broken("a_living_agent_keeps_the_instrument", f"the second one is {second.state}")
    bring(world, first, 1)


def device_fault(world: World, sort: str, how: str) -> None:
    """A device fails in the second decision; the campaign goes on."""
    agent = world.start()
    bring(world, agent, 2)
    world.laboratory.faults[sort] = how
    bring(world, agent, 3)
    assert not world.laboratory.faults, "the fault never came"


def journal_lost(world: World) -> None:
    """The journal is gone when a mix is looked up that was made."""
    agent = world.start()
    bring(world, agent, 1)
    agent.go(1, "die", until="dosed")
    world.laboratory.lose_the_journal()
    world.restart().go(1, "die", until="before Event")  # whoever begins a new one may die over it
    bring(world, world.restart(), 2)


def quarantined_sample_is_asked_for(world: World) -> None:
    """A person asks for a sample of which nobody knows what is in it."""
    world.start().go(1, "die", until="dosing")
    agent = world.restart()
    bring(world, agent, 1)
    assert agent.loop is not None
    for _ in range(2):
        agent.loop.request_override(override(sample="S1"))
        bring(world, agent, 2)


def a_person_overrides(world: World) -> None:
    """A person asks for a point and for a sample that exists; the process dies, the override is kept."""
    agent = world.start()
    bring(world, agent, 2)
    assert agent.loop is not None
    agent.loop.request_override(override(sample="S1"))
    agent.go(1, until=NEXT)  # the decision in hand was chosen before anybody asked
    agent.go(1, "die", until="after Started")
    check(world)
    bring(world, world.restart(), 2)


def locked_for_long(world: World) -> None:
    """The database is locked for longer than the patience: the run ends; a later one goes on."""
    agent = world.start()
    bring(world, agent, 2)
    world.lock(10 * PATIENCE_S)
    agent.go(200)
    check(world)
    assert agent.state == "ended", "it goes on without a log"
    world.unlock()
    bring(world, world.restart(), 2)


def commit_breaks(world: World, *, is_done: bool) -> None:
    """The connection breaks during COMMIT: nobody knows whether it went through."""
    n_left = {"commits": 6}

    def break_it(engine: Engine) -> None:
        usual = engine.dialect.do_commit

        def do_commit(connection: Any) -> None:
            n_left["commits"] -= 1
            is_due = n_left["commits"] in (0, -3, -5)
            if is_done or not is_due:
                usual(connection)
            if is_due:
                if not is_done:
                    connection.rollback()
                raise sqlite3.OperationalError("the connection broke")

        engine.dialect.do_commit = do_commit  # pyright: ignore[reportAttributeAccessIssue]

    world.opened = break_it
    bring(world, world.start(), 4)
    assert n_left["commits"] < 0


def an_editor_comes(world: World) -> None:
    """Somebody edits a cell of the database file, as a person who knows how: it is found."""
    bring(world, world.start(), 4)
    world.agents[0].bury()
    _write(world, "UPDATE decision SET reason = 'It felt right.' WHERE seq = 2")
    _must_be_found(world, "an_edited_cell_is_found")


def an_editor_seals_again(world: World) -> None:
    """Somebody edits a cell, seals the entry again, and names the new seal in the entry after it."""
    bring(world, world.start(), 4)
    world.agents[0].bury()
    _write(world, "UPDATE decision SET reason = 'It felt right.' WHERE seq = 2")
    with closing(sqlite3.connect(world.database)) as connection:
        connection.row_factory = sqlite3.Row
        row = dict(connection.execute("SELECT * FROM decision WHERE seq = 2").fetchone())
        entry = connection.execute("SELECT * FROM ledger WHERE record = 'Decided' AND seq = 2").fetchone()
    members = members_of(entry["members_json"])
    for member in members:
        if member[0] == "decision":
            member[2] = row_sha256(schema.decision, row)
    said = (entry["record"], entry["seq"], entry["utc"])
    sha256 = entry_sha256(world.opening.identity.uid, entry["n"], entry["previous"], said, members)
    _write(
        world,
        f"UPDATE ledger SET members_json = '{canonical_json(members)}', sha256 = '{sha256}' "
        f"WHERE n = {entry['n']}",
        f"UPDATE ledger SET previous = '{sha256}' WHERE n = {entry['n'] + 1}",
    )
    _must_be_found(world, "an_entry_that_was_sealed_again_is_found")


def _write(world: World, *statements: str) -> None:
    """Change rows behind the guards, and put the guards back."""
    with closing(sqlite3.connect(world.database)) as connection:
        guards = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in guards:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            assert connection.execute(statement).rowcount == 1
        for _, sql in guards:
            connection.execute(sql)
        connection.commit()


def _must_be_found(world: World, invariant: str) -> None:
    with world.reader.connect() as connection:
        found = verify(connection)
    if not any(finding.seq == 2 or finding.seq == 3 for finding in found):
        raise Broken(invariant, "the record verifies")


KILL_POINTS = (
    "lease taken", "log opened", "before Decided", "after Decided", "before Started", "after Started",
    "before a command", "command on its way to the pump", "dosing", "dosed", "before Ended", "after Ended",
    "start document written", "frame not written", "frame written", "event document written",
    "stop document written", "before Observed", "after Observed",
)  # fmt: skip
"""Where a process is killed."""
STOP_POINTS = (
    "before Decided", "after Decided", "before Started", "after Started", "before a command",
    "command on its way to the pump", "start document written", "event document written",
    "stop document written", "before Ended", "after Ended", "before Observed", "reading",
)  # fmt: skip
"""Where a process is stopped."""
FAULTS = (
    ("mix", "refuses"), ("mix", "breaks"), ("mix", "deaf"), ("mix", "hangs"),
    ("load", "refuses"), ("load", "breaks"), ("load", "deaf"), ("load", "hangs"),
    ("expose", "refuses"), ("expose", "breaks"), ("expose", "no file"), ("expose", "file vanishes"),
    ("expose", "file changes"),
)  # fmt: skip
"""How devices fail; shutters are a matter of their own."""

WITH_JOURNAL: dict[str, Scenario] = {
    "peace": peace,
    **{f"killed {point}": partial(killed, point=point) for point in KILL_POINTS},
    "killed thrice amid a command": partial(killed, point="frame not written", n_times=3),
    **{f"duel {point}": partial(duel, point=point) for point in STOP_POINTS},
    **{f"{sort} {how}": partial(device_fault, sort=sort, how=how) for sort, how in FAULTS},
    "duel amid a resume": duel_amid_a_resume,
    "awake too early": awake_too_early,
    "restarted too early": restarted_too_early,
    "journal lost": journal_lost,
    "quarantined sample is asked for": quarantined_sample_is_asked_for,
    "a person overrides": a_person_overrides,
    "locked for long": locked_for_long,
    "COMMIT breaks after it went through": partial(commit_breaks, is_done=True),
    "COMMIT breaks before it went through": partial(commit_breaks, is_done=False),
    "an editor comes": an_editor_comes,
    "an editor seals again": an_editor_seals_again,
}
WITHOUT_JOURNAL: dict[str, Scenario] = {
    **{f"killed {point}, no journal": partial(killed, point=point) for point in ("after Started", "dosing")},
    **{f"mix {how}, no journal": partial(device_fault, sort="mix", how=how) for how in ("breaks", "hangs")},
    "duel command on its way to the pump, no journal": partial(
        duel, point="command on its way to the pump"
    ),
}  # fmt: skip
SCENARIOS = {**WITH_JOURNAL, **WITHOUT_JOURNAL}
"""All by name."""
