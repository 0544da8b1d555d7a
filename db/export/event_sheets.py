"""The tables of what was done and said: actions, samples, files, events, annotations, requests, campaigns."""

from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa

from db import schema
from db.export.decision_sheets import CAMPAIGN, SEQ
from db.export.sheet import Column, Record, Sheet
from db.export.source import Source

WHEN = Column("utc", "moment", "When it was written down.")
SEQ_IF_ANY = Column("seq", "integer", "The decision that it belongs to, if any.")
SENTENCE = Column("sentence", "text", "One plain sentence.")


def campaign_sheet(source: Source) -> Sheet:
    """The campaigns."""
    columns = (
        CAMPAIGN,
        Column("uid", "text", "Its name for all time."),
        Column("utc", "moment", "When it began."),
        Column("objective", "text", "What is sought."),
        Column("decisions", "integer", "Count of its decisions."),
        Column("spec", "text", "The campaign file that it began with, as JSON."),
    )

    def rows() -> Iterator[Record]:
        for one in source.campaigns:
            yield {
                "campaign": one.name,
                "uid": one.uid,
                "utc": one.utc,
                "objective": one.spec.objective.text(),
                "decisions": source.last_seq(one),
                "spec": one.spec.model_dump_json(),
            }

    return Sheet("campaigns", "One campaign.", columns, rows)


def action_sheet(source: Source) -> Sheet:
    """Every physical command, in each attempt, with its beginning and its end."""
    columns = (
        CAMPAIGN,
        SEQ,
        Column("step", "integer", "Place among the decision's commands."),
        Column("attempt", "integer", "Counts up each time the command is given again."),
        Column("kind", "text", "What is done."),
        Column("action_class", "text", "What a resumed run may do with it after a crash."),
        Column("sample", "text", "The sample that it makes, brings or exposes."),
        Column("action_id", "text", "Its name in devices, documents and files."),
        Column("started_utc", "moment", "When it was given; empty when it never was."),
        Column("ended_utc", "moment", "When it ended; empty when that is not on record."),
        Column("status", "text", "How it ended: succeeded, failed or unknown."),
        Column(
            "duration_s",
            "number",
            "How long it took by the instrument's clock; empty when nobody watched.",
            "s",
        ),
        SENTENCE,
    )
    return Sheet("actions", "One physical command, in one attempt.", columns, _reader(source, _actions()))


def _actions() -> Any:
    action, event = schema.action, schema.action_event
    end = event.alias("ending")
    began = sa.select(sa.func.min(event.c.utc)).where(
        event.c.action_id == action.c.action_id, event.c.status == "started"
    )
    return (
        sa.select(
            action, schema.decision.c.seq, schema.decision.c.campaign_id,
            began.scalar_subquery().label("started_utc"),
            end.c.utc.label("ended_utc"), end.c.status, end.c.duration_s, end.c.sentence,
        )
        .join(schema.decision, schema.decision.c.id == action.c.decision_id)
        .outerjoin(end, sa.and_(end.c.action_id == action.c.action_id, end.c.status != "started"))
        .order_by(schema.decision.c.seq, action.c.step, action.c.attempt)
    )  # fmt: skip


def sample_sheet(source: Source) -> Sheet:
    """Every sample, and why it may not be used any more."""
    columns = (
        CAMPAIGN,
        Column("sample", "text", "Name of the sample."),
        Column("seq", "integer", "The first decision that names it."),
        Column("quarantined_utc", "moment", "Since when nobody may use it; empty when it may be used."),
        Column("quarantine", "text", "Why, in words."),
    )
    sample, quarantine = schema.sample, schema.quarantine
    statement = (
        sa.select(
            sample.c.name.label("sample"), schema.decision.c.seq, sample.c.campaign_id,
            quarantine.c.utc.label("quarantined_utc"), quarantine.c.sentence.label("quarantine"),
        )
        .join(schema.decision, schema.decision.c.id == sample.c.decision_id)
        .outerjoin(quarantine, quarantine.c.sample_id == sample.c.id)
        .order_by(sample.c.id)
    )  # fmt: skip
    return Sheet("samples", "One sample.", columns, _reader(source, statement))


def debit_sheet(source: Source) -> Sheet:
    """Everything that was taken off the deck."""
    columns = (
        CAMPAIGN,
        Column("seq", "integer", "The decision that it was taken for."),
        Column("action_id", "text", "The command that took it."),
        Column("name", "text", "Of what: a stock, tips, a well, rinse, room for waste."),
        Column("amount", "number", "How much, in unit."),
        Column("unit", "text", "uL, or 1 for what is counted."),
    )
    debit = schema.debit
    statement = (
        sa.select(debit, schema.decision.c.seq, schema.decision.c.campaign_id)
        .join(schema.decision, schema.decision.c.id == debit.c.decision_id)
        .order_by(schema.decision.c.seq, debit.c.action_id, debit.c.name)
    )
    return Sheet("debits", "One debit.", columns, _reader(source, statement))


def file_sheet(source: Source) -> Sheet:
    """Every file that belongs to the record."""
    columns = (
        CAMPAIGN,
        SEQ_IF_ANY,
        Column("role", "text", "frame, curve, document, or abandoned."),
        Column("path", "text", "Where it lay when it was recorded."),
        Column("n_bytes", "integer", "Size.", "byte"),
        Column("sha256", "text", "SHA-256 of its content."),
        Column("action_id", "text", "The action that made it."),
    )
    asset, action, observation = schema.asset, schema.action, schema.observation
    made_for = sa.func.coalesce(action.c.decision_id, observation.c.decision_id)
    statement = (
        sa.select(asset, schema.decision.c.seq)
        .outerjoin(action, action.c.action_id == asset.c.action_id)
        .outerjoin(observation, observation.c.curve_asset_id == asset.c.id)
        .outerjoin(schema.decision, schema.decision.c.id == made_for)
        .order_by(asset.c.id)
    )
    return Sheet("files", "One file.", columns, _reader(source, statement))


def event_sheet(source: Source) -> Sheet:
    """Everything worth telling that is neither a decision nor an action."""
    columns = (
        CAMPAIGN,
        SEQ_IF_ANY,
        WHEN,
        Column("level", "text", "info, warning or alarm."),
        Column("code", "text", "For filters."),
        SENTENCE,
    )
    statement = sa.select(schema.event).order_by(schema.event.c.id)
    return Sheet("events", "One event.", columns, _reader(source, statement))


def annotation_sheet(source: Source) -> Sheet:
    """What people said."""
    columns = (
        CAMPAIGN,
        SEQ_IF_ANY,
        WHEN,
        Column("kind", "text", "note, review or sign_off."),
        Column("who", "text", "The person."),
        Column("text", "text", "What was said."),
    )
    statement = sa.select(schema.annotation).order_by(schema.annotation.c.id)
    return Sheet("annotations", "One annotation.", columns, _reader(source, statement))


def request_sheet(source: Source) -> Sheet:
    """What people asked of runs, and how it was answered."""
    columns = (
        CAMPAIGN,
        Column("request", "integer", "Its number."),
        WHEN,
        Column("kind", "text", "pause, resume, veto, lift, pin or stop."),
        Column("who", "text", "The person."),
        Column("why", "text", "The reason."),
        Column("vetoed_seq", "integer", "The decision that is vetoed, where one is named."),
        Column("point", "text", "What is pinned, or the middle of what is vetoed, as JSON."),
        Column("exposure_s", "number", "How long to expose what is pinned.", "s"),
        Column("radius", "number", "How far a veto reaches, as a share of each axis' range."),
        Column("hours", "number", "How long a veto holds; empty until it is lifted.", "h"),
        Column("lifts", "integer", "The request that is taken back."),
        SEQ_IF_ANY,
        Column("answered_utc", "moment", "When it was answered; empty while it is not."),
        Column("code", "text", "obeyed, refused, overtaken or lapsed: a row for each."),
        Column("answer", "text", "How it was answered, in words."),
    )
    request, answer = schema.request, schema.answer
    statement = (
        sa.select(
            request.c.id.label("request"), request.c.campaign_id, request.c.utc, request.c.kind,
            request.c.who, request.c.why, request.c.seq.label("vetoed_seq"),
            request.c.point_json.label("point"), request.c.exposure_s, request.c.radius, request.c.hours,
            request.c.lifts, answer.c.seq, answer.c.utc.label("answered_utc"), answer.c.code,
            answer.c.sentence.label("answer"),
        )
        .outerjoin(answer, answer.c.request_id == request.c.id)
        .order_by(request.c.id, answer.c.id)
    )  # fmt: skip
    return Sheet(
        "requests", "One answer to a request, or a request without.", columns, _reader(source, statement)
    )


def _reader(source: Source, statement: Any) -> Callable[[], Iterator[Record]]:
    """A function that reads a statement's rows, campaign by campaign."""
    campaign_id = statement.selected_columns["campaign_id"]

    def rows() -> Iterator[Record]:
        for campaign in source.campaigns:
            for cells in source.stream_cells(statement.where(campaign_id == campaign.id)):
                yield {**cells, "campaign": campaign.name}

    return rows
