"""The tables. Rows are only ever added; progress is what rows exist, never a status column."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)  # fmt: skip

from db.columns import KEY, SEQ, SHA256, metadata, moment
from db.peoples_tables import annotation, answer, request

__all__ = [
    "REVISION", "action", "action_event", "annotation", "answer", "artifact", "asset", "campaign",
    "candidate", "debit", "decision", "decision_artifact", "event", "exposure", "failure", "feature", "lease",
    "ledger", "metadata", "observation", "quarantine", "request", "sample", "session",
]  # fmt: skip

REVISION = "0009"
"""The newest migration; its script makes exactly these tables."""

campaign = Table(
    "campaign",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("uid", String(32), nullable=False, unique=True, doc="Random; names this campaign for all time."),
    Column("utc", String(40), nullable=False),
    Column("folder", Text, nullable=False, doc="Where its frames, documents and journals lie."),
    Column("spec_json", Text, nullable=False, doc="The campaign file as canonical JSON, when it began."),
    Column("spec_sha256", SHA256, nullable=False),
    Column("problem_json", Text, nullable=False, doc="What strategies are told of the task, to replay them."),
)

session = Table(
    "session",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("campaign_id", ForeignKey("campaign.id"), nullable=False, index=True),
    *moment(),
    Column("spec_json", Text, nullable=False, doc="The campaign file in force in this process."),
    Column("environment_json", Text, nullable=False, doc="Versions, processor, threads, git commit."),
    Column("instrument", Text, nullable=False, doc="The instrument on lease."),
    Column("fence", BigInteger, nullable=False, doc="Rises with every lease of the instrument."),
)

decision = Table(
    "decision",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("campaign_id", ForeignKey("campaign.id"), nullable=False),
    Column("session_id", ForeignKey("session.id"), nullable=False),
    Column("seq", SEQ, nullable=False),
    *moment(),
    Column("kind", String(32), nullable=False),
    Column("actor_kind", String(16), nullable=False),
    Column("actor_name", Text, nullable=False),
    Column("point_json", Text),
    Column("exposure_s", Float, nullable=False),
    Column("reason_code", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("watermark", SEQ, nullable=False),
    Column("acquisition", Text),
    Column("model_json", Text),
    Column("model_sha256", SHA256),
    Column("training_sha256", SHA256),
    Column("left_out_json", Text, doc="Measurements up to the watermark that were not learned from."),
    Column("repeats", SEQ),
    Column("supersedes", SEQ),
    Column("setup_json", Text, doc="How the instrument was to stand; NULL where nobody readjusts it."),
    Column("recipe_json", Text, doc="What its sample is made of; NULL where no deck says."),
    Column("prepared", Text, doc="Its sample, where that was made ahead with an earlier decision."),
    Column("ahead_json", Text, doc="The sample that is made while it is exposed; NULL where none is."),
    UniqueConstraint("campaign_id", "seq", name="one_decision_per_seq"),
    CheckConstraint(
        "kind <> 'human_override' OR (actor_kind = 'human' AND supersedes IS NOT NULL AND reason <> '')",
        name="an_override_says_who_what_and_why",
    ),
)

candidate = Table(
    "candidate",
    metadata,
    Column("decision_id", ForeignKey("decision.id"), primary_key=True),
    Column("rank", Integer, primary_key=True, autoincrement=False),
    Column("point_json", Text, nullable=False),
    Column("mean", Float, nullable=False),
    Column("sigma", Float, nullable=False),
    Column("unit", Text, nullable=False),
    Column("acquisition_value", Float, nullable=False),
    Column("reject_code", Text),
    Column("name", Text, doc="Feature that was predicted; NULL for the objective's own."),
    Column("others_json", Text, doc="What was expected of the other features that are sought."),
    Column("expected_gain", Float),
    Column("gain_unit", Text),
    Column("cost_s", Float, doc="How long it was expected to take."),
    Column("chance", Float, doc="Probability that it yields the feature."),
    Column("bound_by_json", Text, doc="Constraints that hold it, in words."),
    Column("why", Text, doc="Why it lost, in words."),
)

sample = Table(
    "sample",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("campaign_id", ForeignKey("campaign.id"), nullable=False),
    Column("decision_id", ForeignKey("decision.id"), nullable=False, doc="The first that names it."),
    Column("name", Text, nullable=False),
    UniqueConstraint("campaign_id", "name", name="one_sample_per_name"),
)

action = Table(
    "action",
    metadata,
    Column("action_id", Text, primary_key=True),
    Column("decision_id", ForeignKey("decision.id"), nullable=False),
    Column("step", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("action_class", String(32), nullable=False),
    Column("sample", Text, doc="Name of the sample that it makes, brings or exposes."),
    Column("attempt", Integer, nullable=False),
    UniqueConstraint("decision_id", "step", "attempt", name="one_action_per_attempt"),
)

action_event = Table(
    "action_event",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("action_id", ForeignKey("action.action_id"), nullable=False, index=True),
    Column("status", String(16), nullable=False),
    *moment(),
    Column("sentence", Text, nullable=False),
    Column("duration_s", Float, doc="How long the command took by the instrument's clock."),
    Index(
        "one_end_per_action",
        "action_id",
        unique=True,
        sqlite_where=text("status <> 'started'"),
        postgresql_where=text("status <> 'started'"),
    ),
)

debit = Table(
    "debit",
    metadata,
    Column("action_id", ForeignKey("action.action_id"), primary_key=True),
    Column("name", Text, primary_key=True, doc="Of what: a stock, tips, a well, rinse, room for waste."),
    Column("decision_id", ForeignKey("decision.id"), nullable=False, index=True),
    Column("amount", Float, nullable=False),
    Column("unit", String(8), nullable=False),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("sample_id", ForeignKey("sample.id"), primary_key=True, autoincrement=False),
    Column("decision_id", ForeignKey("decision.id"), nullable=False),
    Column("utc", String(40), nullable=False),
    Column("sentence", Text, nullable=False),
)

exposure = Table(
    "exposure",
    metadata,
    Column("action_id", ForeignKey("action.action_id"), primary_key=True),
    Column("decision_id", ForeignKey("decision.id"), nullable=False, unique=True),
    Column("run_uid", String(64), nullable=False, doc="Bluesky's uid of the run."),
    Column("point_json", Text, nullable=False),
    Column("exposure_s", Float, nullable=False),
    Column("monitor", Float),
    Column("transmission", Float),
    Column("attenuation", Float, doc="Share of the beam that was let through; NULL for all of it."),
    Column("transmission_sigma", Float, nullable=False),
    Column("empty_transmission", Float, doc="Of the empty cell before the load; NULL where not measured."),
    Column("empty_transmission_sigma", Float),
)

asset = Table(
    "asset",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("campaign_id", ForeignKey("campaign.id"), nullable=False),
    Column("action_id", ForeignKey("action.action_id"), index=True, doc="The action that made it."),
    Column("role", String(16), nullable=False),
    Column("path", Text, nullable=False),
    Column("sha256", SHA256, nullable=False, index=True),
    Column("n_bytes", BigInteger, nullable=False),
)

observation = Table(
    "observation",
    metadata,
    Column("decision_id", ForeignKey("decision.id"), primary_key=True, autoincrement=False),
    Column("utc", String(40), nullable=False),
    Column("is_accepted", Boolean, nullable=False),
    Column("absences_json", Text, nullable=False),
    Column("verdicts_json", Text, nullable=False),
    Column("curve_asset_id", ForeignKey("asset.id")),
    Column("blank_seq", SEQ),
    Column("profile_json", Text, doc="The curve in the few bins that whole curves are learned from."),
)

feature = Table(
    "feature",
    metadata,
    Column("decision_id", ForeignKey("observation.decision_id"), primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),
    Column("position", Integer, nullable=False, doc="Order in which the analysis made them."),
    Column("value", Float, nullable=False),
    Column("sigma", Float, nullable=False),
    Column("unit", Text, nullable=False),
)

failure = Table(
    "failure",
    metadata,
    Column("decision_id", ForeignKey("decision.id"), primary_key=True, autoincrement=False),
    Column("utc", String(40), nullable=False),
    Column("code", Text, nullable=False),
    Column("sentence", Text, nullable=False),
)

event = Table(
    "event",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("campaign_id", ForeignKey("campaign.id"), nullable=False, index=True),
    Column("session_id", ForeignKey("session.id"), nullable=False),
    *moment(),
    Column("seq", SEQ),
    Column("level", String(16), nullable=False),
    Column("code", Text, nullable=False),
    Column("sentence", Text, nullable=False),
)

artifact = Table(
    "artifact",
    metadata,
    Column("sha256", SHA256, primary_key=True, doc="Of the content before it was compressed."),
    Column("media_type", Text, nullable=False),
    Column("n_bytes", BigInteger, nullable=False, doc="Before it was compressed."),
    Column("encoding", String(16), nullable=False, doc="Always `zlib`."),
    Column("content", LargeBinary, nullable=False),
)

decision_artifact = Table(
    "decision_artifact",
    metadata,
    Column("decision_id", ForeignKey("decision.id"), primary_key=True),
    Column("role", String(16), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("sha256", ForeignKey("artifact.sha256"), nullable=False),
)

ledger = Table(
    "ledger",
    metadata,
    Column("campaign_id", ForeignKey("campaign.id"), primary_key=True),
    Column("n", BigInteger, primary_key=True, autoincrement=False, doc="Counts the campaign's transactions."),
    Column("utc", String(40), nullable=False),
    Column("record", String(16), nullable=False, doc="What was appended."),
    Column("seq", SEQ),
    Column("members_json", Text, nullable=False, doc="[table, key, SHA-256] of every row it added."),
    Column("previous", SHA256, nullable=False, doc="SHA-256 of the entry before."),
    Column("sha256", SHA256, nullable=False, unique=True),
)

lease = Table(
    "lease",
    metadata,
    Column("instrument", Text, primary_key=True),
    Column("fence", BigInteger, nullable=False, doc="Rises with every lease, never falls."),
    Column("beat", BigInteger, nullable=False, doc="Counts signs of life."),
    Column("holder_json", Text, doc="The process that holds it; empty when it was given back."),
    Column("monotonic_ns", BigInteger, nullable=False, doc="Last sign of life, in the holder's boot."),
)
"""The only table whose rows change."""
