"""Hold the files that the record names against what it says of them."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from db import schema
from db.verify.findings import Finding

ROWS_AT_ONCE = 200


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
    return int(connection.execute(statement).scalar() or 0)


def check_files(connection: Connection, campaign: str | None) -> Iterator[CheckedFile]:
    """Hash each file that the record names, oldest first.

    Parameters
    ----------
    connection
        The database; nothing is written.
    campaign
        Name of the only campaign to look at; all when None.
    """
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
        path = Path(row.folder) / row.path
        what = _objection(path, row.n_bytes, row.sha256)
        finding = None
        if what is not None:
            finding = Finding(
                campaign=row.name, seq=row.seq, table=None, what=f"the {row.role} file {path} {what}"
            )
        yield CheckedFile(row.n_bytes, finding)


def _is_of(campaign: str | None) -> sa.ColumnElement[bool]:
    """Whether a row belongs to the campaign; to any, for None."""
    return sa.true() if campaign is None else schema.campaign.c.name == campaign


def _objection(path: Path, n_bytes: int, sha256: str) -> str | None:
    """What is wrong with a file; None when it is as it was written."""
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    if size != n_bytes:
        return f"has {size} bytes, not the {n_bytes} on record"
    return (
        None
        if found == sha256
        else f"has SHA-256 {found[:12]}, not the {sha256[:12]} on record: it was changed"
    )
