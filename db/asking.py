"""What people ask of a campaign: appended beside a running agent, and sealed like everything else."""

from sqlalchemy.exc import DBAPIError

from db.engine import open_to_write
from db.ledger import Chain, Entry
from db.queries import LoggedCampaign
from db.readable import refuse_edited
from db.rows import Writer
from models.domain.clock import Stamp
from models.domain.errors import LogUnavailable
from models.domain.request import Request


def add_request(url: str, campaign: LoggedCampaign, request: Request, stamp: Stamp) -> int:
    """Append a request; its number.

    Parameters
    ----------
    url
        The database.
    campaign
        The campaign.
    request
        What is asked.
    stamp
        When.

    Raises
    ------
    LogUnavailable
        When the database refuses.
    """
    engine = open_to_write(url)
    try:
        with engine.begin() as connection:
            chain, entry = Chain(campaign.id, campaign.uid), Entry(connection)
            entry.lock(chain)  # before it takes a number: so numbers rise in the order of commits
            Writer(entry, chain, None, stamp).write(request)
            with refuse_edited(connection, "the ledger"):
                entry.seal(chain, type(request).__name__, request.seq, stamp.utc)
            return entry.last_key
    except DBAPIError as error:
        raise LogUnavailable(
            f"the {request.kind} was not written ({' '.join(str(error.orig).split())}); try again"
        ) from error
    finally:
        engine.dispose()
