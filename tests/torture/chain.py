"""The ledger's rule, written a second time from its description: does the chain hold, is every row in it?"""

import hashlib
import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

OUTSIDE = frozenset({"lease", "ledger", "alembic_version"})
"""Tables whose rows no ledger entry names."""


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def objections_to_chain(connection: Connection, metadata: sa.MetaData) -> list[str]:
    """Whatever is wrong with the ledger; empty when it holds."""
    found: list[str] = []
    rows = _rows_by_key(connection, metadata)
    for campaign in connection.execute(sa.select(metadata.tables["campaign"])).all():
        previous, table = "0" * 64, metadata.tables["ledger"]
        entries = connection.execute(
            sa.select(table).where(table.c.campaign_id == campaign.id).order_by(table.c.n)
        ).all()
        for n, entry in enumerate(entries, start=1):
            members = json.loads(entry.members_json)
            expected = sha256(
                canonical(
                    {
                        "campaign": campaign.uid, "n": n, "previous": previous, "record": entry.record,
                        "seq": entry.seq, "utc": entry.utc, "members": members,
                    }
                )
            )  # fmt: skip
            if (entry.n, entry.previous, entry.sha256) != (n, previous, expected):
                found.append(f"entry {entry.n} does not follow from the one before")
            previous = entry.sha256
            for name, key, stated in members:
                if rows.pop((name, canonical(key)), None) != stated:
                    found.append(f"entry {n}: {name} {key} is not as it was sealed, or sealed twice")
        if not entries:
            found.append(f"campaign {campaign.name} has no ledger")
    return found + [f"{name} {key} is in no entry" for name, key in rows]


def _rows_by_key(connection: Connection, metadata: sa.MetaData) -> dict[tuple[str, str], str]:
    """Hash of every row that an entry must name, by table and key."""
    rows: dict[tuple[str, str], str] = {}
    for table in metadata.tables.values():
        if table.name in OUTSIDE:
            continue
        for row in connection.execute(sa.select(table)).mappings():
            plain = {
                name: hashlib.sha256(value).hexdigest() if isinstance(value, bytes) else value
                for name, value in row.items()
                if value is not None
            }
            key = canonical([row[column.name] for column in table.primary_key])
            rows[table.name, key] = sha256(canonical({"table": table.name, "row": plain}))
    return rows
