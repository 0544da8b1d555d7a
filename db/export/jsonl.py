"""JSON Lines: the ledger with the rows that it seals. This form proves itself, with no database at hand."""

import base64
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from db import schema
from db.export.source import PAGE, Source
from db.queries import LoggedCampaign
from models.domain.canonical import canonical_json
from models.domain.errors import BadInput

LONGEST_LINE = 2**28
"""Characters of a line; a file of one endless line is no export."""
KEYS_AT_ONCE = 400
"""Rows that are asked for in one query; SQLite takes a limited count of values."""

RowKey = tuple[str, tuple[Any, ...]]
"""Table and primary key."""


@dataclass(frozen=True)
class ExportedRow:
    """A row, as an export holds it."""

    table: str
    """Its table."""
    key: tuple[Any, ...]
    """Its primary key."""
    sha256: str
    """Its hash, as the ledger has it."""
    row: dict[str, Any] | None
    """Its columns, those that are NULL left out, bytes as bytes; None when the row is gone."""


@dataclass(frozen=True)
class ExportedEntry:
    """An entry of the ledger, as an export holds it."""

    campaign: str
    """The campaign's name for all time."""
    n: int
    """Its place, from 1."""
    record: str
    """What was appended."""
    seq: int | None
    """`seq` of the decision that it belongs to, if any."""
    utc: str
    """When."""
    previous: str
    """Hash of the entry before."""
    sha256: str
    """Its hash."""
    members: tuple[ExportedRow, ...]
    """The rows that it added."""


def write_jsonl(source: Source, campaign: LoggedCampaign, path: Path) -> None:
    """Write a campaign's ledger, an entry a line, each with its rows.

    Parameters
    ----------
    source
        The database.
    campaign
        The campaign.
    path
        The file.
    """
    table = schema.ledger
    of_campaign = table.c.campaign_id == campaign.id
    total = source.connection.scalar(sa.select(sa.func.count()).select_from(table).where(of_campaign)) or 0
    kept: set[str] = set()
    n_done = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for page in _ledger_pages(source, campaign):
            members = [_members(campaign, entry) for entry in page]
            rows = _read_rows(source, [(m[0], tuple(m[1])) for group in members for m in group])
            for entry, group in zip(page, members, strict=True):
                line = _line(campaign, entry, group, rows)
                shared = _shared(source, line["members"], kept)
                file.write(canonical_json(line | ({"shared": shared} if shared else {})) + "\n")
            n_done += len(page)
            source.tell(path.name, n_done, total)


def read_jsonl(path: Path) -> Iterator[ExportedEntry]:
    """Read an export, an entry at a time.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    BadInput
        With the line, when it is no export.
    """
    try:
        with path.open(encoding="utf-8") as file:
            for number in count(1):
                line = file.readline(LONGEST_LINE)
                if not line:
                    return
                yield _entry(f"{path}: line {number}", line)
    except OSError as error:
        raise BadInput(str(path), f"cannot be read ({error.strerror})", "Name an export in JSONL") from error
    except UnicodeDecodeError as error:
        raise BadInput(str(path), "is not text", "Name an export in JSONL") from error


def _entry(where: str, line: str) -> ExportedEntry:
    try:
        fields = json.loads(line)
        members = tuple(
            ExportedRow(one["table"], tuple(one["key"]), one["sha256"], _as_read(one["row"]))
            for one in fields["members"]
        )
        return ExportedEntry(
            fields["campaign"], fields["n"], fields["record"], fields["seq"], fields["utc"],
            fields["previous"], fields["sha256"], members,
        )  # fmt: skip
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(
            where, f"is no entry of a ledger ({type(error).__name__}: {error})", "Export the campaign again"
        ) from error


def _ledger_pages(source: Source, campaign: LoggedCampaign) -> Iterator[Sequence[Row[Any]]]:
    table = schema.ledger
    after = 0
    while True:
        statement = (
            sa.select(table)
            .where(table.c.campaign_id == campaign.id, table.c.n > after)
            .order_by(table.c.n)
            .limit(PAGE)
        )
        page = source.connection.execute(statement).all()
        if not page:
            return
        yield page
        after = page[-1].n


def _members(campaign: LoggedCampaign, entry: Row[Any]) -> list[list[Any]]:
    try:
        members: list[list[Any]] = [
            [str(t), list(key), str(sha)] for t, key, sha in json.loads(entry.members_json)
        ]
    except (ValueError, TypeError) as error:
        raise BadInput(
            f"campaign {campaign.name}: ledger entry {entry.n}",
            f"does not list its rows ({error})",
            "Run nightbeam verify to see what was changed",
        ) from error
    return members


def _read_rows(source: Source, keys: Iterable[RowKey]) -> dict[RowKey, dict[str, Any]]:
    """Rows by table and key; those that are gone are left out."""
    by_table: dict[str, list[tuple[Any, ...]]] = {}
    for table, key in keys:
        by_table.setdefault(table, []).append(key)
    found: dict[RowKey, dict[str, Any]] = {}
    for name, wanted in by_table.items():
        table = schema.metadata.tables.get(name)
        if table is None:
            continue
        columns = list(table.primary_key)
        whole = [key for key in wanted if len(key) == len(columns)]
        for start in range(0, len(whole), KEYS_AT_ONCE):
            is_wanted = sa.tuple_(*columns).in_(whole[start : start + KEYS_AT_ONCE])
            for values in source.connection.execute(sa.select(table).where(is_wanted)).mappings():
                found[name, tuple(values[column.name] for column in columns)] = _as_written(values)
    return found


def _line(
    campaign: LoggedCampaign, entry: Row[Any], group: list[list[Any]], rows: dict[RowKey, dict[str, Any]]
) -> dict[str, Any]:
    members = [
        {"table": table, "key": key, "sha256": sha256, "row": rows.get((table, tuple(key)))}
        for table, key, sha256 in group
    ]
    return {
        "campaign": campaign.uid, "n": entry.n, "record": entry.record, "seq": entry.seq, "utc": entry.utc,
        "previous": entry.previous, "sha256": entry.sha256, "members": members,
    }  # fmt: skip


def _shared(source: Source, members: list[dict[str, Any]], kept: set[str]) -> list[dict[str, Any]]:
    """Contents that an entry names and another campaign's ledger seals: equal ones are kept only once."""
    rows = [(one["table"], one["row"]) for one in members if one["row"] is not None]
    kept.update(row["sha256"] for table, row in rows if table == "artifact")
    named = {row["sha256"] for table, row in rows if table == "decision_artifact"} - kept
    kept |= named
    found = _read_rows(source, [("artifact", (sha256,)) for sha256 in sorted(named)])
    return [{"table": table, "key": list(key), "row": row} for (table, key), row in sorted(found.items())]


def _as_written(values: Any) -> dict[str, Any]:
    return {
        name: {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
        for name, value in values.items()
        if value is not None
    }


def _as_read(row: dict[str, Any] | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        name: base64.b64decode(value["base64"], validate=True) if isinstance(value, dict) else value
        for name, value in row.items()
    }
