"""A database that refuses is tried again until patience ends; nothing is written twice, nothing by halves."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from db import schema
from db.engine import open_to_read
from db.log import DecisionLog
from models.domain.errors import LogUnavailable
from models.domain.record_spec import RecordSpec
from models.domain.records import Event
from tests import fakes

PATIENT = fakes.spec(record=RecordSpec(patience_s=5.0))
NOTE = Event(level="info", code="note", sentence="One and only.")


class Wait:
    """Time that passes only while the log waits; something may happen meanwhile."""

    def __init__(self, happens: dict[int, object] | None = None) -> None:
        self.seconds, self.n_pauses, self.said = 0.0, 0, []
        self.happens = happens or {}

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self.n_pauses += 1
        action = self.happens.get(self.n_pauses)
        if callable(action):
            action()

    def given_to(self, log: DecisionLog) -> None:
        log._process = replace(
            log._process, say=self.said.append, monotonic_s=lambda: self.seconds, sleep=self.sleep
        )


def n_notes(url: str) -> int:
    with open_to_read(url).connect() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(schema.event)) or 0


@pytest.fixture
def sqlite(tmp_path: Path):
    url = fakes.sqlite_url(tmp_path)
    log = fakes.open_log(url, PATIENT, tmp_path)
    with log._engine.connect() as connection:  # so that the tests need not wait for SQLite itself
        connection.exec_driver_sql("PRAGMA busy_timeout = 20")
    yield log, url, tmp_path / "log.db"
    log.close()


def test_a_lock_that_goes_away_costs_some_time_and_one_sentence(sqlite):
    log, url, path = sqlite
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    wait = Wait({3: lambda: other.execute("COMMIT")})
    wait.given_to(log)
    log.append(NOTE)
    assert wait.n_pauses == 3
    assert len(wait.said) == 1
    assert "database is locked" in wait.said[0]
    assert "trying for up to 5 s" in wait.said[0]
    assert n_notes(url) == 1
    other.close()


def test_a_lock_that_stays_ends_the_patience_and_leaves_nothing_behind(sqlite):
    log, url, path = sqlite
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    wait = Wait()
    wait.given_to(log)
    with pytest.raises(LogUnavailable, match=r"database is locked; tried for 5 s\); free it"):
        log.append(NOTE)
    assert 5.0 <= wait.seconds < 8.0
    other.execute("COMMIT")
    other.close()
    assert n_notes(url) == 0
    log.append(NOTE)
    assert n_notes(url) == 1


def test_a_full_disk_is_waited_for(sqlite):
    log, url, _ = sqlite
    connection = log._engine.connect()
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    connection.close()
    long = NOTE.model_copy(update={"sentence": "x" * 200_000})

    def make_room() -> None:
        with log._engine.connect() as freed:
            freed.exec_driver_sql("PRAGMA max_page_count = 1000000")

    wait = Wait({2: make_room})
    wait.given_to(log)
    log.append(long)
    assert "full" in wait.said[0]
    assert n_notes(url) == 1


@pytest.mark.parametrize("went_through", [True, False])
def test_a_commit_that_breaks_off_writes_the_record_once(open_log, url, went_through, monkeypatch):
    log = open_log(PATIENT)
    wait = Wait()
    wait.given_to(log)
    dialect, broken = log._engine.dialect, iter([True])
    commit, rollback = dialect.do_commit, dialect.do_rollback

    def breaking(connection) -> None:
        if next(broken, False):
            (commit if went_through else rollback)(connection)
            raise OperationalError("COMMIT", {}, Exception("server closed the connection unexpectedly"))
        commit(connection)

    monkeypatch.setattr(dialect, "do_commit", breaking)
    n = log.head.n
    log.append(NOTE)
    assert n_notes(url) == 1
    assert log.head.n == n + 1
    log.append(NOTE)
    assert log.head.n == n + 2


def test_a_server_that_is_stopped_and_started_again_loses_nothing(tmp_path):
    from tests.torture.postgresql import Server

    server = Server()
    url = server.url(tmp_path)
    log = fakes.open_log(url, PATIENT, tmp_path)
    server.stop_at_once()
    wait = Wait({2: server.start})
    wait.given_to(log)
    log.append(NOTE)
    assert wait.n_pauses >= 2
    assert len(wait.said) == 1
    assert n_notes(url) == 1
    log.close()
    server.close()
