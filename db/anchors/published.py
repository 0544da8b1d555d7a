"""Find the heads that a campaign's own runs published, where the record says that they are."""

from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from db import schema
from db.anchors.heads import Anchor, read_anchors
from db.anchors.publish import ANCHOR_FILE
from models.domain.campaign import CampaignSpec


def find_published(
    connection: Connection, campaign: str | None, say: Callable[[str], None]
) -> tuple[Anchor, ...]:
    """The heads of the campaigns on record, from the files that their runs appended them to.

    They are as trustworthy as those files: who can edit the database may be able to edit them too. A campaign
    that was deleted as a whole is not missed here; only a file that is named shows it.

    Parameters
    ----------
    connection
        The database.
    campaign
        Name of the only campaign to look for; all when None.
    say
        Told, in one sentence each, which file is not there, and which lines a crash cut short.

    Raises
    ------
    BadInput
        When a file is there and holds no heads.
    """
    table = schema.campaign
    statement = sa.select(table.c.id, table.c.name, table.c.uid, table.c.folder).order_by(table.c.id)
    if campaign is not None:
        statement = statement.where(table.c.name == campaign)
    found: list[Anchor] = []
    for row in connection.execute(statement).all():
        path = _file(connection, row.id, Path(row.folder))
        if path.is_file():
            found += [anchor for anchor in read_anchors(path, say) if anchor.head.uid == row.uid]
        else:
            say(f"{row.name}: no heads at {path}; name their file with --anchors")
    return tuple(found)


def _file(connection: Connection, campaign_id: int, folder: Path) -> Path:
    """The file that the last run published to; a relative one starts at a folder that is not on record."""
    table = schema.session
    text = connection.execute(
        sa.select(table.c.spec_json)
        .where(table.c.campaign_id == campaign_id)
        .order_by(table.c.id.desc())
        .limit(1)
    ).scalar()
    try:
        spec = CampaignSpec.model_validate_json(text or "")
    except ValueError:  # edited: the check itself tells of it
        return folder / ANCHOR_FILE
    return folder / ANCHOR_FILE if spec.record.anchors.file is None else Path(spec.record.anchors.file)
