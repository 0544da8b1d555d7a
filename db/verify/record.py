"""Verify a record: every row as it was sealed, every entry after the one before, every head in its place."""

from collections.abc import Iterable, Sequence
from itertools import groupby

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from db import schema
from db.anchors.heads import Anchor
from db.verify.chain import Walk
from db.verify.coverage import Coverage, Difference
from db.verify.findings import Checked, CheckedCampaign, Finding, count_text, span_text
from db.verify.guards import missing_guards
from db.verify.layout import Layout, read_layout
from db.verify.leases import check_leases
from db.verify.raw_rows import read_rows, stream
from db.verify.still import hold_still

UNSEALED = {"ledger", "lease"}
"""Tables whose rows no entry seals: the entries themselves, and what may change."""
FLAWS = {
    "campaign": "columns spec_json and spec_sha256 do not agree: one of them was edited",
    "decision": "columns model_json and model_sha256 do not agree: the model's state was edited",
    "artifact": "the content is not what sha256 and n_bytes say: it was edited",
}
"""What it means when a hash that a row carries of its own content does not fit."""


def verify(
    connection: Connection,
    anchors: Sequence[Anchor] = (),
    campaign: str | None = None,
    public_key: str | None = None,
) -> list[Finding]:
    """What is not as it was written; nothing when all is whole.

    Parameters
    ----------
    connection
        The database, outside a transaction; nothing is written.
    anchors
        Heads that were published outside it.
    campaign
        Name of the only campaign to tell of; all when left out.
    public_key
        Hexadecimal Ed25519 key that every head must be signed with; when left out, a signature must fit the
        key that the head itself names.
    """
    checked = check_record(connection, anchors, public_key)
    return list((checked if campaign is None else checked.of(campaign)).findings)


def check_record(
    connection: Connection, anchors: Sequence[Anchor] = (), public_key: str | None = None
) -> Checked:
    """Check all guards, rows, entries and heads; see `verify`."""
    believed, findings = believe(anchors, public_key)
    with hold_still(connection), Coverage() as coverage:
        layout = read_layout(connection)
        findings += [*layout.findings, *missing_guards(connection), *check_leases(connection, layout)]
        walks = _walk_all(connection, layout, believed, coverage, findings)
        for table in schema.metadata.sorted_tables:
            if table.name not in UNSEALED:
                coverage.find(table.name, read_rows(connection, table, layout.columns[table.name]))
        names = {campaign_id: walk.campaign for campaign_id, walk in walks.items()}
        findings += [_say(difference, names) for difference in coverage.differences()]
        counts = _count_decisions(connection, layout)
    findings += _vanished(believed, {walk.uid for walk in walks.values()})
    if public_key is not None:
        findings += _unanchored(believed, public_key, walks.values())
    campaigns = tuple(
        CheckedCampaign(walk.campaign, counts.get(campaign_id, 0), walk.n_entries, tuple(walk.agreed))
        for campaign_id, walk in walks.items()
    )
    return Checked(campaigns, tuple(findings), layout.notes)


def believe(anchors: Sequence[Anchor], public_key: str | None) -> tuple[list[Anchor], list[Finding]]:
    """Part heads that are to be believed from those whose signature is not what it must be."""
    believed: list[Anchor] = []
    findings: list[Finding] = []
    for anchor in anchors:
        if anchor.is_signed and not anchor.is_genuine:
            doubt = "bears a signature that does not fit it: it was edited, or signed by nobody"
        elif public_key is None or anchor.public_key == public_key:
            believed.append(anchor)
            continue
        elif anchor.public_key is not None:
            doubt = f"is signed with a foreign key, {anchor.public_key[:8]}, not with {public_key[:8]}"
        else:
            doubt = f"is not signed, and the key {public_key[:8]} was asked for"
        findings.append(_about_head(anchor, f"{anchor.head.text()} {doubt}"))
    return believed, findings


def _walk_all(
    connection: Connection,
    layout: Layout,
    believed: list[Anchor],
    coverage: Coverage,
    findings: list[Finding],
) -> dict[int, Walk]:
    """Walk along every ledger, take its members up, and add what is found; walks by campaign."""
    walks: dict[int, Walk] = {}
    for row in stream(connection, schema.campaign, layout.columns["campaign"], ("id",)):
        name = row.name if isinstance(row.name, str) else f"(campaign {row.id})"
        uid = row.uid if isinstance(row.uid, str) else None  # else its row is told to be edited
        walks[row.id] = Walk(name, uid, [a for a in believed if a.head.uid == uid])
    entries = stream(connection, schema.ledger, layout.columns["ledger"], ("campaign_id", "n"))
    for campaign_id, group in groupby(entries, key=lambda entry: entry.campaign_id):
        walk = walks.setdefault(campaign_id, Walk(f"(campaign {campaign_id})", None, ()))
        for entry in group:
            members, found = walk.step(entry)
            coverage.seal(campaign_id, entry.n, entry.seq, members)
            findings += found
    for walk in walks.values():
        findings += walk.finish()
    return walks


def _count_decisions(connection: Connection, layout: Layout) -> dict[int, int]:
    if not layout.has(schema.decision.c.campaign_id):
        return {}
    campaign_id = schema.decision.c.campaign_id
    rows = connection.execute(sa.select(campaign_id, sa.func.count()).group_by(campaign_id)).all()
    return {row[0]: row[1] for row in rows}


def _say(difference: Difference, names: dict[int, str]) -> Finding:
    """Put a difference into words."""
    rows = count_text(difference.n_rows, "row")
    is_one = difference.n_rows == 1
    was, is_, it = ("was", "is", "it") if is_one else ("were", "are", "them")
    entry = f"entry {difference.n}" if is_one else f"entry {difference.n} and later ones"
    key = f"key {difference.key}" if is_one else f"the first with key {difference.key}"
    sentences = {
        "edited": f"{rows} {was} edited or replaced after {entry} sealed {it} ({key})",
        "gone": f"{rows} that {entry} sealed {is_} gone ({key})",
        "added": f"{rows} {is_} sealed by no entry: added, or the entry was removed ({key})",
        "sealed twice": f"{rows} {is_} sealed by two entries, which the program never does ({key})",
        "flawed": f"{rows}: {FLAWS.get(difference.table, '')} ({key})",
    }
    what = sentences[difference.how]
    if difference.first_seq != difference.last_seq:
        what = f"{span_text('decision', difference.first_seq, difference.last_seq)}: {what}"
    campaign = None if difference.campaign_id is None else names.get(difference.campaign_id)
    return Finding(campaign=campaign, seq=difference.first_seq, table=difference.table, what=what)


def _vanished(believed: list[Anchor], uids: set[str | None]) -> list[Finding]:
    """Campaigns of which heads were published, and that are not in the database."""
    last = {anchor.head.uid: anchor for anchor in believed if anchor.head.uid not in uids}
    return [
        _about_head(
            anchor,
            f"{anchor.head.text()} was published, and no campaign {uid} is in this database: the whole "
            "campaign was deleted, or its record is in another database",
        )
        for uid, anchor in last.items()
    ]


def _unanchored(believed: list[Anchor], public_key: str, walks: Iterable[Walk]) -> list[Finding]:
    """Campaigns of which no head is at hand that is signed as it must be."""
    anchored = {anchor.head.uid for anchor in believed}
    what = f"no head signed with {public_key[:8]} is at hand: a tail that was cut off would go unnoticed"
    return [
        Finding(campaign=walk.campaign, seq=None, table="ledger", what=what)
        for walk in walks
        if walk.uid not in anchored
    ]


def _about_head(anchor: Anchor, what: str) -> Finding:
    return Finding(campaign=anchor.head.name, seq=anchor.head.seq or None, table=None, what=what)
