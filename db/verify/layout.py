"""Look whether the tables have the columns and the unique keys that the program gave them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from db import schema
from db.recognition import VERSION_TABLE
from db.verify.findings import Finding


@dataclass(frozen=True)
class Layout:
    """How the tables stand."""

    columns: Mapping[str, frozenset[str]]
    """Columns that are there, of those that the program knows, by table."""
    findings: tuple[Finding, ...]
    """What is not as the program made it."""
    notes: tuple[str, ...]
    """What else is in the database, in plain sentences."""

    def has(self, *columns: sa.Column[Any]) -> bool:
        """True when all these columns are there."""
        return all(column.name in self.columns[column.table.name] for column in columns)


def read_layout(connection: Connection) -> Layout:
    """Compare the tables with those that the program makes."""
    inspector = sa.inspect(connection)
    there = {name: {c["name"] for c in found} for (_, name), found in inspector.get_multi_columns().items()}
    indexes = {name: found for (_, name), found in inspector.get_multi_indexes().items()}
    uniques = {name: found for (_, name), found in inspector.get_multi_unique_constraints().items()}
    findings: list[Finding] = []
    columns: dict[str, frozenset[str]] = {}
    for table in schema.metadata.sorted_tables:
        name, known = table.name, {column.name for column in table.columns}
        found = there.get(name, set[str]())
        columns[name] = frozenset(known & found)
        findings += _say(name, "column", known - found, "was removed or renamed")
        findings += _say(name, "column", found - known, "was added: nothing seals what it holds")
        keys = {*_index_keys(indexes.get(name, ())), *_unique_keys(uniques.get(name, ()))}
        lost = (", ".join(key) for key, _ in sorted(_due_keys(table, connection.dialect.name) - keys))
        findings += _say(name, "unique key", lost, "was removed or altered: a row might be there twice")
    names = {*inspector.get_table_names(), *inspector.get_view_names()}
    strangers = ", ".join(sorted(names - set(schema.metadata.tables) - {VERSION_TABLE}))
    note = f"the database also holds {strangers}, which are no part of the record: nothing seals them"
    return Layout(columns, tuple(findings), (note,) if strangers else ())


def _say(table: str, noun: str, names: Iterable[str], fate: str) -> Iterator[Finding]:
    for name in sorted(names):
        yield Finding(campaign=None, seq=None, table=table, what=f"the {noun} {name} {fate}")


Key = tuple[tuple[str, ...], bool]
"""Columns of a unique key, and whether it holds for some rows only."""


def _due_keys(table: sa.Table, dialect: str) -> set[Key]:
    """The unique keys that a table must have, besides its primary key."""
    constraints = {
        (tuple(sorted(c.name for c in one.columns)), False)
        for one in table.constraints
        if isinstance(one, sa.UniqueConstraint)
    }
    return constraints | {
        (tuple(sorted(c.name for c in one.columns)), one.dialect_options[dialect]["where"] is not None)
        for one in table.indexes
        if one.unique
    }


def _index_keys(found: Iterable[Any]) -> Iterator[Key]:
    for index in found:
        where = next((v for k, v in index.get("dialect_options", {}).items() if k.endswith("_where")), None)
        # A condition is written down otherwise by each database; ours alone speaks of this word.
        is_ours = where is None or "'started'" in str(where)
        if index["unique"] and is_ours:
            yield tuple(sorted(map(str, index["column_names"]))), where is not None


def _unique_keys(found: Iterable[Any]) -> Iterator[Key]:
    for constraint in found:
        yield tuple(sorted(map(str, constraint["column_names"]))), False
