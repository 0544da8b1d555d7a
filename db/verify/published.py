"""Find the heads that a campaign's own runs published, where the record says that they are."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from db import schema
from db.anchors.heads import Anchor, read_anchors
from db.anchors.publish import ANCHOR_FILE
from db.verify.findings import Finding, count_text
from db.verify.layout import read_layout
from db.verify.still import hold_still
from models.domain.campaign import CampaignSpec
from models.domain.record_spec import AnchorSpec

NEEDED = (
    *(schema.campaign.c[name] for name in ("id", "name", "uid", "folder")),
    *(schema.session.c[name] for name in ("id", "campaign_id", "spec_json")),
    *(schema.event.c[name] for name in ("id", "campaign_id", "code")),
    schema.decision.c.campaign_id,
)
"""Columns that say where heads were published."""


@dataclass(frozen=True)
class Published:
    """What became of the heads that the campaigns' own runs published to files."""

    anchors: tuple[Anchor, ...]
    """The heads."""
    findings: tuple[Finding, ...]
    """Files of heads that must be there and are not."""


def find_published(connection: Connection, campaign: str | None, say: Callable[[str], None]) -> Published:
    """The heads of the campaigns on record, from the files that their runs appended them to.

    They are as trustworthy as those files: who can edit the database may be able to edit them too. All heads
    in a campaign's own folder count, those of a campaign that is not in this database as well. Of a file that
    the campaign file names, which campaigns of several databases may share, only those of this one count.

    Parameters
    ----------
    connection
        The database.
    campaign
        Name of the only campaign to look for; all when None.
    say
        Told, in one sentence each, which file is not there, which heads do not count, and which lines a crash
        cut short.

    Raises
    ------
    BadInput
        When a file is there and holds no heads.
    """
    with hold_still(connection):
        if not read_layout(connection).has(*NEEDED):
            say("columns were removed from the tables: name the file of the heads with --anchors")
            return Published((), ())
        return _find(connection, campaign, say)


def _find(connection: Connection, campaign: str | None, say: Callable[[str], None]) -> Published:
    table = schema.campaign
    rows = connection.execute(sa.select(table.c.id, table.c.name, table.c.uid, table.c.folder)).all()
    uids = {row.uid for row in rows}
    findings: list[Finding] = []
    shared: set[Path] = set()
    own: set[Path] = set()
    for row in rows:
        if (
            campaign not in (None, row.name)
            or not isinstance(row.name, str)
            or not isinstance(row.folder, str)
        ):
            continue
        rules = _rules(connection, row.id)
        path = Path(row.folder) / ANCHOR_FILE if rules.file is None else Path(rules.file)
        if path.is_file():
            (own if rules.file is None else shared).add(path)
        elif _is_missed(connection, row.id, path, rules):
            what = f"the file of its heads, {path}, is gone, and heads were published to it"
            findings.append(Finding(campaign=row.name, seq=None, table=None, what=what))
        else:
            say(f"{row.name}: no heads at {path}; name their file with --anchors")
    anchors = [anchor for path in sorted(own) for anchor in read_anchors(path, say)]
    for path in sorted(shared):
        anchors += _of_this_database(path, uids, say)
    return Published(tuple(anchors), tuple(findings))


def _of_this_database(path: Path, uids: set[str], say: Callable[[str], None]) -> list[Anchor]:
    found = read_anchors(path, say)
    known = [anchor for anchor in found if anchor.head.uid in uids]
    foreign = {anchor.head.campaign for anchor in found if anchor.head.uid not in uids}
    if foreign:
        n_foreign = count_text(len(found) - len(known), "head")
        say(
            f"{n_foreign} in {path} of campaigns that are not in this database "
            f"({', '.join(sorted(foreign))}); with --anchors {path} each counts as deleted"
        )
    return known


def _is_missed(connection: Connection, campaign_id: int, path: Path, rules: AnchorSpec) -> bool:
    """Whether heads were surely published to a file that is not there, in a folder that is."""
    decision, event = schema.decision, schema.event
    n_decisions = connection.scalar(
        sa.select(sa.func.count()).select_from(decision).where(decision.c.campaign_id == campaign_id)
    )
    was_refused = sa.select(event.c.id).where(
        event.c.campaign_id == campaign_id, event.c.code == "anchor_not_published"
    )
    is_due = (n_decisions or 0) >= rules.every and connection.execute(was_refused.limit(1)).first() is None
    return is_due and path.parent.is_dir()


def _rules(connection: Connection, campaign_id: int) -> AnchorSpec:
    """Where the last run published to; a relative file starts at a folder that is not on record."""
    table = schema.session
    text = connection.execute(
        sa.select(table.c.spec_json)
        .where(table.c.campaign_id == campaign_id)
        .order_by(table.c.id.desc())
        .limit(1)
    ).scalar()
    try:
        return CampaignSpec.model_validate_json(text or "").record.anchors
    except ValueError:  # edited: the check itself tells of it
        return AnchorSpec()
