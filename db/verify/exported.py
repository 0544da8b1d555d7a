"""Verify an export in JSON Lines by itself, with no database at hand."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from db import schema
from db.anchors.heads import Anchor
from db.export.jsonl import ExportedEntry, ExportedRow, read_jsonl
from db.ledger import row_sha256
from db.verify.chain import Walk
from db.verify.findings import Checked, CheckedCampaign, Finding
from db.verify.record import believe
from models.domain.canonical import canonical_json
from models.domain.errors import BadInput


@dataclass(frozen=True)
class _Line:
    """A line of an export, as the walk along a ledger knows an entry."""

    n: int
    record: str
    seq: int | None
    utc: str
    previous: str
    sha256: str
    members_json: str


def check_export(path: Path, anchors: Sequence[Anchor] = (), public_key: str | None = None) -> Checked:
    """Check every entry of an exported ledger, and every row that it holds.

    Parameters
    ----------
    path
        The file: one campaign.
    anchors
        Heads that were published of it.
    public_key
        Hexadecimal Ed25519 key that every head must be signed with; None asks for none.

    Raises
    ------
    BadInput
        When it is no export, or holds no entry.
    """
    believed, findings = believe(anchors, public_key)
    walk: Walk | None = None
    n_decisions = 0
    for entry in read_jsonl(path):
        if walk is None:
            heads = [anchor for anchor in believed if anchor.head.uid == entry.campaign]
            walk = Walk(_name(entry), entry.campaign, heads)
        findings += walk.step(_as_row(entry))[1]
        findings += _rows(entry, walk.campaign)
        n_decisions += entry.record == "Decided"
    if walk is None:
        raise BadInput(str(path), "holds no entry of a ledger", "Export the campaign again")
    findings += walk.finish()
    checked = CheckedCampaign(walk.campaign, n_decisions, walk.n_entries, tuple(walk.agreed))
    return Checked((checked,), tuple(findings))


def _as_row(entry: ExportedEntry) -> Any:
    members = [[member.table, list(member.key), member.sha256] for member in entry.members]
    return _Line(
        entry.n, entry.record, entry.seq, entry.utc, entry.previous, entry.sha256, canonical_json(members)
    )


def _name(entry: ExportedEntry) -> str:
    """Name of the campaign, as its first entry tells it."""
    rows = (member.row for member in entry.members if member.table == "campaign" and member.row)
    return next((str(row["name"]) for row in rows), entry.campaign)


def _rows(entry: ExportedEntry, campaign: str) -> Iterator[Finding]:
    for member in entry.members:
        what = _flaw(member)
        if what is not None:
            key = ", ".join(map(str, member.key))
            yield Finding(
                campaign=campaign, seq=entry.seq, table=member.table,
                what=f"row {key} (entry {entry.n}): {what}",
            )  # fmt: skip


def _flaw(member: ExportedRow) -> str | None:
    """What is wrong with a row; None when it is as it was sealed."""
    table = schema.metadata.tables.get(member.table)
    if table is None:
        return "this program knows no such table"
    if member.row is None:
        return "it is missing from the export"
    try:
        is_same = row_sha256(table, member.row) == member.sha256
    except (KeyError, TypeError, ValueError):
        is_same = False
    return None if is_same else "edited, it is not what was sealed"
