"""The only writer: every record is one transaction, and it is on the disk when `append` returns."""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError

from db import queries, schema
from db.identity import CampaignIdentity
from models.domain.campaign import CampaignSpec
from models.domain.canonical import canonical_json, sha256_text
from models.domain.clock import Clock, Stamp
from models.domain.errors import LogUnavailable
from models.domain.history import Action, ActionStatus, Asset, Decision, Failure, History, Observation
from models.domain.records import (
    Annotation,
    Decided,
    Ended,
    Event,
    LoggedAction,
    Observed,
    Record,
    Retried,
    Started,
)


@dataclass(frozen=True)
class Process:
    """The process that writes."""

    clock: Clock
    """Tells the time."""
    environment_json: str
    """With what it computes, as canonical JSON."""


class DecisionLog:
    """The log of one campaign, open for one process life."""

    def __init__(
        self, engine: Engine, identity: CampaignIdentity, spec: CampaignSpec, process: Process
    ) -> None:
        """Begin a campaign, or a further session of it.

        Parameters
        ----------
        engine
            The database.
        identity
            Which campaign this is.
        spec
            The campaign file in force.
        process
            The process that will write.

        Raises
        ------
        LogUnavailable
            When the database refuses.
        """
        self._engine = engine
        self._clock = clock = process.clock
        try:
            with engine.begin() as connection:
                self._campaign_id, self.began_utc = _campaign_row(connection, identity, spec, clock())
                self._session_id = _add(
                    connection,
                    schema.session,
                    campaign_id=self._campaign_id,
                    spec_json=canonical_json(spec),
                    environment_json=process.environment_json,
                    **_moment(clock()),
                )
        except DBAPIError as error:
            raise LogUnavailable(
                f"the log cannot be opened ({error.orig}); free it and run the same command again"
            ) from error

    def append(self, record: Record) -> None:
        """Write one record, whole or not at all.

        Raises
        ------
        LogUnavailable
            When it cannot be written: nothing may move then.
        """
        try:
            with self._engine.begin() as connection:
                self._write(connection, record)
        except IntegrityError as error:
            raise LogUnavailable(
                f"the log holds this record already, or lacks what it refers to ({error.orig}); "
                "is another agent running the same campaign?"
            ) from error
        except DBAPIError as error:
            raise LogUnavailable(
                f"the log cannot be written ({error.orig}); free it and run the same command again"
            ) from error

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def history(self) -> History:
        """All that is on record."""
        with self._engine.connect() as connection:
            return queries.read_history(connection, self._campaign_id)

    def actions(self, seq: int) -> tuple[LoggedAction, ...]:
        """The commands of a decision in order, each in its last attempt."""
        with self._engine.connect() as connection:
            return queries.read_actions(connection, self._campaign_id, seq)

    def _write(self, connection: Connection, record: Record) -> None:
        match record:
            case Decided(decision=decision, actions=actions):
                self._write_decision(connection, decision, actions)
            case Started(action_id=action_id):
                self._write_action_event(connection, action_id, "started", "")
            case Ended():
                self._write_end(connection, record)
            case Retried(actions=actions):
                for action in actions:
                    _write_action(connection, self._decision_id(connection, action.seq), action)
            case Observed(observation=observation):
                self._write_observation(connection, observation)
            case Failure():
                self._write_failure(connection, record)
            case Event() | Annotation():
                connection.execute(
                    schema.event.insert().values(
                        campaign_id=self._campaign_id,
                        session_id=self._session_id,
                        **record.model_dump(),
                        **_moment(self._clock()),
                    )
                )

    def _write_decision(self, connection: Connection, decision: Decision, actions: Iterable[Action]) -> None:
        model = decision.model
        decision_id = _add(
            connection,
            schema.decision,
            campaign_id=self._campaign_id,
            session_id=self._session_id,
            seq=decision.seq,
            kind=decision.kind,
            actor_kind=decision.actor.kind,
            actor_name=decision.actor.name,
            point_json=decision.point.model_dump_json() if decision.point else None,
            exposure_s=decision.exposure_s,
            reason_code=decision.reason.code,
            reason=decision.reason.sentence,
            seed=decision.seed,
            watermark=decision.watermark,
            acquisition=model.acquisition if model else None,
            model_json=model.canonical_json if model else None,
            training_sha256=model.training_sha256 if model else None,
            repeats=decision.repeats,
            **_moment(self._clock()),
        )
        for candidate in decision.candidates:
            connection.execute(
                schema.candidate.insert().values(
                    decision_id=decision_id,
                    rank=candidate.rank,
                    point_json=candidate.point.model_dump_json(),
                    acquisition_value=candidate.acquisition_value,
                    reject_code=candidate.reject_code,
                    **candidate.prediction.model_dump(),
                )
            )
        for action in actions:
            _write_action(connection, decision_id, action)

    def _write_end(self, connection: Connection, ended: Ended) -> None:
        report = ended.report
        self._write_action_event(connection, report.action_id, report.status, report.sentence)
        exposure = report.exposure
        if exposure is not None:
            connection.execute(
                schema.exposure.insert().values(
                    decision_id=self._decision_id(connection, exposure.seq),
                    point_json=exposure.point.model_dump_json(),
                    **exposure.model_dump(exclude={"seq", "point", "assets"}),
                )
            )
        for asset in (*(exposure.assets if exposure else ()), *report.assets):
            self._write_asset(connection, asset, report.action_id)
        if ended.failure is not None:
            self._write_failure(connection, ended.failure)

    def _write_action_event(
        self, connection: Connection, action_id: str, status: ActionStatus, sentence: str
    ) -> None:
        connection.execute(
            schema.action_event.insert().values(
                action_id=action_id, status=status, sentence=sentence, **_moment(self._clock())
            )
        )

    def _write_failure(self, connection: Connection, failure: Failure) -> None:
        connection.execute(
            schema.failure.insert().values(
                decision_id=self._decision_id(connection, failure.seq),
                utc=self._clock().utc,
                code=failure.code,
                sentence=failure.sentence,
            )
        )

    def _write_observation(self, connection: Connection, observation: Observation) -> None:
        decision_id = self._decision_id(connection, observation.seq)
        curve_id = None
        if observation.curve is not None:
            curve_id = self._write_asset(connection, observation.curve, None)
        connection.execute(
            schema.observation.insert().values(
                decision_id=decision_id,
                utc=self._clock().utc,
                is_accepted=observation.is_accepted,
                absences_json=canonical_json([a.model_dump() for a in observation.absences]),
                verdicts_json=canonical_json([v.model_dump() for v in observation.verdicts]),
                curve_asset_id=curve_id,
                blank_seq=observation.blank_seq,
            )
        )
        for position, feature in enumerate(observation.features):
            connection.execute(
                schema.feature.insert().values(
                    decision_id=decision_id, position=position, **feature.model_dump()
                )
            )

    def _write_asset(self, connection: Connection, asset: Asset, action_id: str | None) -> int:
        return _add(
            connection,
            schema.asset,
            campaign_id=self._campaign_id,
            action_id=action_id,
            **asset.model_dump(),
        )

    def _decision_id(self, connection: Connection, seq: int) -> int:
        return connection.execute(
            sa.select(schema.decision.c.id).where(
                schema.decision.c.campaign_id == self._campaign_id, schema.decision.c.seq == seq
            )
        ).scalar_one()


def _write_action(connection: Connection, decision_id: int, action: Action) -> None:
    connection.execute(
        schema.action.insert().values(decision_id=decision_id, **action.model_dump(exclude={"seq", "sample"}))
    )


def _campaign_row(
    connection: Connection, identity: CampaignIdentity, spec: CampaignSpec, stamp: Stamp
) -> tuple[int, str]:
    """Key and beginning of the campaign's row, which is added when it is not there."""
    table = schema.campaign
    row = connection.execute(sa.select(table).where(table.c.name == spec.name)).one_or_none()
    if row is not None and row.uid != identity.uid:
        raise LogUnavailable(f"another agent began the campaign {spec.name!r} a moment ago; run again")
    if row is not None:
        return row.id, row.utc
    text = canonical_json(spec)
    campaign_id = _add(
        connection, table, name=spec.name, uid=identity.uid, utc=stamp.utc, folder=str(identity.folder),
        spec_json=text, spec_sha256=sha256_text(text),
    )  # fmt: skip
    return campaign_id, stamp.utc


def _add(connection: Connection, table: sa.Table, **values: object) -> int:
    row = connection.execute(table.insert().values(**values)).inserted_primary_key
    assert row is not None
    return int(row[0])


def _moment(stamp: Stamp) -> dict[str, str | int]:
    return {"utc": stamp.utc, "monotonic_ns": stamp.monotonic_ns, "boot_id": stamp.boot_id}
