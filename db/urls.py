"""Database addresses: what a user wrote, as a URL and as a file."""

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from models.domain.errors import BadInput


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


def path_of_file(parsed: URL, url: str) -> Path | None:
    """The file of an SQLite database, whose folder must exist; None for a server or for memory."""
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return None
    path = Path(str(parsed.database)).absolute()
    if not path.parent.is_dir():
        raise BadInput(f"--db {url}", f"the folder {path.parent} does not exist", "Make it, or name another")
    return path
