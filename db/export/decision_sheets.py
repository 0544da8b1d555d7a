"""The tables of what was decided, what was considered, and what was measured."""

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from db import schema
from db.export.outcomes import Outcome, read_outcomes
from db.export.quantities import (
    Quantities,
    axis_quantities,
    expected_quantities,
    feature_quantities,
    place_cells,
)  # fmt: skip
from db.export.sheet import Cell, Column, Record, Sheet
from db.export.source import Source
from db.queries import LoggedCampaign

CAMPAIGN = Column("campaign", "text", "Name of the campaign.")
SEQ = Column("seq", "integer", "Place of the decision in its campaign, from 1.")
USED = Column("sample", "text", "Name of the sample: made for this decision, or an existing one.")
SAMPLE = Column("sample", "text", "Name of the existing sample at the point, if it has one.")
DECIDED = (
    Column("utc", "moment", "When it was written down."),
    Column("kind", "text", "Sort of decision."),
    Column("actor_kind", "text", "Agent, human, safety or scheduler."),
    Column("actor_name", "text", "Name of the program part or the person."),
)
REASONED = (
    Column("exposure_s", "number", "How long it was to be exposed.", "s"),
    Column("reason_code", "text", "Why, for filters."),
    Column("reason", "text", "Why, in words."),
    Column("acquisition", "text", "Name of the acquisition function."),
    Column("acquisition_value", "number", "Its value at the chosen point."),
)
WORTH = (
    Column("expected_gain", "number", "What it was expected to gain, in gain_unit."),
    Column("gain_unit", "text", "Unit of the expected gain."),
    Column("cost_s", "number", "How long it was expected to take.", "s"),
    Column("chance", "number", "Probability that it yields the feature, as the model saw it."),
    Column("bound_by", "text", "Constraints that hold it."),
    Column("others", "text", "What was expected of the other features that are sought, as JSON."),
)
CAME_OF_IT = (
    Column("outcome", "text", "accepted, rejected, failed, open, or none when nothing is measured."),
    Column("outcome_in_words", "text", "What came of it."),
    Column("repeats", "integer", "Decision that it repeats."),
    Column("supersedes", "integer", "Decision that a person overrode with it."),
    Column("setup_json", "text", "How the instrument was to stand, as JSON."),
    Column("recipe_json", "text", "What its sample is made of, as JSON."),
    Column("prepared", "text", "Its sample, where that was made ahead with an earlier decision."),
    Column("ahead_json", "text", "The sample that is made while it is exposed, as JSON."),
    Column("watermark", "integer", "Last decision whose outcome was known."),
    Column("seed", "integer", "Seed of every random draw behind it."),
    Column("training_sha256", "text", "SHA-256 of the training set."),
    Column("model_sha256", "text", "SHA-256 of the model's state."),
)
MEASURED = (
    Column("utc", "moment", "When the observation was written down."),
    Column("kind", "text", "Sort of decision."),
    Column("is_accepted", "flag", "FALSE when a check failed: such a row never trains a model."),
)
EXPOSED = (
    Column("exposure_s", "number", "Exposure time.", "s"),
    Column("monitor", "number", "Incident flux summed over the exposure.", "counts"),
    Column("attenuation", "number", "Share of the beam that the attenuator let through."),
    Column("transmission", "number", "Transmitted over incident flux."),
    Column("transmission_sigma", "number", "One standard deviation of the transmission."),
    Column("empty_transmission", "number", "The same of the empty cell, before the sample was loaded."),
    Column("empty_transmission_sigma", "number", "One standard deviation of that."),
    Column("blank_seq", "integer", "Decision that measured the blank that was subtracted."),
    Column("run_uid", "text", "Bluesky's uid of the run."),
)
EXPOSURE_CELLS = (
    "exposure_s", "monitor", "attenuation", "transmission", "transmission_sigma", "empty_transmission",
    "empty_transmission_sigma", "run_uid",
)  # fmt: skip
"""Those of them that are an exposure's own."""
ABSENT = Column("absences", "text", "Features that the curve does not have, and why.")


def decision_sheet(source: Source) -> Sheet:
    """Every decision, with what was expected of it and what came of it."""
    axes = axis_quantities(source, "{} that was asked for.")
    expected = expected_quantities(source)
    sigmas = expected.columns("sigma_predicted_", "One standard deviation of what the model expected of {}.")
    columns = (
        CAMPAIGN, SEQ, *DECIDED, USED, *axes.columns(), *REASONED, *expected.columns(), *sigmas,
        *WORTH, *CAME_OF_IT,
    )  # fmt: skip

    used = _samples_used(source)

    def rows() -> Iterator[Record]:
        for campaign, outcome in _all_outcomes(source):
            yield _decision_cells(campaign, outcome, axes, expected) | used[campaign.id, outcome.row.seq]

    return Sheet("decisions", "One decision.", columns, rows)


def feature_sheet(source: Source) -> Sheet:
    """Every observation, wide: a column for each feature and one for its sigma."""
    axes = axis_quantities(source, "{} where it was measured, as read back from the devices.")
    made = feature_quantities(source)
    sigmas = {c.name: c for c in made.columns("sigma_", "One standard deviation of {}.")}
    pairs = (
        column
        for value, sigma in zip(made.columns(), sigmas.values(), strict=True)
        for column in (value, sigma)
    )
    columns = (CAMPAIGN, SEQ, *MEASURED, USED, *axes.columns(), *pairs, *EXPOSED, ABSENT)

    used = _samples_used(source)

    def rows() -> Iterator[Record]:
        for campaign, outcome in _all_outcomes(source):
            if outcome.observation is not None:
                yield _feature_cells(campaign, outcome, axes, made) | used[campaign.id, outcome.row.seq]

    return Sheet("features", "One observation.", columns, rows)


def candidate_sheet(source: Source) -> Sheet:
    """Every point that was considered."""
    axes = axis_quantities(source, "{} of the candidate.")
    expected = expected_quantities(source)
    sigmas = expected.columns("sigma_predicted_", "One standard deviation of what the model expected of {}.")
    columns = (
        CAMPAIGN, SEQ, Column("rank", "integer", "0 for the chosen one, then by falling acquisition value."),
        SAMPLE, *axes.columns(), *expected.columns(), *sigmas,
        Column("acquisition_value", "number", "Value of the acquisition function."),
        *WORTH,
        Column("reject_code", "text", "Why it was not taken, for filters."),
        Column("why", "text", "Why it was not taken, in words."),
    )  # fmt: skip

    def rows() -> Iterator[Record]:
        table = schema.candidate
        for campaign in source.campaigns:
            statement = (
                sa.select(table, schema.decision.c.seq)
                .join(schema.decision, schema.decision.c.id == table.c.decision_id)
                .where(schema.decision.c.campaign_id == campaign.id)
                .order_by(schema.decision.c.seq, table.c.rank)
            )
            for row in source.stream(statement):
                yield {
                    "campaign": campaign.name,
                    "seq": row.seq,
                    "rank": row.rank,
                    **place_cells(axes, campaign, row.point_json),
                    **_expected_cells(campaign, row, expected),
                    "acquisition_value": row.acquisition_value,
                    "reject_code": row.reject_code,
                    "why": row.why,
                }

    return Sheet("candidates", "One point that was considered for a decision.", columns, rows)


def _samples_used(source: Source) -> defaultdict[tuple[int, int], dict[str, Cell]]:
    """The cell of the sample that a decision loads and exposes, by campaign and `seq`."""
    decision, action = schema.decision, schema.action
    statement = (
        sa.select(decision.c.campaign_id, decision.c.seq, action.c.sample)
        .join(action, action.c.decision_id == decision.c.id)
        .where(action.c.sample.is_not(None), action.c.kind != "prepare")
    )
    used: defaultdict[tuple[int, int], dict[str, Cell]] = defaultdict(dict[str, Cell])
    for row in source.connection.execute(statement):
        used[row.campaign_id, row.seq] = {"sample": row.sample}
    return used


def _all_outcomes(source: Source) -> Iterator[tuple[LoggedCampaign, Outcome]]:
    for campaign in source.campaigns:
        for outcome in read_outcomes(source, campaign):
            yield campaign, outcome


def _decision_cells(
    campaign: LoggedCampaign, outcome: Outcome, axes: Quantities, expected: Quantities
) -> dict[str, Cell]:
    row, best = outcome.row, outcome.best
    same = {
        c.name: getattr(row, c.name) for c in (SEQ, *DECIDED, *REASONED, *CAME_OF_IT) if hasattr(row, c.name)
    }
    return same | {
        "campaign": campaign.name,
        **place_cells(axes, campaign, row.point_json),
        **(_expected_cells(campaign, best, expected) if best is not None else {}),
        "acquisition_value": best.acquisition_value if best is not None else None,
        "outcome": outcome.code,
        "outcome_in_words": outcome.in_words(campaign.spec.objective),
    }


def _feature_cells(
    campaign: LoggedCampaign, outcome: Outcome, axes: Quantities, made: Quantities
) -> dict[str, Cell]:
    row, observation = outcome.row, outcome.observation
    assert observation is not None
    cells: dict[str, Cell] = {
        "campaign": campaign.name,
        "seq": row.seq,
        "utc": outcome.observed_utc,
        "kind": row.kind,
        "is_accepted": observation.is_accepted,
        "blank_seq": observation.blank_seq,
        "absences": "; ".join(f"{absence.name}: {absence.why}" for absence in observation.absences),
    }
    for feature in observation.features:
        cells[made.column(feature.name, feature.unit)] = feature.value
        cells[made.column(feature.name, feature.unit, "sigma_")] = feature.sigma
    exposure = outcome.exposure
    if exposure is not None:
        cells |= place_cells(axes, campaign, exposure.point_json)
        for name in EXPOSURE_CELLS:
            cells[name] = getattr(exposure, name)
        if exposure.transmission is None:
            cells["transmission_sigma"] = None  # the record holds 0 there, which would say "exactly known"
    return cells


def _expected_cells(campaign: LoggedCampaign, candidate: Row[Any], expected: Quantities) -> dict[str, Cell]:
    feature = candidate.name or campaign.spec.objective.quantity
    return {
        expected.column(feature, candidate.unit): candidate.mean,
        expected.column(feature, candidate.unit, "sigma_predicted_"): candidate.sigma,
        **{name: getattr(candidate, name) for name in ("expected_gain", "gain_unit", "cost_s", "chance")},
        "bound_by": "; ".join(json.loads(candidate.bound_by_json or "[]")),
        "others": candidate.others_json,
    }
