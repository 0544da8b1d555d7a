"""The read side for people: which campaigns, sessions and decisions there are."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from db import schema
from db.histories import read_history
from db.readable import refuse_edited
from models.domain.campaign import CampaignSpec
from models.domain.decision import Decision
from models.domain.errors import BadInput
from models.domain.wording import outcome_text


@dataclass(frozen=True)
class LoggedCampaign:
    """One campaign in a database."""

    id: int
    """Key of its row."""
    name: str
    """Its name."""
    uid: str
    """Its name for all time."""
    spec: CampaignSpec
    """The file it began with."""
    problem_json: str
    """What its strategies were told of the task, as canonical JSON."""
    utc: str
    """When it began."""


@dataclass(frozen=True)
class LoggedDecision:
    """One decision, as the log shows it to people."""

    campaign: str
    """Name of the campaign."""
    utc: str
    """When it was written down."""
    decision: Decision
    """The decision."""
    outcome: str
    """What came of it, in a few words."""


def read_campaigns(connection: Connection, name: str | None = None) -> tuple[LoggedCampaign, ...]:
    """The campaigns in a database, oldest first.

    Raises
    ------
    BadInput
        When `name` is given and there is none of that name.
    """
    with refuse_edited(connection, "the table of campaigns"):
        rows = connection.execute(sa.select(schema.campaign).order_by(schema.campaign.c.id)).all()
        names = [str(row.name) for row in rows]
    if name is not None and name not in names:
        raise BadInput(
            f"--campaign {name}",
            "there is no campaign of that name in the database",
            f"Choose one of: {', '.join(names) or '(none yet)'}",
        )
    with refuse_edited(connection, "the table of campaigns"):
        return tuple(_campaign(row) for row in rows if name in (None, row.name))


def _campaign(row: Row[Any]) -> LoggedCampaign:
    spec = CampaignSpec.model_validate_json(row.spec_json)
    for name in ("name", "uid", "problem_json", "utc"):
        if not isinstance(getattr(row, name), str):
            raise ValueError(f"column {name} of campaign {spec.name!r} holds no text")
    return LoggedCampaign(row.id, row.name, row.uid, spec, row.problem_json, row.utc)


def read_decision_list(connection: Connection, campaign: LoggedCampaign) -> Iterator[LoggedDecision]:
    """All decisions of a campaign in order, each with its outcome in words."""
    history = read_history(connection, campaign.id)
    with refuse_edited(connection):
        rows = connection.execute(
            sa.select(schema.decision.c.seq, schema.decision.c.utc).where(
                schema.decision.c.campaign_id == campaign.id
            )
        )
        utc = {row.seq: str(row.utc) for row in rows}
    for decision in history.decisions:
        outcome = outcome_text(history, decision, campaign.spec.objective)
        yield LoggedDecision(campaign.name, utc[decision.seq], decision, outcome)


@dataclass(frozen=True)
class LoggedSession:
    """One process that worked on a campaign."""

    id: int
    """Key of its row."""
    utc: str
    """When it began."""
    spec: CampaignSpec
    """The campaign file in force."""
    environment_json: str
    """With what it computed."""


@dataclass(frozen=True)
class Provenance:
    """When a decision was made, and by which process."""

    seq: int
    """`seq` of the decision."""
    utc: str
    """When."""
    session_id: int
    """The process."""
    model_sha256: str | None
    """Hash of its model state, as it was when it was written."""


def read_sessions(connection: Connection, campaign_id: int) -> tuple[LoggedSession, ...]:
    """The processes that worked on a campaign, in order."""
    table = schema.session
    statement = sa.select(table).where(table.c.campaign_id == campaign_id).order_by(table.c.id)
    with refuse_edited(connection, "the table of sessions"):
        return tuple(
            LoggedSession(
                row.id, row.utc, CampaignSpec.model_validate_json(row.spec_json), row.environment_json
            )
            for row in connection.execute(statement)
        )


def read_provenance(connection: Connection, campaign_id: int) -> tuple[Provenance, ...]:
    """Where each decision comes from, by `seq`."""
    table = schema.decision
    columns = (table.c.seq, table.c.utc, table.c.session_id, table.c.model_sha256)
    with refuse_edited(connection):
        rows = connection.execute(
            sa.select(*columns).where(table.c.campaign_id == campaign_id).order_by(table.c.seq)
        )
        return tuple(Provenance(*row) for row in rows)
