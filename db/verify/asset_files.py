"""Hold the files that the record names against what it says of them."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from db import schema
from db.verify.findings import Finding
from db.verify.layout import read_layout
from db.verify.still import hold_still

ROWS_AT_ONCE = 200
NEEDED = (
    *schema.asset.columns,
    *(schema.campaign.c[name] for name in ("id", "name", "folder")),
    *(schema.action.c[name] for name in ("action_id", "decision_id")),
    *(schema.observation.c[name] for name in ("curve_asset_id", "decision_id")),
    *(schema.decision.c[name] for name in ("id", "seq")),
)
"""Columns that say which files there are."""


@dataclass(frozen=True)
class CheckedFile:
    """One file, and what is wrong with it."""

    n_bytes: int
    """Its size on record, bytes."""
    finding: Finding | None
    """None when it is as it was written."""


def sum_bytes(connection: Connection, campaign: str | None) -> int:
    """Size of all files on record together, bytes."""
    statement = sa.select(sa.func.sum(schema.asset.c.n_bytes)).join(schema.campaign).where(_is_of(campaign))
    with hold_still(connection):
        if not read_layout(connection).has(*NEEDED):
            return 0
        total = connection.execute(statement).scalar()
    return int(total) if isinstance(total, int | Decimal) else 0  # else somebody edited a size


def check_files(connection: Connection, campaign: str | None) -> Iterator[CheckedFile]:
    """Hash each file that the record names, oldest first.

    Parameters
    ----------
    connection
        The database; nothing is written.
    campaign
        Name of the only campaign to look at; all when None.
    """
    with hold_still(connection):
        if read_layout(connection).has(*NEEDED):
            yield from _check(connection, campaign)
            return
    what = "no file can be looked for: columns that name them were removed"
    yield CheckedFile(0, Finding(campaign=None, seq=None, table="asset", what=what))


def _check(connection: Connection, campaign: str | None) -> Iterator[CheckedFile]:
    asset, action, decision = schema.asset, schema.action, schema.decision
    statement = (
        sa.select(asset, schema.campaign.c.name, schema.campaign.c.folder, decision.c.seq)
        .join(schema.campaign, schema.campaign.c.id == asset.c.campaign_id)
        .outerjoin(action, action.c.action_id == asset.c.action_id)
        .outerjoin(schema.observation, schema.observation.c.curve_asset_id == asset.c.id)
        .outerjoin(
            decision,
            decision.c.id == sa.func.coalesce(action.c.decision_id, schema.observation.c.decision_id),
        )
        .where(_is_of(campaign))
        .order_by(asset.c.id)
    )
    for row in connection.execute(statement, execution_options={"yield_per": ROWS_AT_ONCE}):
        path, n_bytes = Path(str(row.folder)) / str(row.path), row.n_bytes
        what = _objection(path, n_bytes, str(row.sha256))
        finding = None
        if what is not None:
            seq = row.seq if isinstance(row.seq, int) else None
            what = f"the {row.role} file {path} {what}"
            finding = Finding(campaign=str(row.name), seq=seq, table=None, what=what)
        yield CheckedFile(n_bytes if isinstance(n_bytes, int) else 0, finding)


def _is_of(campaign: str | None) -> sa.ColumnElement[bool]:
    """Whether a row belongs to the campaign; to any, for None."""
    return sa.true() if campaign is None else schema.campaign.c.name == campaign


def _objection(path: Path, n_bytes: object, sha256: str) -> str | None:
    """What is wrong with a file; None when it is as it was written."""
    try:
        if path.exists() and not path.is_file():
            return "cannot be read (it is no file)"
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
    except (OSError, ValueError) as error:  # a name with NUL is a ValueError
        return f"cannot be read ({error.strerror if isinstance(error, OSError) else error})"
    if size != n_bytes:
        return f"has {size} bytes, not the {n_bytes} on record"
    return (
        None
        if found == sha256
        else f"has SHA-256 {found[:12]}, not the {sha256[:12]} on record: it was changed"
    )
