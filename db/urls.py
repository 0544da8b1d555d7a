"""Database addresses: what a user wrote, as a URL, as a file, and as it may be shown."""

import re
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from models.domain.errors import BadInput

HIDDEN = "***"
SECRET = re.compile(r"(?i)(pass[a-z]*|secret|token)=[^&\s]*")
"""A part of a query that nobody else may read."""
CREDENTIALS = re.compile(r"(://|^)([^:/@]*):.*@")
"""User and password, as far as can be told where the rest is no URL."""
MEMORY = (None, "", ":memory:")
"""What SQLite takes for a database in memory."""


def shown(url: str) -> str:
    """A database URL as it may be printed: without its password."""
    try:
        text = make_url(url).render_as_string(hide_password=True) if "@" in url else url
    except (ArgumentError, ValueError):
        text = CREDENTIALS.sub(rf"\1\2:{HIDDEN}@", url)
    return SECRET.sub(rf"\1={HIDDEN}", text)


def place(url: str) -> str:
    """Where a mistake lies, when it is the database that was named."""
    return f"--db {shown(url)}"


def make_url_or_refuse(url: str) -> URL:
    """Parse a database URL.

    Raises
    ------
    BadInput
        When it is not a URL, or leads to no file and no server.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise BadInput(
            place(url),
            "this is not a database URL",
            "Write sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME",
        ) from None  # what the library says may quote the password
    if parsed.get_backend_name() == "sqlite":
        _refuse_volatile(parsed, url)
    return parsed


def path_of_file(parsed: URL, url: str) -> Path | None:
    """The file of an SQLite database, whose folder must exist; None for a server."""
    if parsed.get_backend_name() != "sqlite":
        return None
    path = Path(str(parsed.database)).absolute()
    try:
        is_folder, is_placed = path.is_dir(), path.parent.is_dir()
    except OSError as error:
        raise BadInput(
            place(url), f"{path} cannot be looked up ({error.strerror})", "Name another"
        ) from error
    if not is_placed:
        raise BadInput(place(url), f"the folder {path.parent} does not exist", "Make it, or name another")
    if is_folder:
        raise BadInput(place(url), f"{path} is a folder", f"Name a file, such as {path / 'nightbeam.db'}")
    return path


def _refuse_volatile(parsed: URL, url: str) -> None:
    """Refuse a database in memory, and the further ways in which SQLite names files: a record is a file."""
    name = parsed.database
    is_plain = name not in MEMORY and not str(name).startswith("file:") and "\x00" not in str(name)
    if not is_plain or parsed.query or parsed.host or parsed.username:
        raise BadInput(
            place(url),
            "the record must be a file, named plainly, or on a server",
            "Write sqlite:///FILE (four slashes before a full path), without ? and what follows it",
        )
