"""Answer in one line where a database does not hold what this program wrote."""

from collections.abc import Generator
from contextlib import contextmanager

from pydantic import ValidationError
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, OperationalError

from models.domain.errors import BadInput, LogUnavailable

NOT_UTF8 = "decode to UTF-8"
"""What the driver says of a text that is none."""
MISSING = ("no such column", "no such table", "does not exist")
"""What databases say of a column or a table that somebody removed."""
REMEDY = "Run nightbeam verify to see what was changed"


@contextmanager
def refuse_edited(connection: Connection, what: str = "the record") -> Generator[None]:
    """Read rows inside; what an editor left in them is told as bad input, not as a fault of the program.

    Parameters
    ----------
    connection
        The database.
    what
        What is read, for people.

    Raises
    ------
    BadInput
        When rows are not as this program writes them, or the file is damaged.
    LogUnavailable
        When the database does not answer.
    """
    where = f"--db {connection.engine.url.render_as_string(hide_password=True)}"
    try:
        yield
    except DBAPIError as error:
        said = " ".join(str(error.orig).split())
        if any(words in said for words in (NOT_UTF8, *MISSING)):
            raise BadInput(where, f"{what} is not as this program wrote it ({said})", REMEDY) from error
        if isinstance(error, OperationalError):
            raise LogUnavailable(
                f"{where}: the database does not answer ({said}); free it and run the same command again"
            ) from error
        raise BadInput(
            where, f"the database cannot be read ({said})", "Bring back a whole copy, or name another"
        ) from error
    except RecursionError:
        raise BadInput(where, f"{what} is not as this program wrote it (nested too deep)", REMEDY) from None
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as error:
        raise BadInput(where, f"{what} is not as this program wrote it ({_why(error)})", REMEDY) from error


def _why(error: Exception) -> str:
    """What is wrong, on one line."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        return f"{error.title}{f'.{place}' if place else ''}: {first['msg']}"
    return " ".join(f"{type(error).__name__}: {error}".split())
