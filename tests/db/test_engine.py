"""A database is opened as what it is, or refused in one line and left untouched."""

import os
import sqlite3
from pathlib import Path

import pytest

from db.engine import open_to_read, open_to_write
from models.domain.errors import BadInput
from tests import fakes


def test_reading_a_database_that_is_not_there_makes_no_file(tmp_path: Path):
    with pytest.raises(BadInput, match="there is no file"):
        open_to_read(fakes.sqlite_url(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_another_programs_database_is_refused_and_untouched(tmp_path: Path):
    path = tmp_path / "log.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE customers (id INTEGER)")
    connection.close()
    before = path.read_bytes()
    for opened in (open_to_read, open_to_write):
        with pytest.raises(BadInput, match=r"customers.*another program"):
            opened(fakes.sqlite_url(tmp_path))
    assert path.read_bytes() == before


def test_a_newer_schema_is_refused(tmp_path: Path):
    open_to_write(fakes.sqlite_url(tmp_path)).dispose()
    with sqlite3.connect(tmp_path / "log.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(BadInput, match="revision 9999"):
        open_to_read(fakes.sqlite_url(tmp_path))


def test_a_file_that_is_no_database_is_refused_and_untouched(tmp_path: Path):
    path = tmp_path / "log.db"
    path.write_text("seq,time\n1,2\n" * 100)
    before = path.read_bytes()
    with pytest.raises(BadInput, match="not a database"):
        open_to_write(fakes.sqlite_url(tmp_path))
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nightbeam.db", "not a database URL"),
        ("sqlite:////no/such/folder/log.db", "folder /no/such/folder does not exist"),
        ("postgresql+psycopg://127.0.0.1:1/none", "does not answer"),
        ("oracle+nothing://x/y", "no driver"),
    ],
)
def test_a_url_that_leads_nowhere_is_answered_with_a_remedy(url: str, said: str):
    with pytest.raises(BadInput, match=said):
        open_to_write(url)


def test_commits_reach_the_disk_and_readers_do_not_wait(tmp_path: Path):
    engine = open_to_write(fakes.sqlite_url(tmp_path))
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write any file")
def test_a_read_only_database_is_refused_for_writing(tmp_path: Path):
    open_to_write(fakes.sqlite_url(tmp_path)).dispose()
    (tmp_path / "log.db").chmod(0o444)
    with pytest.raises(BadInput):
        open_to_write(fakes.sqlite_url(tmp_path))
