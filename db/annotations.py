"""What people say about a campaign: appended beside a running agent, sealed like everything else."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from db import schema
from db.engine import open_to_read, open_to_write
from db.ledger import Chain, Entry, Sealed
from db.queries import LoggedCampaign, read_campaigns
from db.readable import refuse_edited
from db.rows import Writer
from models.domain.clock import Stamp
from models.domain.errors import BadInput, LogUnavailable
from models.domain.records import Annotation


def add_annotation(url: str, name: str | None, annotation: Annotation, stamp: Stamp) -> Sealed:
    """Append an annotation.

    Parameters
    ----------
    url
        The database.
    name
        The campaign; may be left out when there is only one.
    annotation
        What is said.
    stamp
        When.

    Raises
    ------
    BadInput
        When there is no such campaign or decision.
    LogUnavailable
        When the database refuses.
    """
    open_to_read(url).dispose()  # a database that is not there is not made for a note
    engine = open_to_write(url)
    try:
        with engine.begin() as connection:
            campaign = chosen(read_campaigns(connection, name))
            _refuse_unknown(connection, campaign, annotation.seq)
            chain = Chain(campaign.id, campaign.uid)
            entry = Entry(connection)
            seq = Writer(entry, chain, None, stamp).write(annotation)
            with refuse_edited(connection, "the ledger"):
                return entry.seal(chain, type(annotation).__name__, seq, stamp.utc)
    except DBAPIError as error:
        raise LogUnavailable(
            f"the annotation was not written ({' '.join(str(error.orig).split())}); try again"
        ) from error
    finally:
        engine.dispose()


def chosen(campaigns: tuple[LoggedCampaign, ...]) -> LoggedCampaign:
    """The only campaign of some.

    Raises
    ------
    BadInput
        When there are several, or none.
    """
    if len(campaigns) != 1:
        names = ", ".join(campaign.name for campaign in campaigns) or "none"
        raise BadInput("--campaign", f"is not given, and the database holds {names}", "Name one of them")
    return campaigns[0]


def _refuse_unknown(connection: Connection, campaign: LoggedCampaign, seq: int | None) -> None:
    table = schema.decision
    with refuse_edited(connection):
        last = connection.scalar(
            sa.select(sa.func.max(table.c.seq)).where(table.c.campaign_id == campaign.id)
        )
        if not isinstance(last, int | None):
            raise ValueError(f"a decision has the number {last!r}")
    if seq is not None and not 1 <= seq <= (last or 0):
        raise BadInput(
            f"--seq {seq}", f"campaign {campaign.name!r} has decisions 1 to {last or 0}", "Correct the number"
        )
