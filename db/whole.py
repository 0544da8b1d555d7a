"""Write whole campaigns that are over: what was played elsewhere, each in one transaction, by one writer."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError

from db import schema
from db.gathering import GatheredEntry, GatheredWriter, Sheaf
from db.lease import Lease
from db.ledger import Chain, Entry, Sealed
from db.log import Opening, add_campaign
from db.readable import refuse_edited
from models.domain.canonical import canonical_json
from models.domain.clock import Stamp
from models.domain.errors import LogUnavailable
from models.domain.records import Record

OPENED = "Opened"


@dataclass(frozen=True)
class Origin:
    """Where campaigns were played."""

    lease: Lease
    """The right to write them, under the name of what they were played on: one writer at a time."""
    environment_json: str
    """With what was computed, as canonical JSON."""


def write_whole(
    engine: Engine, origin: Origin, opening: Opening, stamped: Iterable[tuple[Record, Stamp]]
) -> Sealed:
    """Write a campaign from its opening to its ending, whole or not at all.

    Every record has an entry of the ledger, as if it had been written when it happened.

    Parameters
    ----------
    engine
        The database, open for writing.
    origin
        Where it was played.
    opening
        Which campaign; none of its name may be on record.
    stamped
        Its records with their times, in order.

    Returns
    -------
    Sealed
        The last entry of its ledger.

    Raises
    ------
    LogUnavailable
        When the database refuses.
    LeaseLost
        When another process writes there now.
    """
    records = list(stamped)
    try:
        with engine.begin() as connection:
            origin.lease.hold(connection)
            return _write(connection, origin, opening, records)
    except DBAPIError as error:
        raise LogUnavailable(
            f"campaign {opening.spec.name!r} cannot be written ({error.orig}); free it and run again"
        ) from error


def _write(
    connection: Connection, origin: Origin, opening: Opening, records: list[tuple[Record, Stamp]]
) -> Sealed:
    stamp = records[0][1]
    entry = Entry(connection)
    campaign_id, _ = add_campaign(entry, opening, stamp)
    chain = Chain(campaign_id, opening.identity.uid)
    session_id = entry.add(
        schema.session,
        campaign_id=campaign_id,
        spec_json=canonical_json(opening.spec),
        environment_json=origin.environment_json,
        instrument=origin.lease.instrument,
        fence=origin.lease.fence,
        **stamp.model_dump(),
    )
    sealed = entry.seal(chain, OPENED, None, stamp.utc)
    sheaf = Sheaf(connection)
    for record, when in records:
        gathered = GatheredEntry(sheaf)
        seq = GatheredWriter(gathered, chain, session_id, when).write(record)
        sealed = gathered.seal(chain, type(record).__name__, seq, when.utc, sealed)
    sheaf.insert()
    return sealed


@dataclass(frozen=True)
class Kept:
    """One campaign that was written whole."""

    name: str
    """Its name."""
    spec_sha256: str
    """Hash of its file."""
    instrument: str
    """What it was played on."""
    content: bytes
    """The artifact that tells how it fared, unpacked."""


def read_kept(connection: Connection, role: str) -> tuple[Kept, ...]:
    """Every campaign that holds an artifact of a role, with that artifact, in the order of writing."""
    artifact, link = schema.artifact, schema.decision_artifact
    statement = (
        sa.select(
            schema.campaign.c.name, schema.campaign.c.spec_sha256, schema.session.c.instrument,
            artifact.c.content,
        )
        .select_from(link)
        .join(artifact, artifact.c.sha256 == link.c.sha256)
        .join(schema.decision, schema.decision.c.id == link.c.decision_id)
        .join(schema.session, schema.session.c.id == schema.decision.c.session_id)
        .join(schema.campaign, schema.campaign.c.id == schema.decision.c.campaign_id)
        .where(link.c.role == role)
        .order_by(schema.campaign.c.id)
    )  # fmt: skip
    with refuse_edited(connection, "the record of rehearsed campaigns"):
        return tuple(
            Kept(row.name, row.spec_sha256, row.instrument, zlib.decompress(row.content))
            for row in connection.execute(statement)
        )
