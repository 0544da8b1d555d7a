"""Open a database: SQLite by default, any SQLAlchemy URL otherwise."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError
from sqlalchemy.pool import NullPool

from db.schema import SCHEMA_VERSION, metadata, schema_version
from models.domain.errors import BadInput

DEFAULT_URL = "sqlite:///nightbeam.db"
"""A file in the working folder."""
BUSY_TIMEOUT_S = 10.0
"""How long SQLite waits for another process' lock."""


def open_to_write(url: str) -> Engine:
    """Open a database for an agent; make the tables where there are none. The caller disposes of it.

    Raises
    ------
    BadInput
        When the URL is not one, the database does not answer, or it belongs to another program.
    """
    reader = _reading_engine(url)
    found = _tables(reader, url)
    if found:
        _refuse_foreign(reader, url, found)
    engine = sa.create_engine(reader.url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_to_write)
        event.listen(engine, "begin", _begin_immediate)
    if not found:
        with engine.begin() as connection:
            metadata.create_all(connection)
            connection.execute(schema_version.insert().values(program="nightbeam", version=SCHEMA_VERSION))
    return engine


def open_to_read(url: str) -> Engine:
    """Open a database that must exist already.

    Raises
    ------
    BadInput
        As `open_to_write`, and when there is no log in it.
    """
    path = _path_of_file(make_url_or_refuse(url), url)
    if path is not None and not path.exists():
        raise BadInput(
            f"--db {url}", f"there is no file {path}", "Name the database of your campaign, or run one first"
        )
    engine = _reading_engine(url)
    found = _tables(engine, url)
    if not found:
        raise BadInput(f"--db {url}", "the database is empty", "Run a campaign with this --db first")
    _refuse_foreign(engine, url, found)
    return engine


def is_new(url: str) -> bool:
    """True when there is no log at that URL yet; nothing is made.

    Raises
    ------
    BadInput
        When the URL is not one, or the database does not answer.
    """
    path = _path_of_file(make_url_or_refuse(url), url)
    if path is not None and (not path.exists() or path.stat().st_size == 0):
        return True
    return not _tables(_reading_engine(url), url)


def make_url_or_refuse(url: str) -> URL:
    """Parse a database URL.

    Raises
    ------
    BadInput
        When it is not a URL.
    """
    try:
        return make_url(url)
    except ArgumentError as error:
        raise BadInput(
            f"--db {url}",
            "this is not a database URL",
            "Write sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME",
        ) from error


def _reading_engine(url: str) -> Engine:
    """An engine that changes nothing and keeps no connection open."""
    parsed = make_url_or_refuse(url)
    _path_of_file(parsed, url)
    try:
        engine = sa.create_engine(parsed, poolclass=NullPool)
    except (NoSuchModuleError, ImportError) as error:
        raise BadInput(
            f"--db {url}", f"no driver for {parsed.drivername!r} is installed ({error})", "Install the driver"
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_to_read)
    return engine


def _path_of_file(parsed: URL, url: str) -> Path | None:
    """The file of an SQLite database, whose folder must exist; None for a server or for memory."""
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return None
    path = Path(str(parsed.database)).absolute()
    if not path.parent.is_dir():
        raise BadInput(f"--db {url}", f"the folder {path.parent} does not exist", "Make it, or name another")
    return path


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
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _tables(engine: Engine, url: str) -> set[str]:
    try:
        return set(sa.inspect(engine).get_table_names())
    except OperationalError as error:
        raise BadInput(
            f"--db {url}", f"the database does not answer ({error.orig})", "Start it, or check the address"
        ) from error
    except DBAPIError as error:
        raise BadInput(
            f"--db {url}", f"this is not a database ({error.orig})", "Name another file"
        ) from error


def _refuse_foreign(engine: Engine, url: str, found: set[str]) -> None:
    missing = set(metadata.tables) - found
    if schema_version.name not in found or missing:
        raise BadInput(
            f"--db {url}",
            f"it has the tables {', '.join(sorted(found)[:5])}, and lacks {', '.join(sorted(missing)[:5])}",
            "This database belongs to another program; name another one",
        )
    with engine.connect() as connection:
        version = connection.execute(sa.select(schema_version.c.version)).scalar_one()
    if version != SCHEMA_VERSION:
        raise BadInput(
            f"--db {url}",
            f"its tables are of version {version}, this program writes version {SCHEMA_VERSION}",
            "Use the program version that made it, or a new database",
        )
