"""What is on record of a campaign, as an auditor reads it: rows, files and the eyewitness."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from db import schema
from db.engine import open_to_read
from db.histories import read_history
from db.queries import read_campaigns
from db.verify.record import verify
from models.domain.canonical import canonical_json, sha256_text
from models.domain.decision import Decision
from models.domain.history import History
from tests.torture.chain import objections_to_chain
from tests.torture.witness import Said, read_witness


@dataclass(frozen=True)
class OnRecord:
    """Everything of one campaign."""

    history: History
    keys: Counter[tuple[Any, ...]]
    """What acknowledged records must have left behind, and how often it is there."""
    succeeded: Counter[tuple[int, str]]
    """Commands that succeeded, by decision and kind."""
    files: dict[str, str]
    """SHA-256 on record by path."""
    on_disk: dict[str, str]
    """SHA-256 on disk by path."""
    chain: list[str]
    """Objections to the ledger."""
    said: list[Said]
    """What the eyewitness saw."""


def read_on_record(folder: Path, url: str) -> OnRecord:
    """Read a campaign that has ended."""
    engine = open_to_read(url)
    with engine.connect() as connection:
        (campaign,) = read_campaigns(connection)
        history = read_history(connection, campaign.id)
        keys, succeeded = _keys(connection, history)
        files = {row.path: row.sha256 for row in connection.execute(sa.select(schema.asset))}
        chain = objections_to_chain(connection, schema.metadata)
    with engine.connect() as connection:
        chain += [finding.text() for finding in verify(connection)]
    engine.dispose()
    kept = [path for path in folder.glob("nightbeam-data/*/*/*") if path.parent.name in ("frames", "curves")]
    on_disk = {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in kept}
    return OnRecord(history, keys, succeeded, files, on_disk, chain, read_witness(folder))


def _keys(
    connection: sa.Connection, history: History
) -> tuple[Counter[tuple[Any, ...]], Counter[tuple[int, str]]]:
    keys: Counter[tuple[Any, ...]] = Counter()
    succeeded: Counter[tuple[int, str]] = Counter()
    keys.update(("decision", d.seq, sha256_text(canonical_json(d))) for d in history.decisions)
    keys.update(("observation", o.seq, sha256_text(canonical_json(o))) for o in history.observations)
    keys.update(("exposure", e.seq, e.run_uid) for e in history.exposures)
    keys.update(("failure", f.seq, f.code) for f in history.failures)
    joined = (
        sa.select(
            schema.decision.c.seq, schema.action.c.action_id, schema.action.c.kind,
            schema.action_event.c.status,
        )
        .select_from(schema.action)
        .join(schema.decision)
        .outerjoin(schema.action_event)
    )  # fmt: skip
    actions: set[str] = set()
    for row in connection.execute(joined):
        actions.add(row.action_id)
        if row.status is not None:
            keys["action_event", row.action_id, row.status] += 1
        if row.status == "succeeded":
            succeeded[row.seq, row.kind] += 1
    keys.update(("action", action_id) for action_id in actions)
    return keys, succeeded


def turn(history: History, decision: Decision) -> dict[str, Any]:
    """What was decided, why, and what was found: the same in every run of one campaign."""
    observation, failure = history.observation(decision.seq), history.failure(decision.seq)
    return {
        "kind": decision.kind,
        "point": decision.point,
        "reason": decision.reason.code,
        "seed": decision.seed,
        "watermark": decision.watermark,
        "exposure_s": decision.exposure_s,
        "candidates": decision.candidates,
        "features": observation.features if observation else None,
        "failure": failure.code if failure else None,
    }
