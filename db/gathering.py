"""Rows gathered first and inserted together: for whole campaigns in a SQLite file with one writer."""

from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from db import schema
from db.ledger import Entry
from db.rows import ARTIFACT, Writer
from models.domain.records import Decided, Record, Retried


@dataclass
class Sheaf:
    """Rows that are not inserted yet, and what the ones that come later refer to."""

    connection: Connection
    """Of the transaction that will insert them."""
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict[str, list[dict[str, Any]]])
    """Rows by table."""
    next_ids: dict[str, int] = field(default_factory=dict[str, int])
    """The next number of each table that counts its rows."""
    decisions: dict[int, int] = field(default_factory=dict[int, int])
    """Key of each decision by its `seq`."""
    samples: dict[str, int] = field(default_factory=dict[str, int])
    """Key of each sample by its name."""
    seqs: dict[str, int] = field(default_factory=dict[str, int])
    """`seq` of the decision of each command."""
    contents: set[str] = field(default_factory=set[str])
    """Artifacts that are gathered already."""

    def gather(self, table: sa.Table, row: dict[str, Any]) -> list[Any]:
        """Take up a row; its primary key.

        Numbers are counted on from the largest in the table: the transaction holds the file's only lock.
        """
        counted = [c.name for c in table.primary_key if c.name == "id" and "id" not in row]
        if counted:
            if table.name not in self.next_ids:
                self.next_ids[table.name] = 1 + (
                    self.connection.scalar(sa.select(sa.func.max(table.c.id))) or 0
                )
            row = row | {"id": self.next_ids[table.name]}
            self.next_ids[table.name] += 1
        self.rows.setdefault(table.name, []).append(row)
        return [row[column.name] for column in table.primary_key]

    def insert(self) -> None:
        """Insert all rows, each table's at once, what is referred to first."""
        for table in schema.metadata.sorted_tables:
            rows = self.rows.pop(table.name, None)
            if rows:
                names = [column.name for column in table.columns]
                self.connection.execute(
                    table.insert(), [{name: row.get(name) for name in names} for row in rows]
                )


class GatheredEntry(Entry):
    """An entry of the ledger whose rows are gathered."""

    def __init__(self, sheaf: Sheaf) -> None:
        """Begin with no rows."""
        super().__init__(sheaf.connection)
        self.sheaf = sheaf
        """Where its rows go."""

    def _insert(self, table: sa.Table, row: dict[str, Any]) -> list[Any]:
        return self.sheaf.gather(table, row)


@dataclass(frozen=True)
class GatheredWriter(Writer):
    """Writes records of a campaign that is wholly new: it finds what they refer to without asking."""

    entry: GatheredEntry
    """The entry."""

    def write(self, record: Record) -> int | None:
        """Write a record; `seq` of the decision that it belongs to."""
        if isinstance(record, Decided | Retried):
            self.entry.sheaf.seqs |= {action.action_id: action.seq for action in record.actions}
        return super().write(record)

    def _add(self, table: sa.Table, **values: Any) -> int:
        key = super()._add(table, **values)
        if table is schema.decision:
            self.entry.sheaf.decisions[values["seq"]] = key
        elif table is schema.sample:
            self.entry.sheaf.samples[values["name"]] = key
        return key

    def _sample_id(self, name: str) -> int | None:
        return self.entry.sheaf.samples.get(name)

    def _decision_id(self, seq: int) -> int:
        return self.entry.sheaf.decisions[seq]

    def _seq_of(self, action_id: str) -> int:
        return self.entry.sheaf.seqs[action_id]

    def _is_kept(self, sha256: str) -> bool:
        contents = self.entry.sheaf.contents
        is_kept = sha256 in contents or self.entry.connection.scalar(ARTIFACT, {"of": sha256}) is not None
        contents.add(sha256)
        return is_kept
