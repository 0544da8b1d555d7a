"""Read rows as the database holds them, and hash each; nothing that an editor left stops it."""

import hashlib
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from db import schema
from db.ledger import row_sha256
from db.verify.coverage import FoundRow
from models.domain.canonical import sha256_text

ROWS_AT_ONCE = 200
"""Rows held in memory; curves and model states make them large."""
UNREADABLE = "unreadable"
"""Stands for the hash of a row with what its columns cannot hold."""
HELD_AS: dict[Any, type] = {sa.Boolean: bool, sa.Float: float, sa.LargeBinary: bytes}
"""Types that hold one sort of value, though SQLite would take any."""
PLACES: dict[str, type] = {"campaign_id": int, "seq": int, "decision_id": int, "action_id": str}
"""Columns that say where a row belongs."""


def stream(
    connection: Connection, table: sa.Table, there: Collection[str], order_by: Iterable[str] = ()
) -> Iterator[Any]:
    """All rows of a table, a few at a time, without what SQLAlchemy would make of their values.

    Parameters
    ----------
    connection
        The database.
    table
        The table.
    there
        Columns that somebody has not removed; the others read as NULL.
    order_by
        Columns that give the order.
    """
    plain = sa.types.NullType()
    raw = (
        (sa.type_coerce(column, plain) if column.name in there else sa.null()).label(column.name)
        for column in table.columns
    )
    order = [table.c[name] for name in order_by if name in there]
    yield from connection.execute(
        sa.select(*raw).select_from(table).order_by(*order), execution_options={"yield_per": ROWS_AT_ONCE}
    )


def read_rows(connection: Connection, table: sa.Table, there: Collection[str]) -> Iterator[FoundRow]:
    """The rows of a table with their hashes, and where each belongs; see `stream`."""
    names = [column.name for column in table.columns]
    key_names = [column.name for column in table.primary_key]
    own_key = {schema.campaign: "campaign_id", schema.decision: "decision_id"}.get(table)
    kinds = {
        column.name: kind
        for column in table.columns
        for type_, kind in HELD_AS.items()
        if isinstance(column.type, type_)
    }
    for values in stream(connection, table, there):
        row = dict(zip(names, values, strict=True))
        place = {name: _placed(row.get(name), kind) for name, kind in PLACES.items()}
        if own_key is not None:
            place[own_key] = _placed(row["id"], int)
        yield FoundRow(
            key=[_plain(row[name]) for name in key_names],
            sha256=_hash(table, row, kinds),
            is_flawed=_is_flawed(table.name, row),
            **place,
        )


def _hash(table: sa.Table, row: dict[str, Any], kinds: Mapping[str, type]) -> str:
    """Hash of a row, as the writer would make it."""
    for name, kind in kinds.items():
        value = row[name]
        if kind is bool and type(value) is int and value in (0, 1):
            row[name] = bool(value)  # as SQLite holds it
        elif value is not None and not isinstance(value, kind):
            return UNREADABLE
    try:
        return row_sha256(table, row)
    except (TypeError, ValueError, OverflowError):
        return UNREADABLE  # NaN, for one


def _placed(value: Any, kind: type) -> Any:
    """A value that says where a row belongs; None for what is none."""
    return value if isinstance(value, kind) else None


def _plain(value: Any) -> Any:
    """A part of a primary key as JSON can hold it."""
    if isinstance(value, bytes):
        return value.hex()
    return value if isinstance(value, str | int | None) else repr(value)


def _is_flawed(table: str, row: Mapping[str, Any]) -> bool:
    """True when a hash that a row carries of its own content does not fit."""
    match table:
        case "campaign":
            return not _is_hashed(row["spec_json"], row["spec_sha256"])
        case "decision":
            return not _is_hashed(row["model_json"], row["model_sha256"])
        case "artifact":
            return not _is_unpacked(row["content"], row["n_bytes"], row["sha256"])
        case _:
            return False


def _is_hashed(text: Any, sha256: Any) -> bool:
    if text is None or sha256 is None:
        return text is sha256
    return isinstance(text, str) and sha256_text(text) == sha256


def _is_unpacked(content: Any, n_bytes: Any, sha256: Any) -> bool:
    """True when a compressed content is that of its hash; no more of it is unpacked than it says."""
    if not isinstance(content, bytes) or not isinstance(n_bytes, int) or n_bytes < 0:
        return False
    unpacking = zlib.decompressobj()
    try:
        plain = unpacking.decompress(content, n_bytes + 1)
    except zlib.error:
        return False
    return len(plain) == n_bytes and hashlib.sha256(plain).hexdigest() == sha256
