"""The ledger: one entry a transaction, whose hash covers every row that it added and the entry before."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from db import schema
from models.domain.canonical import canonical_json, sha256_text

HEAD = (
    sa.select(schema.ledger.c.n, schema.ledger.c.sha256)
    .where(schema.ledger.c.campaign_id == sa.bindparam("campaign"))
    .order_by(schema.ledger.c.n.desc())
    .limit(1)
)
FIRST = "0" * 64
"""What the first entry of a campaign names as the one before it."""


@dataclass(frozen=True)
class Chain:
    """Whose ledger it is."""

    campaign_id: int
    """Key of the campaign's row."""
    uid: str
    """The campaign's name for all time; it goes into every hash."""


@dataclass(frozen=True)
class Sealed:
    """An entry that closes the ledger so far."""

    n: int
    """Its place, from 1; 0 before the first."""
    sha256: str
    """Its hash, which covers all entries up to it."""


class Entry:
    """The rows of one transaction, and the ledger row that seals them."""

    def __init__(self, connection: Connection) -> None:
        """Begin with no rows, inside an open transaction."""
        self.connection = connection
        self._members: list[list[Any]] = []
        self.last_key: Any = None
        """First column of the primary key of the row that was added last."""

    def add(self, table: sa.Table, **values: Any) -> Any:
        """Insert a row and take it up into the entry.

        Returns
        -------
        Any
            The first column of its primary key.
        """
        row = as_stored(table, values)
        key = self._insert(table, row)
        row |= dict(zip((column.name for column in table.primary_key), key, strict=True))
        self._members.append([table.name, key, row_sha256(table, row)])
        self.last_key = key[0]
        return self.last_key

    def _insert(self, table: sa.Table, row: dict[str, Any]) -> list[Any]:
        """Insert a row; its primary key."""
        return list(self.connection.execute(table.insert(), row).inserted_primary_key or ())

    def lock(self, chain: Chain) -> None:
        """Let nobody else add to a campaign's ledger before this transaction ends."""
        if self.connection.dialect.name == "postgresql":  # SQLite has one writer at a time anyway
            self.connection.execute(sa.select(sa.func.pg_advisory_xact_lock(chain.campaign_id)))

    def seal(
        self, chain: Chain, record: str, seq: int | None, utc: str, last: Sealed | None = None
    ) -> Sealed:
        """Close the entry with its ledger row.

        Parameters
        ----------
        chain
            Whose ledger it is.
        record
            What was appended: ``Decided``, ``Started``, ...
        seq
            `seq` of the decision that it belongs to, if any.
        utc
            When.
        last
            The entry before, where this transaction wrote it itself; read when None.
        """
        if last is None:
            self.lock(chain)
            last = read_head(self.connection, chain.campaign_id)
        n = last.n + 1
        sha256 = entry_sha256(chain.uid, n, last.sha256, (record, seq, utc), self._members)
        self._insert(
            schema.ledger,
            {
                "campaign_id": chain.campaign_id, "n": n, "utc": utc, "record": record, "seq": seq,
                "members_json": canonical_json(self._members), "previous": last.sha256, "sha256": sha256,
            },
        )  # fmt: skip
        return Sealed(n, sha256)


def read_head(connection: Connection, campaign_id: int) -> Sealed:
    """The last entry of a campaign; that before the first when there is none."""
    row = connection.execute(HEAD, {"campaign": campaign_id}).one_or_none()
    return Sealed(0, FIRST) if row is None else Sealed(row.n, row.sha256)


def is_on_record(connection: Connection, chain: Chain, sealed: Sealed) -> bool:
    """True when that very entry is in the ledger."""
    table = schema.ledger
    found = connection.execute(
        sa.select(table.c.sha256).where(table.c.campaign_id == chain.campaign_id, table.c.n == sealed.n)
    )
    return found.scalar_one_or_none() == sealed.sha256


def entry_sha256(
    uid: str, n: int, previous: str, said: tuple[str, int | None, str], members: list[list[Any]]
) -> str:
    """Hash of an entry.

    Parameters
    ----------
    uid
        The campaign's name for all time.
    n
        The entry's place.
    previous
        Hash of the entry before.
    said
        Record, seq and time.
    members
        ``[table, primary key, SHA-256]`` of each row.
    """
    record, seq, utc = said
    return sha256_text(
        canonical_json(
            {
                "campaign": uid, "n": n, "previous": previous, "record": record, "seq": seq, "utc": utc,
                "members": members,
            }
        )
    )  # fmt: skip


def row_sha256(table: sa.Table, row: Mapping[str, Any]) -> str:
    """Hash of a row: of canonical JSON of its columns, those that are NULL left out.

    A column that a later migration adds is NULL in older rows, and so their hashes stay as they were.
    """
    plain = {
        name: hashlib.sha256(value).hexdigest() if isinstance(value, bytes) else value
        for name, value in as_stored(table, row).items()
    }
    return sha256_text(canonical_json({"table": table.name, "row": plain}))


def as_stored(table: sa.Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as both databases give them back; those that are None are left out."""
    return {
        name: _as_stored(table.c[name].type, value) for name, value in values.items() if value is not None
    }


def members_of(members_json: str) -> list[list[Any]]:
    """``[table, primary key, SHA-256]`` of each row of an entry."""
    members: list[list[Any]] = json.loads(members_json)
    return members


def _as_stored(kind: Any, value: Any) -> Any:
    if isinstance(kind, sa.Float):
        return float(value) + 0.0  # SQLite keeps no sign of zero
    if isinstance(kind, sa.String) and isinstance(value, str):
        # What a device says may hold anything; NUL and lone surrogates fit into no database.
        return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
    return bytes(value) if isinstance(kind, sa.LargeBinary) else value
