"""What each record becomes: rows of an entry."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from db import schema
from db.ledger import Chain, Entry
from models.domain.action import Action, Asset, Exposure
from models.domain.artifact import Artifact
from models.domain.canonical import canonical_json
from models.domain.clock import Stamp
from models.domain.decision import Candidate, Decision
from models.domain.history import Failure, Observation, Quarantine
from models.domain.records import (
    Annotation,
    Answered,
    Decided,
    Ended,
    Event,
    Observed,
    Record,
    Retried,
    Started,
)  # fmt: skip
from models.domain.request import Answer, Request

DECISION = sa.select(schema.decision.c.id).where(
    schema.decision.c.campaign_id == sa.bindparam("campaign"), schema.decision.c.seq == sa.bindparam("at")
)
SAMPLE = sa.select(schema.sample.c.id).where(
    schema.sample.c.campaign_id == sa.bindparam("campaign"), schema.sample.c.name == sa.bindparam("named")
)
SEQ_OF_ACTION = (
    sa.select(schema.decision.c.seq)
    .join(schema.action)
    .where(schema.action.c.action_id == sa.bindparam("action"))
)
ARTIFACT = sa.select(schema.artifact.c.sha256).where(schema.artifact.c.sha256 == sa.bindparam("of"))


def seq_of(record: Record) -> int | None:
    """`seq` of the decision that a record belongs to, as far as it says so itself."""
    match record:
        case Decided(decision=decision):
            return decision.seq
        case Retried(actions=actions):
            return actions[0].seq if actions else None
        case Observed(observation=observation):
            return observation.seq
        case Started() | Ended():
            return None
        case Answered(answers=answers):
            return answers[0].seq
        case _:
            return record.seq


@dataclass(frozen=True)
class Writer:
    """Writes the rows of one record into an entry."""

    entry: Entry
    """The entry."""
    chain: Chain
    """The campaign."""
    session_id: int | None
    """The process that writes; None for a person beside it."""
    stamp: Stamp
    """When."""

    def write(self, record: Record) -> int | None:
        """Write a record; `seq` of the decision that it belongs to."""
        match record:
            case Decided(decision=decision):
                decision_id = self._decision(decision)
                self._actions(decision_id, record.actions)
                self._artifacts(decision_id, record.artifacts)
                self._answers(record.answers)
            case Started(action_id=action_id):
                return self._action_event(action_id, "started", "", None)
            case Ended():
                return self._end(record)
            case Retried(actions=actions):
                for action in actions:
                    self._actions(self._decision_id(action.seq), (action,))
            case Observed(observation=observation):
                self._observation(observation)
                self._artifacts(self._decision_id(observation.seq), record.artifacts)
            case Failure():
                self._failure(record)
            case Event():
                self._add(schema.event, session_id=self.session_id, **record.model_dump(), **self._moment())
            case Annotation() | Request() | Answered():
                self._said(record)
        return seq_of(record)

    def _said(self, record: Annotation | Request | Answered) -> None:
        """Write what people say and ask, and what a run answers."""
        match record:
            case Annotation():
                self._add(schema.annotation, **record.model_dump(), **self._moment())
            case Request():
                self._request(record)
            case Answered(answers=answers):
                self._answers(answers)

    def _decision(self, decision: Decision) -> int:
        model, point = decision.model, decision.point
        decision_id = self._add(
            schema.decision,
            session_id=self.session_id,
            seq=decision.seq,
            kind=decision.kind,
            actor_kind=decision.actor.kind,
            actor_name=decision.actor.name,
            point_json=point.model_dump_json() if point else None,
            exposure_s=decision.exposure_s,
            reason_code=decision.reason.code,
            reason=decision.reason.sentence,
            seed=decision.seed,
            watermark=decision.watermark,
            acquisition=model.acquisition if model else None,
            model_json=model.canonical_json if model else None,
            model_sha256=model.sha256 if model else None,
            training_sha256=model.training_sha256 if model else None,
            left_out_json=canonical_json(list(model.left_out)) if model else None,
            repeats=decision.repeats,
            supersedes=decision.supersedes,
            setup_json=decision.setup.model_dump_json() if decision.setup else None,
            recipe_json=decision.recipe.model_dump_json() if decision.recipe else None,
            prepared=decision.prepared,
            ahead_json=decision.ahead.model_dump_json() if decision.ahead else None,
            **self._moment(),
        )
        for candidate in decision.candidates:
            self.entry.add(schema.candidate, decision_id=decision_id, **_candidate_cells(candidate))
        return decision_id

    def _actions(self, decision_id: int, actions: Iterable[Action]) -> None:
        for action in actions:
            if action.sample is not None and self._sample_id(action.sample) is None:
                self._add(schema.sample, decision_id=decision_id, name=action.sample)
            self.entry.add(schema.action, decision_id=decision_id, **action.model_dump(exclude={"seq"}))

    def _action_event(self, action_id: str, status: str, sentence: str, duration_s: float | None) -> int:
        """Write how far a command got; `seq` of its decision."""
        self.entry.add(
            schema.action_event, action_id=action_id, status=status, sentence=sentence,
            duration_s=duration_s, **self._moment(),
        )  # fmt: skip
        return self._seq_of(action_id)

    def _end(self, ended: Ended) -> int:
        report = ended.report
        seq = self._action_event(report.action_id, report.status, report.sentence, report.duration_s)
        exposure = report.exposure
        if exposure is not None:
            self._exposure(exposure)
        for asset in (*(exposure.assets if exposure else ()), *report.assets):
            self._asset(asset, report.action_id)
        for debit in ended.debits:
            cells = debit.model_dump(exclude={"seq"})
            self.entry.add(schema.debit, decision_id=self._decision_id(debit.seq), **cells)
        if ended.failure is not None:
            self._failure(ended.failure)
        if ended.quarantine is not None:
            self._quarantine(ended.quarantine)
        return seq

    def _exposure(self, exposure: Exposure) -> None:
        cells = exposure.model_dump(exclude={"seq", "point", "assets"})
        if exposure.empty_transmission is None:
            cells["empty_transmission_sigma"] = None  # nothing was measured: not "exactly known"
        self.entry.add(
            schema.exposure,
            decision_id=self._decision_id(exposure.seq),
            point_json=exposure.point.model_dump_json(),
            **cells,
        )

    def _failure(self, failure: Failure) -> None:
        self.entry.add(
            schema.failure,
            decision_id=self._decision_id(failure.seq),
            utc=self.stamp.utc,
            code=failure.code,
            sentence=failure.sentence,
        )

    def _quarantine(self, quarantine: Quarantine) -> None:
        self.entry.add(
            schema.quarantine,
            sample_id=self._sample_id(quarantine.sample),
            decision_id=self._decision_id(quarantine.seq),
            utc=self.stamp.utc,
            sentence=quarantine.sentence,
        )

    def _observation(self, observation: Observation) -> None:
        decision_id = self._decision_id(observation.seq)
        self.entry.add(
            schema.observation,
            decision_id=decision_id,
            utc=self.stamp.utc,
            is_accepted=observation.is_accepted,
            absences_json=canonical_json([a.model_dump() for a in observation.absences]),
            verdicts_json=canonical_json([v.model_dump() for v in observation.verdicts]),
            curve_asset_id=self._asset(observation.curve, None) if observation.curve else None,
            blank_seq=observation.blank_seq,
            profile_json=canonical_json(observation.profile) if observation.profile else None,
        )
        for position, feature in enumerate(observation.features):
            self.entry.add(schema.feature, decision_id=decision_id, position=position, **feature.model_dump())

    def _request(self, request: Request) -> None:
        point = request.point.model_dump_json() if request.point else None
        cells = request.model_dump(exclude={"point"})
        self._add(schema.request, point_json=point, **cells, **self._moment())

    def _answers(self, answers: Iterable[Answer]) -> None:
        for answer in answers:
            cells = answer.model_dump(exclude={"request"})
            self._add(
                schema.answer, session_id=self.session_id, request_id=answer.request, **cells,
                **self._moment(),
            )  # fmt: skip

    def _artifacts(self, decision_id: int, artifacts: Iterable[Artifact]) -> None:
        """Keep each content once, whichever decisions it belongs to."""
        table = schema.artifact
        for artifact in artifacts:
            sha256 = artifact.sha256
            if not self._is_kept(sha256):
                self.entry.add(
                    table, sha256=sha256, media_type=artifact.media_type, n_bytes=len(artifact.content),
                    encoding="zlib", content=zlib.compress(artifact.content),
                )  # fmt: skip
            self.entry.add(
                schema.decision_artifact,
                decision_id=decision_id, role=artifact.role, name=artifact.name, sha256=sha256,
            )  # fmt: skip

    def _asset(self, asset: Asset, action_id: str | None) -> int:
        return self._add(schema.asset, action_id=action_id, **asset.model_dump())

    def _add(self, table: sa.Table, **values: Any) -> int:
        """Add a row that hangs on the campaign; its key."""
        return self.entry.add(table, campaign_id=self.chain.campaign_id, **values)

    def _seq_of(self, action_id: str) -> int:
        return self.entry.connection.execute(SEQ_OF_ACTION, {"action": action_id}).scalar_one()

    def _is_kept(self, sha256: str) -> bool:
        """True when an artifact of that content is there."""
        return self.entry.connection.scalar(ARTIFACT, {"of": sha256}) is not None

    def _sample_id(self, name: str) -> int | None:
        of = {"campaign": self.chain.campaign_id, "named": name}
        return self.entry.connection.scalar(SAMPLE, of)

    def _decision_id(self, seq: int) -> int:
        of = {"campaign": self.chain.campaign_id, "at": seq}
        return self.entry.connection.execute(DECISION, of).scalar_one()

    def _moment(self) -> dict[str, str | int]:
        return self.stamp.model_dump()


def _candidate_cells(candidate: Candidate) -> dict[str, Any]:
    """The columns of a candidate; what it does not have is NULL, as in older rows."""
    expected = candidate.prediction
    return {
        "rank": candidate.rank,
        "point_json": candidate.point.model_dump_json(),
        "mean": expected.mean,
        "sigma": expected.sigma,
        "unit": expected.unit,
        "name": expected.name or None,
        "others_json": canonical_json([one.model_dump() for one in candidate.others])
        if candidate.others
        else None,
        "bound_by_json": canonical_json(list(candidate.bound_by)) if candidate.bound_by else None,
        **candidate.model_dump(exclude={"rank", "point", "prediction", "others", "bound_by"}),
    }
