"""The tables. Rows are only ever added; progress is what rows exist, never a status column."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)  # fmt: skip

SCHEMA_VERSION = 1
"""Counts up with every change of the tables."""

metadata = MetaData()

SEQ = Integer
KEY = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts up only a key of the type INTEGER."""

schema_version = Table(
    "schema_version",
    metadata,
    Column("program", String(32), primary_key=True, doc="Always `nightbeam`."),
    Column("version", Integer, nullable=False),
)

campaign = Table(
    "campaign",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("uid", String(32), nullable=False, unique=True, doc="Random; names this campaign for all time."),
    Column("utc", String(40), nullable=False),
    Column("folder", Text, nullable=False, doc="Where its frames, documents and journals lie."),
    Column("spec_json", Text, nullable=False, doc="The campaign file as canonical JSON, when it began."),
    Column("spec_sha256", String(64), nullable=False),
)

session = Table(
    "session",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("campaign_id", ForeignKey("campaign.id"), nullable=False, index=True),
    Column("utc", String(40), nullable=False),
    Column("monotonic_ns", BigInteger, nullable=False),
    Column("boot_id", String(64), nullable=False),
    Column("spec_json", Text, nullable=False, doc="The campaign file in force in this process."),
    Column("environment_json", Text, nullable=False, doc="Versions, processor, threads, git commit."),
)

decision = Table(
    "decision",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("campaign_id", ForeignKey("campaign.id"), nullable=False),
    Column("session_id", ForeignKey("session.id"), nullable=False),
    Column("seq", SEQ, nullable=False),
    Column("utc", String(40), nullable=False),
    Column("monotonic_ns", BigInteger, nullable=False),
    Column("boot_id", String(64), nullable=False),
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
    Column("training_sha256", String(64)),
    Column("repeats", SEQ),
    UniqueConstraint("campaign_id", "seq", name="one_decision_per_seq"),
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
)

action = Table(
    "action",
    metadata,
    Column("action_id", Text, primary_key=True),
    Column("decision_id", ForeignKey("decision.id"), nullable=False),
    Column("step", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("action_class", String(32), nullable=False),
    Column("attempt", Integer, nullable=False),
    UniqueConstraint("decision_id", "step", "attempt", name="one_action_per_attempt"),
)

action_event = Table(
    "action_event",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("action_id", ForeignKey("action.action_id"), nullable=False, index=True),
    Column("status", String(16), nullable=False),
    Column("utc", String(40), nullable=False),
    Column("monotonic_ns", BigInteger, nullable=False),
    Column("boot_id", String(64), nullable=False),
    Column("sentence", Text, nullable=False),
    Index(
        "one_end_per_action",
        "action_id",
        unique=True,
        sqlite_where=text("status <> 'started'"),
        postgresql_where=text("status <> 'started'"),
    ),
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
    Column("transmission_sigma", Float, nullable=False),
)

asset = Table(
    "asset",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("campaign_id", ForeignKey("campaign.id"), nullable=False),
    Column("action_id", ForeignKey("action.action_id"), index=True, doc="The action that made it."),
    Column("role", String(16), nullable=False),
    Column("path", Text, nullable=False),
    Column("sha256", String(64), nullable=False, index=True),
    Column("n_bytes", BigInteger, nullable=False),
)

observation = Table(
    "observation",
    metadata,
    Column("decision_id", ForeignKey("decision.id"), primary_key=True),
    Column("utc", String(40), nullable=False),
    Column("is_accepted", Boolean, nullable=False),
    Column("absences_json", Text, nullable=False),
    Column("verdicts_json", Text, nullable=False),
    Column("curve_asset_id", ForeignKey("asset.id")),
    Column("blank_seq", SEQ),
)

feature = Table(
    "feature",
    metadata,
    Column("decision_id", ForeignKey("observation.decision_id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("position", Integer, nullable=False, doc="Order in which the analysis made them."),
    Column("value", Float, nullable=False),
    Column("sigma", Float, nullable=False),
    Column("unit", Text, nullable=False),
)

failure = Table(
    "failure",
    metadata,
    Column("decision_id", ForeignKey("decision.id"), primary_key=True),
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
    Column("utc", String(40), nullable=False),
    Column("monotonic_ns", BigInteger, nullable=False),
    Column("boot_id", String(64), nullable=False),
    Column("seq", SEQ),
    Column("level", String(16), nullable=False),
    Column("code", Text, nullable=False),
    Column("sentence", Text, nullable=False),
)
