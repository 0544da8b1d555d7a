"""The read side of one campaign: rows back into its history and its commands."""

import json
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.engine import Connection, Row

from db import schema
from db.readable import refuse_edited
from db.requests import read_requests
from models.domain.action import Action, Asset, Exposure
from models.domain.decision import Actor, Candidate, Decision, ModelState, Planned, Prediction, Reason
from models.domain.history import Duration, Failure, History, Observation, Quarantine
from models.domain.recipe import Debit, Recipe
from models.domain.records import LoggedAction
from models.domain.request import vetoes_of
from models.domain.scattering import Absence, CurveProfile, Feature, Verdict
from models.domain.setup import Setup
from models.domain.space import Point

ABSENCES = TypeAdapter(tuple[Absence, ...])
VERDICTS = TypeAdapter(tuple[Verdict, ...])
PREDICTIONS = TypeAdapter(tuple[Prediction, ...])
WORDS = TypeAdapter(tuple[str, ...])


def read_history(connection: Connection, campaign_id: int) -> History:
    """Everything that is on record of a campaign.

    Raises
    ------
    BadInput
        When it is not as this program wrote it.
    LogUnavailable
        When the database does not answer.
    """
    with refuse_edited(connection):
        return _read_history(connection, campaign_id)


def _read_history(connection: Connection, campaign_id: int) -> History:
    decisions = _read_decisions(connection, campaign_id)
    for place, decision in enumerate(decisions, start=1):
        if decision.seq != place:
            raise ValueError(f"decision {place} is gone, the next is {decision.seq}")
    return History(
        decisions=decisions,
        exposures=_read_exposures(connection, campaign_id),
        observations=_read_observations(connection, campaign_id),
        failures=tuple(
            Failure(seq=row.seq, code=row.code, sentence=row.sentence)
            for row in connection.execute(_of_campaign(schema.failure, campaign_id))
        ),
        quarantines=tuple(
            Quarantine(seq=row.seq, sample=row.name, sentence=row.sentence)
            for row in connection.execute(
                _of_campaign(schema.quarantine, campaign_id)
                .add_columns(schema.sample.c.name)
                .join(schema.sample, schema.sample.c.id == schema.quarantine.c.sample_id)
            )
        ),
        durations=_read_durations(connection, campaign_id),
        debits=tuple(
            Debit(seq=row.seq, action_id=row.action_id, name=row.name, amount=row.amount, unit=row.unit)
            for row in connection.execute(_of_campaign(schema.debit, campaign_id))
        ),
        vetoes=vetoes_of(read_requests(connection, campaign_id), decisions),
    )


def read_actions(connection: Connection, campaign_id: int, seq: int) -> tuple[LoggedAction, ...]:
    """The commands of a decision in order, each in its last attempt."""
    with refuse_edited(connection, f"the record of decision {seq}'s commands"):
        return _read_actions(connection, campaign_id, seq)


def _read_actions(connection: Connection, campaign_id: int, seq: int) -> tuple[LoggedAction, ...]:
    events: dict[str, list[str]] = {}
    table = schema.action_event
    joined = (
        sa.select(table.c.action_id, table.c.status)
        .select_from(table)
        .join(schema.action)
        .join(schema.decision)
    )
    of_decision = (schema.decision.c.campaign_id == campaign_id, schema.decision.c.seq == seq)
    for row in connection.execute(joined.where(*of_decision).order_by(table.c.id)):
        events.setdefault(row.action_id, []).append(row.status)
    last: dict[int, LoggedAction] = {}
    statement = _of_campaign(schema.action, campaign_id).where(schema.decision.c.seq == seq)
    for row in connection.execute(statement.order_by(schema.action.c.step, schema.action.c.attempt)):
        action = Action(
            action_id=row.action_id, seq=seq, step=row.step, kind=row.kind,
            action_class=row.action_class, sample=row.sample, attempt=row.attempt,
        )  # fmt: skip
        state: Any = events.get(row.action_id, ["planned"])[-1]
        last[row.step] = LoggedAction(action=action, state=state)
    return tuple(last[step] for step in sorted(last))


def _of_campaign(table: sa.Table, campaign_id: int) -> sa.Select[Any]:
    """Rows of a table that hangs on decisions, with `seq`, in its order."""
    return (
        sa.select(table, schema.decision.c.seq)
        .join(schema.decision, schema.decision.c.id == table.c.decision_id)
        .where(schema.decision.c.campaign_id == campaign_id)
        .order_by(schema.decision.c.seq)
    )


def _read_decisions(connection: Connection, campaign_id: int) -> tuple[Decision, ...]:
    candidates: dict[int, list[Candidate]] = {}
    for row in connection.execute(_of_campaign(schema.candidate, campaign_id).order_by("rank")):
        candidates.setdefault(row.seq, []).append(
            Candidate(
                rank=row.rank,
                point=Point.model_validate_json(row.point_json),
                prediction=Prediction(mean=row.mean, sigma=row.sigma, unit=row.unit, name=row.name or ""),
                acquisition_value=row.acquisition_value,
                reject_code=row.reject_code,
                others=() if row.others_json is None else PREDICTIONS.validate_json(row.others_json),
                expected_gain=row.expected_gain,
                gain_unit=row.gain_unit,
                cost_s=row.cost_s,
                chance=row.chance,
                bound_by=() if row.bound_by_json is None else WORDS.validate_json(row.bound_by_json),
                why=row.why,
            )
        )
    table = schema.decision
    rows = connection.execute(
        sa.select(table).where(table.c.campaign_id == campaign_id).order_by(table.c.seq)
    )
    return tuple(_decision(row, tuple(candidates.get(row.seq, ()))) for row in rows)


def _decision(row: Row[Any], candidates: tuple[Candidate, ...]) -> Decision:
    model = None
    if row.acquisition is not None:
        model = ModelState(
            acquisition=row.acquisition,
            canonical_json=row.model_json,
            training_sha256=row.training_sha256,
            left_out=tuple(json.loads(row.left_out_json)),
        )
    return Decision(
        seq=row.seq,
        kind=row.kind,
        point=Point.model_validate_json(row.point_json) if row.point_json else None,
        reason=Reason(code=row.reason_code, sentence=row.reason),
        exposure_s=row.exposure_s,
        actor=Actor(kind=row.actor_kind, name=row.actor_name),
        seed=row.seed,
        watermark=row.watermark,
        candidates=candidates,
        model=model,
        repeats=row.repeats,
        supersedes=row.supersedes,
        setup=Setup.model_validate_json(row.setup_json) if row.setup_json else None,
        recipe=Recipe.model_validate_json(row.recipe_json) if row.recipe_json else None,
        prepared=row.prepared,
        ahead=Planned.model_validate_json(row.ahead_json) if row.ahead_json else None,
    )


def _read_exposures(connection: Connection, campaign_id: int) -> tuple[Exposure, ...]:
    assets: dict[str, list[Asset]] = {}
    table = schema.asset
    statement = sa.select(table).where(
        table.c.campaign_id == campaign_id, table.c.action_id.is_not(None), table.c.role != "abandoned"
    )
    for row in connection.execute(statement.order_by(table.c.id)):
        assets.setdefault(row.action_id, []).append(_asset(row))
    return tuple(
        exposure_of(row, row.seq, tuple(assets.get(row.action_id, ())))
        for row in connection.execute(_of_campaign(schema.exposure, campaign_id))
    )


def exposure_of(row: Row[Any], seq: int, assets: tuple[Asset, ...] = ()) -> Exposure:
    """The exposure that a row holds."""
    return Exposure(
        seq=seq,
        action_id=row.action_id,
        run_uid=row.run_uid,
        point=Point.model_validate_json(row.point_json),
        exposure_s=row.exposure_s,
        monitor=row.monitor,
        attenuation=1.0 if row.attenuation is None else row.attenuation,
        transmission=row.transmission,
        transmission_sigma=row.transmission_sigma,
        empty_transmission=row.empty_transmission,
        empty_transmission_sigma=row.empty_transmission_sigma or 0.0,
        assets=assets,
    )


def _read_durations(connection: Connection, campaign_id: int) -> tuple[Duration, ...]:
    """How long the commands took that succeeded, in the order in which they ended."""
    event, action = schema.action_event, schema.action
    statement = (
        sa.select(schema.decision.c.seq, action.c.kind, event.c.duration_s)
        .join(action, action.c.action_id == event.c.action_id)
        .join(schema.decision, schema.decision.c.id == action.c.decision_id)
        .where(schema.decision.c.campaign_id == campaign_id)
        .where(event.c.status == "succeeded", event.c.duration_s.is_not(None))
        .order_by(event.c.id)
    )
    return tuple(
        Duration(seq=row.seq, kind=row.kind, seconds=row.duration_s) for row in connection.execute(statement)
    )


def _read_observations(connection: Connection, campaign_id: int) -> tuple[Observation, ...]:
    features: dict[int, list[Feature]] = {}
    for row in connection.execute(_of_campaign(schema.feature, campaign_id).order_by("position")):
        features.setdefault(row.seq, []).append(
            Feature(name=row.name, value=row.value, sigma=row.sigma, unit=row.unit)
        )
    curves = {
        row.id: _asset(row)
        for row in connection.execute(
            sa.select(schema.asset).where(
                schema.asset.c.campaign_id == campaign_id, schema.asset.c.role == "curve"
            )
        )
    }
    observations: list[Observation] = []
    for row in connection.execute(_of_campaign(schema.observation, campaign_id)):
        observations.append(
            Observation(
                seq=row.seq,
                is_accepted=row.is_accepted,
                features=tuple(features.get(row.seq, ())),
                absences=ABSENCES.validate_json(row.absences_json),
                verdicts=VERDICTS.validate_json(row.verdicts_json),
                curve=curves.get(row.curve_asset_id),
                blank_seq=row.blank_seq,
                profile=_profile(row),
            )
        )
    return tuple(observations)


def _profile(row: Row[Any]) -> CurveProfile | None:
    return None if row.profile_json is None else CurveProfile.model_validate_json(row.profile_json)


def _asset(row: Row[Any]) -> Asset:
    return Asset(role=row.role, path=row.path, sha256=row.sha256, n_bytes=row.n_bytes)
