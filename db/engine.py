"""Open a database: SQLite by default, any SQLAlchemy URL otherwise."""

import sqlite3
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Engine
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, OperationalError
from sqlalchemy.pool import NullPool

from db.schema import REVISION, metadata
from db.urls import make_url_or_refuse, path_of_file
from models.domain.errors import BadInput, LogUnavailable

DEFAULT_URL = "sqlite:///nightbeam.db"
"""A file in the working folder."""
BUSY_TIMEOUT_S = 2.0
"""How long SQLite waits for another process' lock before it says so."""
SERVER_OPTIONS = {"connect_timeout": 5, "tcp_user_timeout": 10_000, "application_name": "nightbeam"}
"""A server that does not answer is given up after so long: s to connect, ms for what was sent."""
LOCKED = "database is locked"
"""What SQLite says when another process writes for too long."""
READING = "nightbeam_reads"
"""Option of a connection that will not write."""
VERSION_TABLE = "alembic_version"
"""Where the migrations keep their revision."""


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
    found = _tables(reader, url)
    if found:
        _refuse_foreign(reader, url, found)
    engine = _writing_engine(reader.url)
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
            f"--db {url}", f"there is no file {path}", "Name the database of your campaign, or run one first"
        )
    engine = _reading_engine(url)
    found = _tables(engine, url)
    if not found:
        raise _empty(url)
    _refuse_foreign(engine, url, found)
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
    found = _tables(reader, url) if path is None or path.exists() else set[str]()
    if not found:
        raise BadInput(f"--db {url}", "there is nothing to bring up to date", "Run nightbeam db init instead")
    before = _revision(reader, url, found)
    if before < REVISION:
        engine = _writing_engine(reader.url)
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
    return not _tables(_reading_engine(url), url)


def _reading_engine(url: str) -> Engine:
    """An engine that changes nothing and keeps no connection open."""
    parsed = make_url_or_refuse(url)
    path_of_file(parsed, url)
    try:
        engine = sa.create_engine(parsed, poolclass=NullPool, connect_args=_options(parsed))
    except (NoSuchModuleError, ImportError) as error:
        raise BadInput(
            f"--db {url}", f"no driver for {parsed.drivername!r} is installed ({error})", "Install the driver"
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_to_read)
    return engine


def _writing_engine(parsed: URL) -> Engine:
    engine = sa.create_engine(parsed, connect_args=_options(parsed))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_to_write)
        event.listen(engine, "begin", _begin_immediate)
    return engine


def _write_tables(engine: Engine, url: str, *, is_wanted: bool, patience_s: float = 0.0) -> None:
    """Bring the tables to the newest revision, all or nothing; also proves that they can be written."""
    deadline = time.monotonic() + patience_s
    try:
        while not _is_written(engine, is_wanted):
            if time.monotonic() >= deadline:
                raise LogUnavailable(
                    f"--db {url}: another process keeps the database locked (tried for "
                    f"{patience_s:g} s); end that process and run the same command again"
                )
    except DBAPIError as error:
        engine.dispose()
        raise BadInput(
            f"--db {url}",
            f"it cannot be written ({_said(error)})",
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


def _begin_immediate(connection: sa.Connection) -> None:
    """Take the write lock at once, so that a transaction never fails half way through."""
    _refuse_lost_file(connection)
    is_reading = connection.get_execution_options().get(READING, False)
    connection.exec_driver_sql("BEGIN" if is_reading else "BEGIN IMMEDIATE")


def _refuse_lost_file(connection: sa.Connection) -> None:
    """Refuse a file that was removed or replaced: SQLite would go on writing, and all of it would be lost."""
    path = connection.engine.url.database
    if path in (None, "", ":memory:"):
        return
    found = _identity_of(Path(path))
    if connection.info.setdefault("file", found) != found:
        lost = sqlite3.OperationalError(f"the file {path} was removed or replaced")
        raise OperationalError("BEGIN", None, lost)


def _identity_of(path: Path) -> tuple[int, int] | None:
    """Which file it is, whatever its name; None when there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def reading(engine: Engine) -> Engine:
    """The same database through the same connections, for transactions that only read and wait for nobody."""
    return engine.execution_options(**{READING: True})


def _tables(engine: Engine, url: str) -> set[str]:
    try:
        return set(sa.inspect(engine).get_table_names())
    except OperationalError as error:
        raise BadInput(
            f"--db {url}", f"the database does not answer ({_said(error)})", "Start it, or check the address"
        ) from error
    except DBAPIError as error:
        raise BadInput(
            f"--db {url}", f"this is not a database ({_said(error)})", "Name another file"
        ) from error


def _refuse_foreign(engine: Engine, url: str, found: set[str]) -> None:
    """Refuse what is not a whole log of the revision that this program writes."""
    revision = _revision(engine, url, found)
    if revision < REVISION:
        raise BadInput(
            f"--db {url}",
            f"its tables are of revision {revision}, this program writes revision {REVISION}",
            f"Bring it up to date: nightbeam db upgrade --db {url}",
        )
    missing = set(metadata.tables) - found
    if missing:
        raise BadInput(
            f"--db {url}",
            f"it lacks {', '.join(sorted(missing)[:5])}: somebody removed these tables, or it is half made",
            "Bring back a whole copy, or name another database",
        )


def _revision(engine: Engine, url: str, found: set[str]) -> str:
    """Revision of the tables of a log of ours."""
    if VERSION_TABLE not in found or "campaign" not in found or "decision" not in found:
        raise BadInput(
            f"--db {url}",
            f"it has the tables {', '.join(sorted(found)[:5])}, and is no decision log",
            "This database belongs to another program; name another one",
        )
    try:
        with engine.connect() as connection:
            revision = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").scalar()
    except DBAPIError as error:
        raise BadInput(
            f"--db {url}", f"it cannot be read ({_said(error)})", "Give this user the right, or name another"
        ) from error
    if not isinstance(revision, str) or not revision.isdigit() or revision > REVISION:
        raise BadInput(
            f"--db {url}",
            f"its tables are of revision {revision}, this program knows up to {REVISION}",
            "Use the newer program that made it, or name another database",
        )
    return revision


def _empty(url: str) -> BadInput:
    return BadInput(f"--db {url}", "the database is empty", "Run a campaign with this --db first")


def _said(error: DBAPIError) -> str:
    """What the database said, on one line."""
    return " ".join(str(error.orig).split())
