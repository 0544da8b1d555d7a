"""Look whether the guards that forbid changes still stand."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from db import schema
from db.triggers import FUNCTION, protect, protect_lease, refusing_function
from db.verify.findings import Finding

ON_SQLITE = "SELECT sql FROM sqlite_master WHERE type = 'trigger'"
ON_POSTGRESQL = """
    SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    WHERE pg_table_is_visible(pg_class.oid) AND tgenabled = 'A'
"""
FUNCTION_BODY = "SELECT prosrc FROM pg_proc WHERE proname = :name AND pg_function_is_visible(oid)"


def missing_guards(connection: Connection) -> list[Finding]:
    """Tables whose triggers are not as the program makes them: somebody opened them to changes."""
    findings: list[Finding] = []
    standing = _standing(connection)
    for table in schema.metadata.sorted_tables:
        guards = protect_lease if table is schema.lease else protect
        statements = guards(table, connection.dialect.name)
        gone = [
            statement.split()[2]
            for statement in statements
            if statement.startswith("CREATE TRIGGER ")
            and not {_words(statement), statement.split()[2]} & standing
        ]
        if gone:
            what = f"{', '.join(gone)}, which forbids changes, was removed or altered"
            findings.append(Finding(campaign=None, seq=None, table=table.name, what=what))
    return findings


def _standing(connection: Connection) -> set[str]:
    """Triggers that stand: their words on SQLite, their names on PostgreSQL."""
    if connection.dialect.name == "sqlite":
        return set(map(_words, connection.exec_driver_sql(ON_SQLITE).scalars()))
    body = connection.execute(sa.text(FUNCTION_BODY), {"name": FUNCTION}).scalar()
    if body is None or f"$${body}$$" not in refusing_function():
        return set()  # every trigger calls it
    return set(connection.exec_driver_sql(ON_POSTGRESQL).scalars())


def _words(statement: str) -> str:
    """The words of a statement, however they are laid out."""
    return " ".join(statement.split())
