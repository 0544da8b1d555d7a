"""Three roles on PostgreSQL: one owns the tables, one writes the record, one reads it."""

from sqlalchemy import text
from sqlalchemy.engine import Connection

from db.schema import lease, metadata
from db.urls import place
from models.domain.errors import BadInput

OWNER, AGENT, READER = "nightbeam_owner", "nightbeam_agent", "nightbeam_reader"
"""Group roles without login: grant them to the users of the laboratory."""


def make_roles(connection: Connection, url: str) -> None:
    """Make the roles where they are missing, and give each exactly what it needs.

    The agent may add rows and renew its lease; it may change or remove nothing else. The reader may look.
    The owner may migrate; nobody works as the owner.

    Parameters
    ----------
    connection
        In a transaction, by a user who may make roles; the tables exist.
    url
        The database, for messages.

    Raises
    ------
    BadInput
        When the database has no roles.
    """
    if connection.dialect.name != "postgresql":
        raise BadInput(place(url), "SQLite has no roles", "Leave --roles out, or use PostgreSQL")
    for role in (OWNER, AGENT, READER):
        known = connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role})
        if known.scalar() is None:
            _do(connection, f"CREATE ROLE {role} NOLOGIN")
    tables = sorted(metadata.tables)
    _do(connection, f"GRANT USAGE ON SCHEMA public TO {OWNER}, {AGENT}, {READER}")
    _do(connection, f"GRANT CREATE ON SCHEMA public TO {OWNER}")
    for name in (*tables, "alembic_version"):
        _do(connection, f"ALTER TABLE {name} OWNER TO {OWNER}")
        _do(connection, f"REVOKE ALL ON {name} FROM PUBLIC, {AGENT}, {READER}")
        _do(connection, f"GRANT SELECT ON {name} TO {AGENT}, {READER}")
    for name in tables:
        _do(connection, f"GRANT INSERT ON {name} TO {AGENT}")
    _do(connection, f"GRANT UPDATE ON {lease.name} TO {AGENT}")
    _do(connection, f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {AGENT}")


def _do(connection: Connection, statement: str) -> None:
    connection.execute(text(statement))
