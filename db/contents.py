"""The content of artifacts that belong to decisions of one campaign."""

import zlib

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from db import schema
from db.readable import refuse_edited


def read_contents(connection: Connection, campaign_id: int, role: str) -> dict[int, bytes]:
    """Artifacts of a role, unpacked, by `seq` of their decision.

    Raises
    ------
    BadInput
        When one is not as this program wrote it.
    """
    artifact, link, decision = schema.artifact, schema.decision_artifact, schema.decision
    statement = (
        sa.select(decision.c.seq, artifact.c.content)
        .select_from(link)
        .join(artifact, artifact.c.sha256 == link.c.sha256)
        .join(decision, decision.c.id == link.c.decision_id)
        .where(link.c.role == role, decision.c.campaign_id == campaign_id)
    )
    with refuse_edited(connection, f"artifacts of role {role!r}"):
        return {row.seq: zlib.decompress(row.content) for row in connection.execute(statement)}
