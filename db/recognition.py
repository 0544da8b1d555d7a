"""Whether a database is a record of ours, and of which revision."""

import os

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from db.schema import REVISION, metadata
from db.sqlite_file import beside
from db.urls import path_of_file, place
from models.domain.errors import BadInput

VERSION_TABLE = "alembic_version"
"""Where the migrations keep their revision."""
OURS = {"campaign", "decision", "ledger"}
"""Tables by which a record is known."""
NO_DATABASE = "file is not a database"
"""What SQLite says of a file of another sort; of a damaged one it says otherwise."""
WHOLE_COPY = "Bring back a whole copy, or name another database"


def tables(engine: Engine, url: str) -> set[str]:
    """Names of the tables.

    Raises
    ------
    BadInput
        When the database does not answer, or is none.
    """
    try:
        return set(sa.inspect(engine).get_table_names())
    except OperationalError as error:
        raise _refused(engine, url, said(error)) from error
    except DBAPIError as error:
        if NO_DATABASE in said(error):
            raise BadInput(
                place(url), f"this is not a database ({said(error)})", "Name another file"
            ) from error
        raise BadInput(place(url), f"the database is damaged ({said(error)})", WHOLE_COPY) from error


def refuse_foreign(engine: Engine, url: str, found: set[str]) -> None:
    """Refuse what is not a whole log of the revision that this program writes."""
    revision = revision_of(engine, url, found)
    if revision < REVISION:
        raise BadInput(
            place(url),
            f"its tables are of revision {revision}, this program writes revision {REVISION}",
            f"Bring it up to date: nightbeam db upgrade {place(url)}",
        )
    missing = set(metadata.tables) - found
    if missing:
        raise BadInput(
            place(url),
            f"it lacks {', '.join(sorted(missing)[:5])}: somebody removed these tables, or it is half made",
            WHOLE_COPY,
        )


def revision_of(engine: Engine, url: str, found: set[str]) -> str:
    """Revision of the tables of a log of ours."""
    if not (found >= OURS or (VERSION_TABLE in found and found & OURS)):
        raise BadInput(
            place(url),
            f"it has the tables {', '.join(sorted(found)[:5])}, and is no decision log",
            "This database belongs to another program; name another one",
        )
    if VERSION_TABLE not in found:
        raise BadInput(place(url), f"it lacks {VERSION_TABLE}: somebody removed this table", WHOLE_COPY)
    try:
        with engine.connect() as connection:
            revisions = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").scalars().all()
    except DBAPIError as error:
        raise BadInput(
            place(url), f"it cannot be read ({said(error)})", "Give this user the right, or name another"
        ) from error
    revision = revisions[0] if len(revisions) == 1 else None
    if not isinstance(revision, str) or len(revision) != len(REVISION) or not revision.isdigit():
        held = ", ".join(map(repr, revisions)) or "nothing"
        raise BadInput(
            place(url),
            f"its table {VERSION_TABLE} holds {held} and must hold one revision, such as {REVISION!r}: "
            "somebody changed it",
            WHOLE_COPY,
        )
    if revision > REVISION:
        raise BadInput(
            place(url),
            f"its tables are of revision {revision}, this program knows up to {REVISION}",
            "Use the newer program that made it, or name another database",
        )
    return revision


def empty(url: str) -> BadInput:
    """What to say of a database without tables."""
    return BadInput(place(url), "the database is empty", "Run a campaign with this --db first")


def said(error: DBAPIError) -> str:
    """What the database said, on one line."""
    return " ".join(str(error.orig).split())


def _refused(engine: Engine, url: str, why: str) -> BadInput:
    """What to say of a database that does not answer."""
    path = path_of_file(engine.url, url)
    if path is None:
        return BadInput(place(url), f"the database does not answer ({why})", "Start it, or check the address")
    if not os.access(path, os.R_OK):
        return BadInput(place(url), f"{path} cannot be read ({why})", "Give this user the right")
    if not os.access(path.parent, os.W_OK):
        return BadInput(
            place(url),
            f"nothing can be written in {path.parent}, and {beside(path, '-wal').name} there may hold the "
            f"last commits ({why})",
            "Copy both to a folder that can be written, and name the copy",
        )
    return BadInput(place(url), f"the file does not answer ({why})", "Try again, or bring back a whole copy")
