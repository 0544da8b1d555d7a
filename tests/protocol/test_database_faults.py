"""A database that is locked, full or gone, and a clock that jumps: nothing is lost, or done unlogged."""

import shutil

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from models.domain.errors import BadInput, LogUnavailable
from tests.protocol.invariants import Rows, check
from tests.protocol.scenarios import bring
from tests.protocol.world import PATIENCE_S, World

PLENTY = 1_000_000
"""Pages of a disk that is not full."""


@pytest.fixture
def world(template):
    with World(template=template) as world:
        yield world


def ends_safely(world: World, words: str) -> int:
    """Let the youngest agent run until it stops for the database; how much was done by then."""
    agent = world.agents[-1]
    agent.go(1_000)
    assert agent.state == "ended"
    assert isinstance(agent.error, LogUnavailable)
    assert words in str(agent.error)
    assert not world.laboratory.is_open
    return len(world.laboratory.seen)


def test_a_lock_that_goes_away_costs_some_time(world):
    agent = world.start()
    bring(world, agent, 2)
    began_s = world.monotonic_s()
    world.lock(PATIENCE_S / 2)
    bring(world, agent, 2)
    assert world.monotonic_s() - began_s > PATIENCE_S / 2
    assert agent.state == "stopped"


def test_a_lock_that_stays_ends_the_run_with_the_shutter_closed(world):
    bring(world, world.start(), 2)
    n_before = len(world.laboratory.seen)
    began_s = world.monotonic_s()
    world.lock(100 * PATIENCE_S)
    assert ends_safely(world, "database is locked") - n_before <= 1, "more than the shutter was moved"
    assert world.monotonic_s() - began_s < 2 * PATIENCE_S
    world.unlock()
    check(world)
    bring(world, world.start(), 2)


def test_a_lock_in_mid_exposure_loses_no_frame(world):
    agent = world.start()
    bring(world, agent, 1)
    agent.go(1, until="event document written")
    world.lock(100 * PATIENCE_S)
    ends_safely(world, "database is locked")
    world.unlock()
    bring(world, world.start(), 1)
    exposed = [seen.action_id for seen in world.laboratory.seen if seen.what == "expose"]
    assert len(exposed) == 1, "what was on disk is found, not exposed again"


class SmallDisk:
    """Lets the database grow, or not."""

    def __init__(self, world: World) -> None:
        self.is_full = False
        world.opened = self.watch

    def watch(self, engine: Engine) -> None:
        sa.event.listen(engine, "begin", self.limit)

    def limit(self, connection: sa.Connection) -> None:
        n_pages = connection.exec_driver_sql("PRAGMA page_count").scalar() if self.is_full else PLENTY
        connection.exec_driver_sql(f"PRAGMA max_page_count = {n_pages}")


def test_a_full_disk_ends_the_run_and_is_told_as_such(world):
    disk = SmallDisk(world)
    bring(world, world.start(), 2)
    disk.is_full = world.was_refusing = True
    n_seen = ends_safely(world, "database or disk is full")
    disk.is_full = False
    check(world)
    assert n_seen == len(world.laboratory.seen)
    bring(world, world.start(), 3)


def test_a_database_file_that_is_removed_is_noticed_before_anything_is_written_to_nowhere(world):
    agent = world.start()
    bring(world, agent, 2)
    n_acknowledged, away = len(world.acknowledged), world.root / "away"
    away.mkdir()
    files = sorted(world.root.glob("log.db*"))
    for path in files:
        shutil.move(path, away / path.name)
    world.was_refusing = True
    ends_safely(world, "was removed or replaced")
    assert len(world.acknowledged) == n_acknowledged

    for path in files:
        shutil.move(away / path.name, path)
    bring(world, world.restart(), 2)


def test_a_database_that_somebody_replaced_is_not_written_on(world):
    agent = world.start()
    bring(world, agent, 1)
    copy = world.root / "copy.db"
    shutil.copy(world.database, copy)
    bring(world, agent, 1)
    n_acknowledged = len(world.acknowledged)
    copy.replace(world.database)
    world.was_refusing = True
    ends_safely(world, "was removed or replaced")
    assert len(world.acknowledged) == n_acknowledged


def test_a_file_that_comes_back_in_time_is_written_on(world):
    usual, away = world.sleep, world.root / "away.db"

    def bring_it_back(seconds: float) -> None:
        usual(seconds)
        if away.exists():
            away.rename(world.database)

    world.sleep = bring_it_back
    agent = world.start()
    bring(world, agent, 1)
    world.database.rename(away)
    agent.go(1, until="after Decided")
    assert world.database.exists()
    bring(world, agent, 2)


@pytest.mark.parametrize("hours", [-1, 1, 9_000])
def test_a_clock_that_jumps_changes_neither_order_nor_lease(world, hours):
    agent = world.start()
    bring(world, agent, 2)
    world.hours_off += hours
    bring(world, agent, 1)

    early = world.start().go(100)
    assert isinstance(early.error, BadInput), "a lease does not end with a clock that jumps"
    world.hours_off -= 2 * hours
    bring(world, agent, 1)
    bring(world, world.restart(), 2)
    rows = Rows(world.database)
    assert [row["seq"] for row in rows["decision"]] == [1, 2, 3, 4, 5, 6][: len(rows["decision"])]
    moments = [row["monotonic_ns"] for row in rows["decision"]]
    assert moments == sorted(moments)
