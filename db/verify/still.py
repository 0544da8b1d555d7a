"""One moment of the database, read as it lies."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.engine import Connection


@contextmanager
def hold_still(connection: Connection) -> Generator[None]:
    """See one moment of the database, whatever an agent writes meanwhile or an editor left in it."""
    if connection.dialect.name != "sqlite":
        connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            yield
        return
    driver: Any = connection.connection.dbapi_connection
    usual = driver.text_factory
    driver.text_factory = _as_text
    transaction = connection.begin()  # an engine that writes says BEGIN here, one that reads does not
    if not driver.in_transaction:
        connection.exec_driver_sql("BEGIN")
    try:
        yield
    finally:
        transaction.rollback()
        driver.text_factory = usual


def _as_text(raw: bytes) -> str:
    """Text as SQLite holds it; an editor may leave what is none."""
    return raw.decode("utf-8", "replace")
