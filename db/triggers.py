"""Triggers that forbid any database user to change, delete or replace a row of the record."""

from collections.abc import Iterable

import sqlalchemy as sa

REFUSAL = "the record is append-only"
"""What the database answers."""
FUNCTION = "nightbeam_refuse"
"""The function that PostgreSQL's triggers call."""


def protect(table: sa.Table, dialect: str) -> list[str]:
    """The statements that make a table append-only.

    Parameters
    ----------
    table
        The table, with its primary key, unique constraints and unique indexes.
    dialect
        ``sqlite`` or ``postgresql``.
    """
    return _on_sqlite(table) if dialect == "sqlite" else _on_postgresql(table.name)


def protect_lease(lease: sa.Table, dialect: str) -> list[str]:
    """The statements that let a lease's row change, but never be deleted, nor its fence fall."""
    table = lease.name
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",
            f"CREATE TRIGGER {table}_fence_rises BEFORE UPDATE ON {table} WHEN NEW.fence < OLD.fence "
            "BEGIN SELECT RAISE(ABORT, 'a fence never falls'); END",
        ]
    return [
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {FUNCTION}()",
        f"CREATE TRIGGER {table}_fence_rises BEFORE UPDATE ON {table} FOR EACH ROW "
        f"WHEN (NEW.fence < OLD.fence) EXECUTE FUNCTION {FUNCTION}()",
        *(
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{name}"
            for name in ("no_delete", "fence_rises")
        ),
    ]


def refusing_function() -> str:
    """The function that PostgreSQL's triggers call."""
    return (
        f"CREATE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL} (% on %)', TG_OP, TG_TABLE_NAME; END $$"
    )


def _on_sqlite(table: sa.Table) -> list[str]:
    name = table.name
    refuse = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    # INSERT OR REPLACE deletes without firing delete triggers: so look for the row that it would replace.
    is_there = " OR ".join(
        f"EXISTS (SELECT 1 FROM {name} WHERE {' AND '.join(f'{c} = NEW.{c}' for c in key)}{also})"
        for key, also in _unique_keys(table)
    )
    return [
        f"CREATE TRIGGER {name}_no_update BEFORE UPDATE ON {name} {refuse}",
        f"CREATE TRIGGER {name}_no_delete BEFORE DELETE ON {name} {refuse}",
        f"CREATE TRIGGER {name}_no_replace BEFORE INSERT ON {name} WHEN {is_there} {refuse}",
    ]


def _unique_keys(table: sa.Table) -> Iterable[tuple[list[str], str]]:
    """Columns of each unique key, with the further condition of a partial index."""
    yield [column.name for column in table.primary_key], ""
    # Both are sets, whose order differs from process to process: a trigger's text must not.
    uniques = [c for c in table.constraints if isinstance(c, sa.UniqueConstraint)]
    for names in sorted([column.name for column in constraint.columns] for constraint in uniques):
        yield names, ""
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        if index.unique:
            where = index.dialect_options["sqlite"]["where"]
            text = "" if where is None else f" AND {where} AND NEW.{where}"
            yield [column.name for column in index.columns], text


def _on_postgresql(name: str) -> list[str]:
    trigger = f"{name}_append_only"
    return [
        f"CREATE TRIGGER {trigger} BEFORE UPDATE OR DELETE OR TRUNCATE ON {name} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {FUNCTION}()",
        f"ALTER TABLE {name} ENABLE ALWAYS TRIGGER {trigger}",
    ]
