"""Whether what a campaign's runs began with is still what they wrote down: asked before a run goes on."""

from collections.abc import Generator, Iterator

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from db import schema
from db.engine import reading
from db.ledger import entry_sha256, members_of, read_head, row_sha256
from db.readable import refuse_edited
from models.domain.canonical import canonical_json
from models.domain.errors import BadInput

OPENED = "Opened"
"""Record of the entries with which runs begin; each seals its session, the first one the campaign as well."""
REMEDY = (
    "Run nightbeam verify to see what else was changed, and bring back a whole copy; "
    "or give the campaign a new name to begin anew"
)


def refuse_edited_openings(engine: Engine, name: str) -> None:
    """Refuse a campaign whose file, task or sessions on record are not as they were written.

    It looks at these few rows only, in a time that does not grow with the count of decisions: `nightbeam
    verify` looks at all.

    Parameters
    ----------
    engine
        The database.
    name
        Name of the campaign; one that is not on record is whole.

    Raises
    ------
    BadInput
        When one was edited, added or deleted.
    LogUnavailable
        When the database does not answer.
    """
    what = f"the record of campaign {name!r}"
    with reading(engine).connect() as connection, refuse_edited(connection, what):
        flaw = next(_flaws(connection, name), None)
    if flaw is not None:
        raise BadInput(f"campaign {name!r}", f"its record is not as it was written ({flaw})", REMEDY)


def _flaws(connection: Connection, name: str) -> Iterator[str]:
    """What is not as it was written, one sentence each."""
    table = schema.campaign
    campaign = connection.execute(sa.select(table).where(table.c.name == name)).one_or_none()
    if campaign is None:
        return
    head = read_head(connection, campaign.id)
    if not isinstance(head.n, int):  # pyright: ignore[reportUnnecessaryIsInstance]  # SQLite holds anything
        yield f"entry {head.n!r} of the ledger is not one that the program writes"
    sealed = yield from _sealed(connection, campaign.id, campaign.uid)
    for table, column in ((schema.campaign, "id"), (schema.session, "campaign_id")):
        statement = sa.select(table).where(table.c[column] == campaign.id).order_by(table.c.id)
        for row in connection.execute(statement):
            was = sealed.pop((table.name, canonical_json([row.id])), None)
            if was is None:
                yield f"{table.name} {row.id} is sealed by no entry of the ledger"
            elif was != row_sha256(table, dict(row._mapping)):  # pyright: ignore[reportPrivateUsage]
                yield f"{table.name} {row.id} was edited"
    for name_of_table, key in sealed:
        yield f"the row {key} of {name_of_table} is gone"


def _sealed(
    connection: Connection, campaign_id: int, uid: str
) -> Generator[str, None, dict[tuple[str, str], str]]:
    """Yield what is wrong with the entries; return the hashes that they sealed, by table and key."""
    ledger = schema.ledger
    sealed: dict[tuple[str, str], str] = {}
    statement = sa.select(ledger).where(ledger.c.campaign_id == campaign_id, ledger.c.record == OPENED)
    for entry in connection.execute(statement.order_by(ledger.c.n)):
        members = members_of(entry.members_json)
        said = (entry.record, entry.seq, entry.utc)
        if entry_sha256(uid, entry.n, entry.previous, said, members) != entry.sha256:
            yield f"entry {entry.n} of the ledger was edited"
        sealed |= {(table, canonical_json(key)): sha256 for table, key, sha256 in members}
    return sealed
