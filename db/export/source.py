"""What is exported: campaigns, in one view of the database that no writer changes meanwhile."""

import json
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, Row

from db import schema
from db.queries import LoggedCampaign, read_campaigns
from models.domain.errors import BadInput
from models.domain.space import Axis, SearchSpace

PAGE = 500
"""Rows that are held in memory at a time."""

Progress = Callable[[str, int, int], None]
"""Told what is written, how much of it is done, and how much there is."""


def unwatched(_what: str, _done: int, _total: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Source:
    """The campaigns to export."""

    connection: Connection
    """One view of the database."""
    campaigns: tuple[LoggedCampaign, ...]
    """The campaigns, oldest first."""
    tell: Progress = field(default=unwatched)
    """Is told of the progress."""

    def stream(self, statement: sa.Select[Any]) -> Iterator[Row[Any]]:
        """Rows of a query, a page in memory at a time."""
        yield from self.connection.execute(statement, execution_options={"yield_per": PAGE})

    def stream_cells(self, statement: sa.Select[Any]) -> Iterator[Mapping[str, Any]]:
        """The same, each row by column name."""
        rows = self.connection.execute(statement, execution_options={"yield_per": PAGE})
        names = tuple(rows.keys())
        for row in rows:
            yield dict(zip(names, row, strict=True))

    def pages(self, campaign: LoggedCampaign) -> Iterator[tuple[int, int]]:
        """First and last `seq` of each page of a campaign's decisions."""
        last = self.last_seq(campaign)
        for first in range(1, last + 1, PAGE):
            yield first, min(first + PAGE - 1, last)

    def last_seq(self, campaign: LoggedCampaign) -> int:
        """`seq` of a campaign's last decision; 0 when there is none."""
        table = schema.decision
        statement = sa.select(sa.func.max(table.c.seq)).where(table.c.campaign_id == campaign.id)
        return self.connection.scalar(statement) or 0


@contextmanager
def open_source(engine: Engine, name: str | None, tell: Progress = unwatched) -> Generator[Source]:
    """Read campaigns as they stand at this moment, even while an agent goes on writing.

    Parameters
    ----------
    engine
        A database that is open to read.
    name
        The campaign; None for all.
    tell
        Is told of the progress.

    Raises
    ------
    BadInput
        When there is no such campaign, or none at all.
    """
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")  # without it, each query sees the database of its own moment
        else:
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        campaigns = read_campaigns(connection, name)
        if not campaigns:
            raise BadInput("--db", "there is no campaign in the database yet", "Run one first")
        for campaign in campaigns:
            _refuse_renamed(campaign)
        yield Source(connection, campaigns, tell)


def _refuse_renamed(campaign: LoggedCampaign) -> None:
    """Refuse a campaign whose row has another name than its file: files are named after it."""
    if campaign.name != campaign.spec.name:
        raise BadInput(
            f"campaign {campaign.name!r}",
            f"began as {campaign.spec.name!r}: somebody changed its name in the database",
            "Run nightbeam verify to see what was changed",
        )


def axes_of(campaign: LoggedCampaign) -> tuple[Axis, ...]:
    """The axes of a campaign with their units, also of one whose samples came with a dataset."""
    try:
        return SearchSpace.model_validate(json.loads(campaign.problem_json)["space"]).axes
    except (ValueError, KeyError, TypeError):
        return campaign.spec.axes
