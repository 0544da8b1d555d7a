"""A database is opened as what it is, or refused in one line and left untouched."""

import os
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from db import sqlite_file
from db.engine import is_archive, is_new, migrate, open_to_read, open_to_write
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


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///file::memory:?uri=true",
        "sqlite:///file:uri.db?uri=true",
        "sqlite:///plain.db?mode=ro",
    ],
)
@pytest.mark.parametrize("opened", [open_to_read, open_to_write, migrate, is_new])
def test_a_record_is_a_file_or_on_a_server(url: str, opened, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match="must be a file, named plainly, or on a server"):
        opened(url)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_told_from_a_file(tmp_path: Path):
    for opened in (open_to_read, open_to_write, is_new):
        with pytest.raises(BadInput, match=r"is a folder\. Name a file"):
            opened(f"sqlite:///{tmp_path}")


def test_a_file_that_was_cut_short_is_called_damaged(tmp_path: Path):
    open_to_write(fakes.sqlite_url(tmp_path)).dispose()
    path = tmp_path / "log.db"
    path.write_bytes(path.read_bytes()[:5000])
    for opened in (open_to_read, open_to_write):
        with pytest.raises(BadInput, match=r"is damaged.*whole copy"):
            opened(fakes.sqlite_url(tmp_path))


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM alembic_version", "alembic_version holds nothing and must hold one revision"),
        ("UPDATE alembic_version SET version_num = ' 0002'", "holds ' 0002' and must hold one"),
        ("INSERT INTO alembic_version VALUES ('0001')", "and must hold one"),
        ("DROP TABLE alembic_version", "it lacks alembic_version"),
    ],
)
def test_a_table_of_revisions_that_was_changed_is_told_as_such(url: str, statement: str, said: str):
    open_to_write(url).dispose()
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)
    for opened in (open_to_read, open_to_write, migrate):
        with pytest.raises(BadInput, match=said):
            opened(url)


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_server_that_does_not_take_every_text_is_refused(postgresql: sa.URL, encoding: str):
    name = f"encoded_{encoding.lower()}"
    engine = sa.create_engine(postgresql, isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(
            f"CREATE DATABASE {name} ENCODING '{encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
        )
    url = postgresql.set(database=name).render_as_string(hide_password=False)
    for opened in (open_to_read, open_to_write, migrate, is_new):
        with pytest.raises(BadInput, match=f"has the encoding {encoding}.*must be UTF8"):
            opened(url)


def test_what_a_user_prefers_for_his_terminal_does_not_matter_to_the_record(postgresql: sa.URL, monkeypatch):
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    engine = sa.create_engine(postgresql, isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE DATABASE utf")
    opened = open_to_write(postgresql.set(database="utf").render_as_string(hide_password=False))
    with opened.connect() as connection:
        assert connection.exec_driver_sql("SHOW client_encoding").scalar() == "UTF8"
    opened.dispose()


def test_an_archived_record_is_read_where_nothing_can_be_written(tmp_path: Path, monkeypatch):
    open_to_write(fakes.sqlite_url(tmp_path)).dispose()
    monkeypatch.setattr(sqlite_file.os, "access", lambda path, how: how != os.W_OK)
    engine = open_to_read(fakes.sqlite_url(tmp_path))
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM decision").scalar() == 0
        assert [path.name for path in tmp_path.iterdir()] == ["log.db"], "nothing was put beside it"
    assert is_archive(engine)


def test_a_record_whose_last_commits_lie_beside_it_is_not_read_without_them(tmp_path: Path, monkeypatch):
    agent = open_to_write(fakes.sqlite_url(tmp_path))
    with agent.begin() as connection:
        connection.exec_driver_sql("INSERT INTO lease VALUES ('saxs1', 1, 1, NULL, 1)")
        assert sqlite_file.has_waiting(tmp_path / "log.db")
    monkeypatch.setattr(sqlite_file.os, "access", lambda path, how: how != os.W_OK)
    assert not sqlite_file.is_archived(tmp_path / "log.db")
    with open_to_read(fakes.sqlite_url(tmp_path)).connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM lease").scalar() == 1
    agent.dispose()


@pytest.mark.parametrize("how", ["moved", "removed", "replaced"])
def test_a_file_that_is_lost_meanwhile_is_not_made_anew_and_can_be_brought_back(tmp_path: Path, how: str):
    path, away = tmp_path / "log.db", tmp_path / "away.db"
    open_to_write(f"sqlite:///{away}").dispose()
    stranger = away.read_bytes()
    away.unlink()
    agent = open_to_write(fakes.sqlite_url(tmp_path))
    with agent.begin() as connection:
        connection.exec_driver_sql("INSERT INTO lease VALUES ('saxs1', 1, 1, NULL, 1)")
    path.rename(away)
    if how == "removed":
        away.unlink()
    if how == "replaced":
        path.write_bytes(stranger)
    for _ in range(2):  # with the connection that is open, and with one of its own
        with pytest.raises(OperationalError, match="was removed or replaced: bring it back"):
            agent.begin().__enter__()
        agent.pool.dispose()
    assert path.exists() == (how == "replaced")
    if how == "replaced":
        assert path.read_bytes() == stranger
        return
    with pytest.raises(BadInput, match=r"log.db-wal beside it holds the last commits.*Bring the file back"):
        open_to_write(fakes.sqlite_url(tmp_path))
    if how == "moved":
        away.rename(path)
        with open_to_read(fakes.sqlite_url(tmp_path)).connect() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM lease").scalar() == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write any file")
def test_a_read_only_database_is_refused_for_writing(tmp_path: Path):
    open_to_write(fakes.sqlite_url(tmp_path)).dispose()
    (tmp_path / "log.db").chmod(0o444)
    with pytest.raises(BadInput):
        open_to_write(fakes.sqlite_url(tmp_path))
