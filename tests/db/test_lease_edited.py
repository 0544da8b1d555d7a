"""A lease that somebody changed by hand is followed by a higher fence, or told with a remedy."""

import pytest
import sqlalchemy as sa

from db import schema
from db.engine import open_to_read, open_to_write
from db.lease import Ways, take_lease
from models.domain.errors import BadInput
from tests.db import test_verify
from tests.db.test_lease import TERM_S, Time, me


@pytest.fixture
def engine(url):
    opened = open_to_write(url)
    yield opened
    opened.dispose()


def edited(url: str, *statements: str) -> None:
    """An editor's hand, without the lease's triggers, which stay away."""
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            for name in ("no_delete", "no_replace", "fence_rises"):
                connection.exec_driver_sql(f"DROP TRIGGER lease_{name}")
        else:
            connection.exec_driver_sql("ALTER TABLE lease DISABLE TRIGGER ALL")
        for statement in statements:
            connection.exec_driver_sql(statement)


@pytest.mark.parametrize("statement", ["DELETE FROM lease", "UPDATE lease SET fence = 1"])
def test_a_lease_that_was_deleted_or_lowered_goes_on_above_every_fence_on_record(open_log, url, statement):
    for _ in range(3):
        open_log()
    edited(url, statement)
    open_log()
    with open_to_read(url).connect() as connection:
        assert connection.scalar(sa.select(sa.func.max(schema.session.c.fence))) == 4
        assert connection.scalar(sa.select(schema.lease.c.fence)) == 4


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE lease SET fence = 9223372036854775807",
        "UPDATE session SET fence = 9223372036854775807",
        "UPDATE session SET fence = 2000000000",
    ],
)
def test_a_fence_that_nothing_can_follow_is_told_with_a_remedy(open_log, url, statement, engine):
    open_log().close()
    with test_verify.opened(url) as connection:
        connection.exec_driver_sql(statement)
    with pytest.raises(BadInput, match=r"somebody changed the database.*nightbeam verify"):
        take_lease(engine, "fake", me(), Time().ways())
    if "session" in statement:
        with test_verify.opened(url) as connection:
            connection.exec_driver_sql("DELETE FROM lease")
        with pytest.raises(BadInput, match="has no lease, and a run had fence"):
            take_lease(engine, "fake", me(), Time().ways())


def test_a_holder_that_nobody_can_read_loses_the_instrument_after_a_whole_term(engine, url):
    now = Time()
    take_lease(engine, "saxs1", me(), now.ways())
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE lease SET holder_json = '{'")
    lease = take_lease(engine, "saxs1", me(), now.ways())
    assert lease.fence == 2
    assert "does not name" in (lease.taken_from or "")
    assert now.seconds >= 1000.0 + TERM_S


def test_a_holder_that_nobody_can_read_but_that_lives_keeps_the_instrument(engine):
    now = Time()
    lease = take_lease(engine, "saxs1", me(), now.ways())
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE lease SET holder_json = '{'")

    def sleep(seconds: float) -> None:
        now.seconds += seconds
        lease.renew()

    with pytest.raises(BadInput, match="in use by a process that its lease does not name"):
        take_lease(engine, "saxs1", me(), Ways(now, sleep, TERM_S))


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_lease_that_is_no_number_is_told(engine, url):
    take_lease(engine, "saxs1", me(), Time().ways())
    edited(url, "UPDATE lease SET fence = 'high'")
    with pytest.raises(BadInput, match="is no number"):
        take_lease(engine, "saxs1", me(), Time().ways())
