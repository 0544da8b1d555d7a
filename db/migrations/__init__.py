"""Migrations: how the tables came to be what they are, one revision a file, run by alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy.engine import Connection

HERE = Path(__file__).parent


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring a database up to a revision, all or nothing, inside an open transaction.

    Parameters
    ----------
    connection
        In a transaction, which the caller commits.
    revision
        Where to; the newest when left out.
    """
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
