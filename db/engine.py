"""Open a database: SQLite by default, any SQLAlchemy URL otherwise."""

import sqlite3
import time
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Engine
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, OperationalError
from sqlalchemy.pool import NullPool

from db.recognition import empty, refuse_foreign, revision_of, said, tables
from db.schema import REVISION
from db.sqlite_file import connecting_to, identity_of, is_archived, make_file, refuse_lost
from db.urls import make_url_or_refuse, path_of_file, place
from models.domain.errors import BadInput, LogUnavailable

DEFAULT_URL = "sqlite:///nightbeam.db"
"""A file in the working folder."""
BUSY_TIMEOUT_S = 2.0
"""How long SQLite waits for another process' lock before it says so."""
KNOWN = ("sqlite", "postgresql")
"""Databases that a record is kept in."""
ENCODING = "UTF8"
"""What a server must hold texts in."""
SERVER_OPTIONS = {
    "connect_timeout": 5,
    "tcp_user_timeout": 10_000,
    "application_name": "nightbeam",
    "client_encoding": ENCODING,  # whatever the user's PGCLIENTENCODING says
}
"""A server that does not answer is given up after so long: s to connect, ms for what was sent."""
LOCKED = "database is locked"
"""What SQLite says when another process writes for too long."""
READING = "nightbeam_reads"
"""Option of a connection that will not write."""


def open_to_write(url: str, patience_s: float = 0.0) -> Engine:
    """Open a database for an agent; make the tables where there are none. The caller disposes of it.

    Parameters
    ----------
    url
        The database.
    patience_s
        How long a database that another process has locked is tried again, s.

    Raises
    ------
    BadInput
        When the URL is not one, the database does not answer, cannot be written, or is not ours.
    LogUnavailable
        When another process keeps it locked.
    """
    reader = _reading_engine(url)
    path = path_of_file(reader.url, url)
    found = tables(reader, url) if path is None or path.exists() else set[str]()
    if found:
        refuse_foreign(reader, url, found)
    elif path is not None:
        make_file(path, place(url))
    engine = _writing_engine(reader.url, path)
    _write_tables(engine, url, is_wanted=not found, patience_s=patience_s)
    return engine


def open_to_read(url: str) -> Engine:
    """Open a database that must exist already; nothing can be changed through it.

    Raises
    ------
    BadInput
        When the URL is not one, the database does not answer, or there is no log of ours in it.
    """
    path = path_of_file(make_url_or_refuse(url), url)
    if path is not None and not path.exists():
        raise BadInput(
            place(url), f"there is no file {path}", "Name the database of your campaign, or run one first"
        )
    engine = _reading_engine(url)
    found = tables(engine, url)
    if not found:
        raise empty(url)
    refuse_foreign(engine, url, found)
    return engine


def migrate(url: str) -> tuple[str, str]:
    """Bring an older database up to date, all or nothing; the revisions before and after.

    Raises
    ------
    BadInput
        When the URL is not one, the database does not answer, cannot be written, or is not ours.
    """
    path = path_of_file(make_url_or_refuse(url), url)
    reader = _reading_engine(url)
    found = tables(reader, url) if path is None or path.exists() else set[str]()
    if not found:
        raise BadInput(place(url), "there is nothing to bring up to date", "Run nightbeam db init instead")
    before = revision_of(reader, url, found)
    if before < REVISION:
        engine = _writing_engine(reader.url, path)
        _write_tables(engine, url, is_wanted=True)
        engine.dispose()
    return before, REVISION


def is_new(url: str) -> bool:
    """True when there is no log at that URL yet; nothing is made.

    Raises
    ------
    BadInput
        When the URL is not one, or the database does not answer.
    """
    path = path_of_file(make_url_or_refuse(url), url)
    if path is not None and (not path.exists() or path.stat().st_size == 0):
        return True
    return not tables(_reading_engine(url), url)


def _reading_engine(url: str) -> Engine:
    """An engine that changes nothing and keeps no connection open."""
    parsed = make_url_or_refuse(url)
    path = path_of_file(parsed, url)
    try:
        engine = sa.create_engine(parsed, poolclass=NullPool, connect_args=_options(parsed))
    except (NoSuchModuleError, ImportError) as error:
        raise BadInput(
            place(url), f"no driver for {parsed.drivername!r} is installed ({error})", "Install the driver"
        ) from error
    if engine.dialect.name not in KNOWN:
        raise BadInput(
            place(url), f"the record cannot be kept in {engine.dialect.name}", f"Use {' or '.join(KNOWN)}"
        )
    if path is not None:
        event.listen(engine, "do_connect", connecting_to(path))
        event.listen(engine, "connect", _prepare_to_read)
    else:
        event.listen(engine, "connect", partial(_refuse_encoding, url), insert=True)
    return engine


def _writing_engine(parsed: URL, path: Path | None) -> Engine:
    engine = sa.create_engine(parsed, connect_args=_options(parsed))
    if path is not None:
        identity = identity_of(path)
        event.listen(engine, "do_connect", connecting_to(path, identity))
        event.listen(engine, "connect", _prepare_to_write)
        event.listen(engine, "begin", partial(_begin_immediate, path, identity))
    return engine


def _write_tables(engine: Engine, url: str, *, is_wanted: bool, patience_s: float = 0.0) -> None:
    """Bring the tables to the newest revision, all or nothing; also proves that they can be written."""
    deadline = time.monotonic() + patience_s
    try:
        while not _is_written(engine, is_wanted):
            if time.monotonic() >= deadline:
                raise LogUnavailable(
                    f"{place(url)}: another process keeps the database locked (tried for "
                    f"{patience_s:g} s); end that process and run the same command again"
                )
    except DBAPIError as error:
        engine.dispose()
        raise BadInput(
            place(url),
            f"it cannot be written ({said(error)})",
            "Give this user the right, or name another",
        ) from error
    except BaseException:
        engine.dispose()
        raise


def _is_written(engine: Engine, is_wanted: bool) -> bool:
    """Make the tables where that is wanted; False when another process has the database locked."""
    try:
        with engine.begin() as connection:
            if is_wanted:
                from db.migrations import upgrade  # loads alembic: only when there is something to make

                upgrade(connection)
    except OperationalError as error:
        if LOCKED in str(error.orig):
            return False
        raise
    return True


def _options(parsed: URL) -> dict[str, Any]:
    return dict(SERVER_OPTIONS) if parsed.drivername == "postgresql+psycopg" else {}


def _prepare_to_read(connection: Any, _record: Any) -> None:
    connection.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}")
    connection.execute("PRAGMA query_only = ON")


def _prepare_to_write(connection: Any, _record: Any) -> None:
    """A commit is on the disk when it returns (FULL), and readers do not hold up the writer (WAL)."""
    connection.isolation_level = None  # SQLAlchemy says BEGIN itself, see _begin_immediate
    for pragma in (
        f"busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(path: Path, identity: tuple[int, int] | None, connection: sa.Connection) -> None:
    """Take the write lock at once, so that a transaction never fails half way through."""
    try:
        refuse_lost(path, identity)
    except sqlite3.OperationalError as error:
        raise OperationalError("BEGIN", None, error) from error
    is_reading = connection.get_execution_options().get(READING, False)
    connection.exec_driver_sql("BEGIN" if is_reading else "BEGIN IMMEDIATE")


def _refuse_encoding(url: str, connection: Any, _record: Any) -> None:
    """Refuse a server that would not take every text, before anything else is asked of it."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_encoding")
        encoding = cursor.fetchone()[0]
    connection.rollback()
    name = encoding.decode() if isinstance(encoding, bytes) else encoding
    if name != ENCODING:
        raise BadInput(
            place(url),
            f"the database has the encoding {name}, and a record holds any text: it must be {ENCODING}",
            f"Make another: createdb --encoding={ENCODING} --template=template0 NAME",
        )


def is_archive(engine: Engine) -> bool:
    """True when the database is a file that is read as it lies, since nothing can be written around it."""
    return engine.dialect.name == "sqlite" and is_archived(Path(str(engine.url.database)).absolute())


def reading(engine: Engine) -> Engine:
    """The same database through the same connections, for transactions that only read and wait for nobody."""
    return engine.execution_options(**{READING: True})
