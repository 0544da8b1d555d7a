"""One decision with all that is on record of it, for people."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from db import schema
from db.histories import read_history
from db.queries import LoggedCampaign
from db.readable import refuse_edited
from db.requests import read_requests
from models.domain.action import Exposure
from models.domain.decision import Decision
from models.domain.errors import BadInput
from models.domain.history import Failure, History, Observation
from models.domain.wording import outcome_text


@dataclass(frozen=True)
class Remark:
    """An event, or what a person said."""

    seq: int | None
    """`seq` of the decision; None for what belongs to none."""
    utc: str
    """When."""
    sort: str
    """Level of an event, or sort of an annotation or a request and who made it."""
    text: str
    """What was said."""


@dataclass(frozen=True)
class LoggedCommand:
    """A physical command, and how far it got."""

    action_id: str
    """The command, with its attempt."""
    sample: str | None
    """The sample that it concerned."""
    states: tuple[tuple[str, str], ...]
    """Time and state, in order: started, then how it ended."""
    sentence: str
    """How it ended, in words."""
    duration_s: float | None = None
    """How long it took by the instrument's clock, s; None where nobody watched it to its end."""


@dataclass(frozen=True)
class Detail:
    """All that is on record of a decision."""

    campaign: str
    """Name of the campaign."""
    decision: Decision
    """The decision."""
    utc: str
    """When it was written down."""
    outcome: str
    """What came of it, in a few words."""
    commands: tuple[LoggedCommand, ...]
    """Its commands, each attempt."""
    exposure: Exposure | None
    """What the instrument brought back."""
    observation: Observation | None
    """What it said."""
    failure: Failure | None
    """Why it brought nothing."""
    artifacts: tuple[tuple[str, str, str], ...]
    """Role, name and SHA-256 of what the log keeps of it."""
    remarks: tuple[Remark, ...]
    """Events, annotations and requests."""


def read_detail(connection: Connection, campaign: LoggedCampaign, seq: int) -> Detail:
    """Read one decision.

    Parameters
    ----------
    connection
        The database.
    campaign
        The campaign.
    seq
        The decision.

    Raises
    ------
    BadInput
        When there is no such decision.
    """
    history = read_history(connection, campaign.id)
    with refuse_edited(connection):
        return _detail(connection, campaign, history, seq)


def _detail(connection: Connection, campaign: LoggedCampaign, history: History, seq: int) -> Detail:
    if not 1 <= seq <= len(history.decisions):
        raise BadInput(
            f"--seq {seq}",
            f"campaign {campaign.name!r} has decisions 1 to {len(history.decisions)}",
            "Correct the number",
        )
    decision = history.decision(seq)
    table = schema.decision
    of_seq = (table.c.campaign_id == campaign.id, table.c.seq == seq)
    row = connection.execute(sa.select(table.c.id, table.c.utc).where(*of_seq)).one()
    kept = schema.decision_artifact
    artifacts = connection.execute(
        sa.select(kept.c.role, kept.c.name, kept.c.sha256).where(kept.c.decision_id == row.id)
    )
    return Detail(
        campaign=campaign.name,
        decision=decision,
        utc=row.utc,
        outcome=outcome_text(history, decision, campaign.spec.objective),
        commands=_commands(connection, row.id),
        exposure=history.exposure(seq),
        observation=history.observation(seq),
        failure=history.failure(seq),
        artifacts=tuple((a.role, a.name, a.sha256) for a in artifacts),
        remarks=tuple(remark for remark in read_remarks(connection, campaign.id) if remark.seq == seq),
    )


def read_remarks(connection: Connection, campaign_id: int) -> tuple[Remark, ...]:
    """Events, annotations and requests of a campaign, in order of time."""
    with refuse_edited(connection, "the table of events or of annotations"):
        return _remarks(connection, campaign_id)


def _remarks(connection: Connection, campaign_id: int) -> tuple[Remark, ...]:
    event, said = schema.event, schema.annotation
    remarks = [
        Remark(row.seq, str(row.utc), str(row.level), str(row.sentence))
        for row in connection.execute(sa.select(event).where(event.c.campaign_id == campaign_id))
    ]
    remarks += [
        Remark(row.seq, str(row.utc), f"{row.kind} of {row.who}", str(row.text))
        for row in connection.execute(sa.select(said).where(said.c.campaign_id == campaign_id))
    ]
    for one in read_requests(connection, campaign_id):
        fate = " ".join(answer.sentence for answer in one.answers) or "Not answered yet."
        seq = one.answers[0].seq if one.answers else None
        sort = f"request {one.id}, {one.request.text()}, of {one.request.who}"
        remarks.append(Remark(seq, one.stamp.utc, sort, f"{one.request.why} => {fate}"))
    return tuple(sorted(remarks, key=lambda remark: remark.utc))


def _commands(connection: Connection, decision_id: int) -> tuple[LoggedCommand, ...]:
    action, event = schema.action, schema.action_event
    rows = connection.execute(
        sa.select(
            action.c.action_id,
            action.c.sample,
            event.c.utc,
            event.c.status,
            event.c.sentence,
            event.c.duration_s,
        )
        .outerjoin(event, event.c.action_id == action.c.action_id)
        .where(action.c.decision_id == decision_id)
        .order_by(action.c.step, action.c.attempt, event.c.id)
    ).all()
    commands: list[LoggedCommand] = []
    for name in dict.fromkeys(row.action_id for row in rows):
        own = [row for row in rows if row.action_id == name]
        states = tuple((row.utc, row.status) for row in own if row.status is not None)
        last = own[-1]
        commands.append(LoggedCommand(name, own[0].sample, states, last.sentence or "", last.duration_s))
    return tuple(commands)
