"""Look whether the guards that forbid changes still stand, and whether somebody put others beside them."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy.engine import Connection

from db import schema
from db.triggers import FUNCTION, protect, protect_lease, refusing_function
from db.verify.findings import Finding

ON_SQLITE = "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'"
ON_POSTGRESQL = """
    SELECT c.relname, t.tgname, pg_get_triggerdef(t.oid) AS statement, n.nspname, t.tgenabled,
        p.proname, p.prosrc, l.lanname, p.pronamespace = c.relnamespace AS is_near
    FROM pg_trigger t
    JOIN pg_class c ON c.oid = t.tgrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_proc p ON p.oid = t.tgfoid
    JOIN pg_language l ON l.oid = p.prolang
    WHERE NOT t.tgisinternal AND pg_table_is_visible(c.oid)
"""
RULES = """
    SELECT c.relname, 'the rule ' || r.rulename
    FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
    WHERE pg_table_is_visible(c.oid) AND c.relkind = 'r'
    UNION ALL
    SELECT c.relname, 'row security' FROM pg_class c WHERE pg_table_is_visible(c.oid) AND c.relrowsecurity
"""
"""What PostgreSQL may do to a statement besides triggers."""


class Guard(NamedTuple):
    """A trigger."""

    table: str
    """Its table."""
    name: str
    """Its name."""


def missing_guards(connection: Connection) -> list[Finding]:
    """Tables whose triggers are not as the program makes them: somebody opened them to changes."""
    findings: list[Finding] = []
    dialect = connection.dialect.name
    standing = _on_sqlite(connection) if dialect == "sqlite" else _on_postgresql(connection)
    added = [] if dialect == "sqlite" else connection.exec_driver_sql(RULES).all()
    for table in schema.metadata.sorted_tables:
        guards = protect_lease if table is schema.lease else protect
        due = {
            statement.split()[2]: _words(statement)
            for statement in guards(table, dialect)
            if statement.startswith("CREATE TRIGGER ")
        }
        gone = [name for name, words in due.items() if standing.get(Guard(table.name, name)) != words]
        if gone:
            what = f"{', '.join(gone)}, which forbids changes, was removed or altered"
            findings.append(Finding(campaign=None, seq=None, table=table.name, what=what))
        strangers = [f"the trigger {name}" for on, name in standing if on == table.name and name not in due]
        strangers += [what for on, what in added if on == table.name]
        findings += _added(table.name, strangers)
    return findings


def _added(table: str, strangers: Iterable[str]) -> list[Finding]:
    """What the program never puts on a table."""
    return [
        Finding(
            campaign=None, seq=None, table=table,
            what=f"{stranger} was added: it may change, hide or swallow what is written",
        )
        for stranger in strangers
    ]  # fmt: skip


def _on_sqlite(connection: Connection) -> dict[Guard, str]:
    """The words of each trigger."""
    rows = connection.exec_driver_sql(ON_SQLITE)
    return {Guard(str(table), str(name)): _words(str(sql)) for table, name, sql in rows}


def _on_postgresql(connection: Connection) -> dict[Guard, str]:
    """The words of each trigger; none where it is switched off, or calls another function than ours."""
    found: dict[Guard, str] = {}
    for row in connection.exec_driver_sql(ON_POSTGRESQL):
        is_ours = (
            row.is_near
            and (row.proname, row.lanname, row.tgenabled) == (FUNCTION, "plpgsql", "A")
            and refusing_function().endswith(f"$${row.prosrc}$$")
        )
        statement = str(row.statement).replace(f"{row.nspname}.", "")
        found[Guard(row.relname, row.tgname)] = _words(statement) if is_ours else ""
    return found


def _words(statement: str) -> str:
    """The words of a statement, however they are laid out."""
    return " ".join(statement.split())
