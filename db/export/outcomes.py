"""Each decision of a campaign with its rows around it, a page in memory at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.engine import Row

from db import schema
from db.export.source import Source
from db.histories import exposure_of
from db.queries import LoggedCampaign
from models.domain.decision import Actor, Decision, Reason
from models.domain.history import Failure, History, Observation
from models.domain.objective import ObjectiveBase
from models.domain.scattering import Absence, Feature, Verdict
from models.domain.setup import Setup
from models.domain.space import Point
from models.domain.wording import outcome_text

ABSENCES = TypeAdapter(tuple[Absence, ...])
VERDICTS = TypeAdapter(tuple[Verdict, ...])
DECISION_COLUMNS = tuple(
    column for column in schema.decision.c if column.name not in ("model_json", "left_out_json")
)
"""All but the model's state, which is large."""


@dataclass(frozen=True)
class Outcome:
    """A decision, and what came of it."""

    row: Row[Any]
    """The decision's row, without its model's state."""
    best: Row[Any] | None
    """Row of the chosen candidate; None when no model was asked."""
    exposure: Row[Any] | None
    """Row of its exposure."""
    observed_utc: str | None
    """When the observation was written down."""
    observation: Observation | None
    """What the exposure said."""
    failure: Failure | None
    """Why there is no observation."""

    @property
    def code(self) -> str:
        """``accepted``, ``rejected``, ``failed``, ``open``, or ``none`` when nothing is measured."""
        if self.failure is not None:
            return "failed"
        if self.observation is not None:
            return "accepted" if self.observation.is_accepted else "rejected"
        return "open" if self.row.point_json is not None else "none"

    def in_words(self, objective: ObjectiveBase) -> str:
        """The same for people, as `nightbeam log` says it."""
        row = self.row
        decision = Decision(
            seq=row.seq,
            kind=row.kind,
            point=Point.model_validate_json(row.point_json) if row.point_json else None,
            reason=Reason(code=row.reason_code, sentence=row.reason),
            actor=Actor(kind=row.actor_kind, name=row.actor_name),
            repeats=row.repeats,
            supersedes=row.supersedes,
            setup=Setup.model_validate_json(row.setup_json) if row.setup_json else None,
        )
        history = History(
            exposures=(exposure_of(self.exposure, row.seq),) if self.exposure is not None else (),
            observations=(self.observation,) if self.observation else (),
            failures=(self.failure,) if self.failure else (),
        )
        return outcome_text(history, decision, objective)


def read_outcomes(source: Source, campaign: LoggedCampaign) -> Iterator[Outcome]:
    """Every decision of a campaign in order, with what came of it."""
    table = schema.decision
    for first, last in source.pages(campaign):
        here = (table.c.campaign_id == campaign.id, table.c.seq.between(first, last))
        page = _Page(source, here)
        rows = source.connection.execute(sa.select(*DECISION_COLUMNS).where(*here).order_by(table.c.seq))
        for row in rows.all():
            yield page.outcome(row)


class _Page:
    """What hangs on a page of decisions, by decision."""

    def __init__(self, source: Source, here: tuple[Any, ...]) -> None:
        """Read it.

        Parameters
        ----------
        source
            The database.
        here
            Conditions that choose the decisions.
        """
        self._source, self._here = source, here
        self._best = self._by_decision(schema.candidate, schema.candidate.c.rank == 0)
        self._exposures = self._by_decision(schema.exposure)
        self._observations = self._by_decision(schema.observation)
        self._failures = self._by_decision(schema.failure)
        self._features: dict[int, list[Feature]] = {}
        for row in self._rows(schema.feature):
            feature = Feature(name=row.name, value=row.value, sigma=row.sigma, unit=row.unit)
            self._features.setdefault(row.decision_id, []).append(feature)

    def outcome(self, row: Row[Any]) -> Outcome:
        """A decision with what hangs on it."""
        observed, failed = self._observations.get(row.id), self._failures.get(row.id)
        failure = None
        if failed is not None:
            failure = Failure(seq=row.seq, code=failed.code, sentence=failed.sentence)
        return Outcome(
            row=row,
            best=self._best.get(row.id),
            exposure=self._exposures.get(row.id),
            observed_utc=None if observed is None else observed.utc,
            observation=None if observed is None else self._observation(row, observed),
            failure=failure,
        )

    def _observation(self, row: Row[Any], observed: Row[Any]) -> Observation:
        return Observation(
            seq=row.seq,
            is_accepted=observed.is_accepted,
            features=tuple(self._features.get(row.id, ())),
            absences=ABSENCES.validate_json(observed.absences_json),
            verdicts=VERDICTS.validate_json(observed.verdicts_json),
            blank_seq=observed.blank_seq,
        )

    def _by_decision(self, table: sa.Table, *also: Any) -> dict[int, Row[Any]]:
        return {row.decision_id: row for row in self._rows(table, *also)}

    def _rows(self, table: sa.Table, *also: Any) -> Iterator[Row[Any]]:
        statement = (
            sa.select(table)
            .join(schema.decision, schema.decision.c.id == table.c.decision_id)
            .where(*self._here, *also)
        )
        if table is schema.feature:
            statement = statement.order_by(table.c.decision_id, table.c.position)
        yield from self._source.connection.execute(statement)
