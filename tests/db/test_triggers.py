"""No hand but the log's adds a row, and no hand at all changes one, on either database."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from db import schema
from tests import fakes
from tests.db.test_log import decision, put

GUARDED = sorted(set(schema.metadata.tables) - {"lease"})


@pytest.fixture
def filled(open_log, url):
    """A plain connection to a record, as an editor's hand would open it."""
    log = open_log()
    one = decision()
    put(log, one)
    log.append(fakes.FakeAnalysis()(fakes.exposure_of(fakes.FakeInstrument().actions(one)[1], one), None))
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


UNFILLED = {"annotation", "answer", "debit", "event", "failure", "quarantine", "request", "sample"}
"""Tables that a night without troubles leaves empty."""


@pytest.mark.parametrize("name", GUARDED)
def test_no_row_is_updated_or_deleted(filled, name):
    table = schema.metadata.tables[name]
    column = next(iter(table.c)).name
    n = filled.scalar(sa.select(sa.func.count()).select_from(table))
    for statement in (f"UPDATE {name} SET {column} = {column}", f"DELETE FROM {name}"):
        if n == 0 and filled.dialect.name == "sqlite":
            continue  # a trigger for each row has nothing to refuse
        with pytest.raises(DBAPIError, match="append-only"):
            filled.exec_driver_sql(statement)
        filled.rollback()
    assert filled.scalar(sa.select(sa.func.count()).select_from(table)) == n


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", GUARDED)
def test_no_row_is_replaced(filled, name):
    table = schema.metadata.tables[name]
    row = filled.execute(sa.select(table)).mappings().first()
    if row is None:
        assert name in UNFILLED, "a table that nothing fills"
        return
    columns = ", ".join(row)
    marks = ", ".join("?" for _ in row)
    with pytest.raises(DBAPIError, match="append-only"):
        filled.exec_driver_sql(
            f"INSERT OR REPLACE INTO {name} ({columns}) VALUES ({marks})", tuple(row.values())
        )


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("name", GUARDED)
def test_no_table_is_emptied(filled, name):
    with pytest.raises(DBAPIError, match="append-only"):
        filled.exec_driver_sql(f"TRUNCATE {name} CASCADE")


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_the_triggers_of_postgresql_fire_for_replicas_too(filled):
    filled.exec_driver_sql("SET session_replication_role = replica")
    with pytest.raises(DBAPIError, match="append-only"):
        filled.exec_driver_sql("DELETE FROM decision")


def test_a_fence_never_falls_and_a_lease_is_never_deleted(filled):
    with pytest.raises(DBAPIError):
        filled.exec_driver_sql("UPDATE lease SET fence = fence - 1")
    filled.rollback()
    with pytest.raises(DBAPIError):
        filled.exec_driver_sql("DELETE FROM lease")


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", GUARDED)
def test_no_row_is_replaced_by_its_hidden_number(filled, name):
    filled.exec_driver_sql("PRAGMA foreign_keys = OFF")
    table = schema.metadata.tables[name]
    row = filled.execute(sa.select(table, sa.literal_column("rowid").label("hidden"))).mappings().first()
    if row is None:
        assert name in UNFILLED
        return
    other = {
        column.name: f"other {row[column.name]}"
        if isinstance(column.type, sa.String)
        else row[column.name] + 1000
        if isinstance(column.type, sa.Integer) and row[column.name] is not None
        else row[column.name]
        for column in table.columns
        if [c.name for c in table.primary_key] != [column.name] or isinstance(column.type, sa.String)
    }
    columns, marks = ", ".join(other), ", ".join("?" for _ in other)
    with pytest.raises(DBAPIError, match="append-only"):
        filled.exec_driver_sql(
            f"INSERT OR REPLACE INTO {name} (rowid, {columns}) VALUES (?, {marks})",
            (row["hidden"], *other.values()),
        )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE lease SET instrument = 'x' || instrument",
        "UPDATE lease SET fence = fence + 1000001",
        "INSERT INTO lease (instrument, fence, beat, monotonic_ns) VALUES ('z', 9223372036854775807, 1, 1)",
        "INSERT INTO lease (instrument, fence, beat, monotonic_ns) VALUES ('z', 0, 1, 1)",
    ],
)
def test_a_lease_is_not_renamed_and_its_fences_are_not_used_up(filled, statement):
    with pytest.raises(DBAPIError):
        filled.exec_driver_sql(statement)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT OR REPLACE INTO lease SELECT instrument, 0, beat, holder_json, monotonic_ns FROM lease",
        "INSERT OR REPLACE INTO lease SELECT instrument, 9, beat, holder_json, monotonic_ns FROM lease",
        "INSERT OR REPLACE INTO lease (rowid, instrument, fence, beat, monotonic_ns) "
        "SELECT rowid, 'z', 1, 1, 1 FROM lease",
        "UPDATE OR REPLACE lease SET rowid = 77",
        "UPDATE lease SET fence = 'high'",
    ],
)
def test_a_lease_is_not_replaced(filled, statement):
    with pytest.raises(DBAPIError):
        filled.exec_driver_sql(statement)
    filled.rollback()
    assert filled.exec_driver_sql("SELECT fence FROM lease").scalar() == 1


def test_a_fence_may_be_raised_by_hand_to_where_a_device_stands(filled):
    filled.exec_driver_sql("UPDATE lease SET fence = 501")


def test_the_text_of_the_triggers_is_the_same_in_every_process():
    code = (
        "from db import schema; from db.triggers import protect; "
        "print([protect(t, 'sqlite') for t in schema.metadata.sorted_tables])"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            cwd=Path(__file__).parents[2], env=os.environ | {"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("0", "1", "2", "3", "4", "5")
    }  # fmt: skip
    assert len(told) == 1
