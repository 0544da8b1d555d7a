"""Triggers that forbid any database user to change, delete or replace a row of the record."""

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

REFUSAL = "the record is append-only"
"""What the database answers."""
FUNCTION = "nightbeam_refuse"
"""The function that PostgreSQL's triggers call."""
HIGHEST_FIRST_FENCE = 1_000_000_000
"""With which a lease may begin at most."""
LONGEST_STEP = 1_000_000
"""By how much a fence may rise at once."""
_REFUSE = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"


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
    """The statements that let a lease's row change, but never be deleted, replaced or renamed.

    Its fence never falls. It begins low and rises in short steps: nobody can use up all numbers.
    """
    table = lease.name
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {_REFUSE}",
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {_is_there(lease)} "
            f"OR typeof(NEW.fence) <> 'integer' OR NEW.fence < 1 OR NEW.fence > {HIGHEST_FIRST_FENCE} "
            f"{_REFUSE}",
            f"CREATE TRIGGER {table}_fence_rises BEFORE UPDATE ON {table} "
            "WHEN NEW.rowid <> OLD.rowid OR NEW.instrument <> OLD.instrument "
            "OR typeof(NEW.fence) <> 'integer' OR NEW.fence < OLD.fence "
            f"OR NEW.fence > OLD.fence + {LONGEST_STEP} "
            "BEGIN SELECT RAISE(ABORT, 'a fence never falls'); END",
        ]
    # As PostgreSQL itself writes them down, so that the check of the record can compare.
    return _always(
        table,
        {
            f"{table}_no_delete": f"BEFORE DELETE OR TRUNCATE ON {table} FOR EACH STATEMENT",
            f"{table}_first_fence": f"BEFORE INSERT ON {table} FOR EACH ROW "
            f"WHEN (((new.fence < 1) OR (new.fence > {HIGHEST_FIRST_FENCE})))",
            f"{table}_fence_rises": f"BEFORE UPDATE ON {table} FOR EACH ROW "
            f"WHEN (((new.fence < old.fence) OR (new.fence > (old.fence + {LONGEST_STEP})) "
            "OR (new.instrument <> old.instrument)))",
        },
    )


def renew(table: sa.Table, dialect: str) -> list[str]:
    """The statements that put a table's guards in the place of those of an older revision."""
    guards = (protect_lease if table.name == "lease" else protect)(table, dialect)
    made = [guard for guard in guards if guard.startswith("CREATE TRIGGER ")]
    on = "" if dialect == "sqlite" else f" ON {table.name}"
    return [*(f"DROP TRIGGER IF EXISTS {guard.split()[2]}{on}" for guard in made), *guards]


def refusing_function() -> str:
    """The function that PostgreSQL's triggers call."""
    return (
        f"CREATE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL} (% on %)', TG_OP, TG_TABLE_NAME; END $$"
    )


def _on_sqlite(table: sa.Table) -> list[str]:
    name = table.name
    return [
        f"CREATE TRIGGER {name}_no_update BEFORE UPDATE ON {name} {_REFUSE}",
        f"CREATE TRIGGER {name}_no_delete BEFORE DELETE ON {name} {_REFUSE}",
        f"CREATE TRIGGER {name}_no_replace BEFORE INSERT ON {name} WHEN {_is_there(table)} {_REFUSE}",
    ]


def _is_there(table: sa.Table) -> str:
    """Whether a row to be added would replace one: that deletes without firing delete triggers."""
    keys = [*_unique_keys(table), (["rowid"], "")]  # the hidden number of a row is a key as well
    return " OR ".join(
        f"EXISTS (SELECT 1 FROM {table.name} WHERE {' AND '.join(f'{c} = NEW.{c}' for c in key)}{also})"
        for key, also in keys
    )


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
    rule = f"BEFORE DELETE OR UPDATE OR TRUNCATE ON {name} FOR EACH STATEMENT"
    return _always(name, {f"{name}_append_only": rule})


def _always(table: str, rules: Mapping[str, str]) -> list[str]:
    """Triggers that refuse, also in a session that plays the replica."""
    return [
        statement
        for name, rule in rules.items()
        for statement in (
            f"CREATE TRIGGER {name} {rule} EXECUTE FUNCTION {FUNCTION}()",
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}",
        )
    ]
