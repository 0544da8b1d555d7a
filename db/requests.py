"""The read side of what people ask of a campaign, and of how it was answered."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from db import schema
from db.readable import refuse_edited
from models.domain.clock import Clock, Stamp
from models.domain.point import Point
from models.domain.request import Answer, LoggedRequest, Request

NS_PER_S = 1e9


def count_requests(connection: Connection, campaign_id: int) -> int:
    """How many requests there are: rows never change, so as many as before are the same as before."""
    table = schema.request
    statement = sa.select(sa.func.count()).select_from(table).where(table.c.campaign_id == campaign_id)
    with refuse_edited(connection, "the table of requests"):
        return connection.scalar(statement) or 0


def read_requests(connection: Connection, campaign_id: int) -> tuple[LoggedRequest, ...]:
    """All requests of a campaign with their answers, in the order in which they were asked.

    Raises
    ------
    BadInput
        When they are not as this program wrote them.
    """
    with refuse_edited(connection, "the table of requests or of answers"):
        answers: dict[int, list[Answer]] = {}
        for row in _of(connection, schema.answer, campaign_id):
            answers.setdefault(row.request_id, []).append(
                Answer(request=row.request_id, seq=row.seq, code=row.code, sentence=row.sentence)
            )
        rows = _of(connection, schema.request, campaign_id)
        return tuple(_logged(row, tuple(answers.get(row.id, ()))) for row in rows)


def with_ages(asked: tuple[LoggedRequest, ...], clock: Clock) -> tuple[LoggedRequest, ...]:
    """The same requests with how long ago each was asked."""
    now = clock()
    return tuple(replace(one, age_s=_age_s(one.stamp, now)) for one in asked)


def _age_s(then: Stamp, now: Stamp) -> float:
    """How long ago something was, s: a clock that jumps does not count within one boot."""
    if then.boot_id == now.boot_id:
        return (now.monotonic_ns - then.monotonic_ns) / NS_PER_S
    return (datetime.fromisoformat(now.utc) - datetime.fromisoformat(then.utc)).total_seconds()


def _of(connection: Connection, table: sa.Table, campaign_id: int) -> Iterable[Row[Any]]:
    return connection.execute(sa.select(table).where(table.c.campaign_id == campaign_id).order_by(table.c.id))


def _logged(row: Row[Any], answers: tuple[Answer, ...]) -> LoggedRequest:
    request = Request(
        kind=row.kind,
        who=row.who,
        why=row.why,
        seq=row.seq,
        point=Point.model_validate_json(row.point_json) if row.point_json else None,
        exposure_s=row.exposure_s,
        radius=row.radius,
        hours=row.hours,
        lifts=row.lifts,
    )
    stamp = Stamp(utc=row.utc, monotonic_ns=row.monotonic_ns, boot_id=row.boot_id)
    return LoggedRequest(row.id, request, stamp, answers)
