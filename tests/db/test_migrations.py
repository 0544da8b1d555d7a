"""Older tables are brought up to date in one step, and the record in them stays as it is."""

import sqlite3

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from db import engine as opening
from db import migrations, schema
from db.annotations import add_annotation
from db.engine import migrate, open_to_read, open_to_write
from db.verify.record import verify
from models.domain.errors import BadInput
from models.domain.records import Annotation, Observed, Started
from tests import fakes
from tests.db.test_log import decision, observation, put

OLDER = decision(1).model_copy(update={"candidates": decision(1).candidates[:1]})
"""A decision as revision 0001 could hold it."""


def findings(url):
    with open_to_read(url).connect() as connection:
        return list(verify(connection, (), None, None))


def test_the_migrations_make_exactly_the_tables_of_the_schema(url):
    engine = open_to_write(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []
    engine.dispose()


def test_the_newest_revision_is_the_one_that_the_program_expects():
    config = Config()
    config.set_main_option("script_location", str(migrations.HERE))
    assert ScriptDirectory.from_config(config).get_heads() == [schema.REVISION]


def made_by(revision, url, monkeypatch):
    """A database as an older revision made it."""
    monkeypatch.setattr(
        migrations, "upgrade", lambda connection, make=migrations.upgrade: make(connection, revision)
    )
    open_to_write(url).dispose()
    monkeypatch.undo()
    return url


@pytest.fixture
def old_url(url, monkeypatch):
    return made_by("0001", url, monkeypatch)


def test_an_older_database_is_refused_with_the_command_that_mends_it(old_url):
    for opened in (open_to_read, open_to_write):
        with pytest.raises(BadInput, match=r"revision 0001.*nightbeam db upgrade --db"):
            opened(old_url)


def test_a_record_that_was_begun_in_an_older_database_stays_whole_and_goes_on(old_url, tmp_path, monkeypatch):
    monkeypatch.setattr(
        opening, "refuse_foreign", lambda *_: None
    )  # the program that wrote it knew no better
    log = fakes.open_log(old_url, fakes.spec(), tmp_path)
    put(log, OLDER, is_exposed=False)
    log.close()
    monkeypatch.undo()

    assert migrate(old_url) == ("0001", schema.REVISION)
    assert migrate(old_url) == (schema.REVISION, schema.REVISION)
    assert findings(old_url) == []
    log = fakes.open_log(old_url, fakes.spec(), tmp_path)
    assert log.history().decisions == (OLDER,)
    put(log, decision(2, 0.2))
    log.close()
    add_annotation(old_url, None, Annotation(kind="note", who="me", text="went on"), fakes.ticking_clock()())
    assert findings(old_url) == []


def test_a_migration_that_is_killed_half_way_leaves_the_database_as_it_was(old_url, monkeypatch):
    def breaking(connection: sa.Connection, make=migrations.upgrade) -> None:
        make(connection)
        raise KeyboardInterrupt

    monkeypatch.setattr(migrations, "upgrade", breaking)
    with pytest.raises(KeyboardInterrupt):
        migrate(old_url)
    monkeypatch.undo()
    with pytest.raises(BadInput, match="revision 0001"):
        open_to_read(old_url)
    assert migrate(old_url) == ("0001", schema.REVISION)


WEAK_ON_SQLITE = (
    "DROP TRIGGER lease_no_replace",
    "DROP TRIGGER lease_fence_rises",
    "DROP TRIGGER feature_no_replace",
    "CREATE TRIGGER lease_fence_rises BEFORE UPDATE ON lease WHEN NEW.fence < OLD.fence "
    "BEGIN SELECT RAISE(ABORT, 'a fence never falls'); END",
    "CREATE TRIGGER feature_no_replace BEFORE INSERT ON feature WHEN EXISTS (SELECT 1 FROM feature "
    "WHERE decision_id = NEW.decision_id AND name = NEW.name) "
    "BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END",
)
WEAK_ON_POSTGRESQL = (
    "DROP TRIGGER lease_first_fence ON lease",
    "DROP TRIGGER lease_fence_rises ON lease",
    "CREATE TRIGGER lease_fence_rises BEFORE UPDATE ON lease FOR EACH ROW WHEN (NEW.fence < OLD.fence) "
    "EXECUTE FUNCTION nightbeam_refuse()",
    "ALTER TABLE lease ENABLE ALWAYS TRIGGER lease_fence_rises",
)
"""Guards as revision 0002 had them."""


def test_an_upgrade_brings_the_newer_guards_to_an_older_record(url, tmp_path, monkeypatch):
    made_by("0002", url, monkeypatch)
    monkeypatch.setattr(opening, "refuse_foreign", lambda *_: None)
    log = fakes.open_log(url, fakes.spec(), tmp_path)
    put(log, OLDER, is_exposed=False)
    log.close()
    monkeypatch.undo()
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        for statement in WEAK_ON_SQLITE if engine.dialect.name == "sqlite" else WEAK_ON_POSTGRESQL:
            connection.exec_driver_sql(statement)
    assert migrate(url) == ("0002", schema.REVISION)
    assert findings(url) == []
    with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError):
        connection.exec_driver_sql("UPDATE lease SET instrument = 'x' || instrument")


def test_what_an_older_record_does_not_hold_reads_as_nothing_and_the_guards_hold_for_new_columns(
    url, tmp_path, monkeypatch
):
    made_by("0003", url, monkeypatch)
    seen = observation(1).model_copy(update={"profile": None})
    monkeypatch.setattr(opening, "refuse_foreign", lambda *_: None)
    log = fakes.open_log(url, fakes.spec(), tmp_path)
    put(log, OLDER, is_exposed=False)
    log.append(Started(action_id=fakes.FakeInstrument().actions(OLDER)[0].action_id))
    log.append(Observed(observation=seen))
    log.close()
    monkeypatch.undo()
    assert migrate(url) == ("0003", schema.REVISION)
    assert findings(url) == []
    log = fakes.open_log(url, fakes.spec(), tmp_path)
    history = log.history()
    log.close()
    assert (history.decisions, history.observations, history.durations) == (
        (OLDER,),
        (seen,),
        (),
    )
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    for table, column in (
        ("candidate", "cost_s"),
        ("action_event", "duration_s"),
        ("observation", "profile_json"),
    ):
        with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError, match="append-only"):
            connection.exec_driver_sql(f"UPDATE {table} SET {column} = '1'")


def test_there_is_nothing_to_upgrade_where_there_is_no_database(tmp_path):
    with pytest.raises(BadInput, match="nightbeam db init"):
        migrate(fakes.sqlite_url(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_lacks_a_table_is_refused_and_untouched(tmp_path):
    open_to_write(fakes.sqlite_url(tmp_path)).dispose()
    with sqlite3.connect(tmp_path / "log.db") as connection:
        connection.execute("DROP TABLE event")
    connection.close()
    before = (tmp_path / "log.db").read_bytes()
    for opened in (open_to_read, open_to_write):
        with pytest.raises(BadInput, match="it lacks event"):
            opened(fakes.sqlite_url(tmp_path))
    assert (tmp_path / "log.db").read_bytes() == before
