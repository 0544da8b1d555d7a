"""The record: campaigns, decisions, commands, observations, and the ledger that seals them.

Longer than other files, since a revision is one step: all tables that it makes stand in it, and it is never
touched again.
"""

import sqlalchemy as sa
from alembic import op

from db.triggers import protect, protect_lease, refusing_function

revision = "0001"
down_revision = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
tables = sa.MetaData()

sa.Table(
    "campaign",
    tables,
    sa.Column("id", KEY, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("uid", sa.String(32), nullable=False),
    sa.Column("utc", sa.String(40), nullable=False),
    sa.Column("folder", sa.Text, nullable=False),
    sa.Column("spec_json", sa.Text, nullable=False),
    sa.Column("spec_sha256", sa.String(64), nullable=False),
    sa.Column("problem_json", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("id"),
    sa.UniqueConstraint("name"),
    sa.UniqueConstraint("uid"),
)

sa.Table(
    "session",
    tables,
    sa.Column("id", KEY, nullable=False),
    sa.Column("campaign_id", KEY, nullable=False),
    sa.Column("utc", sa.String(40), nullable=False),
    sa.Column("monotonic_ns", sa.BigInteger, nullable=False),
    sa.Column("boot_id", sa.String(64), nullable=False),
    sa.Column("spec_json", sa.Text, nullable=False),
    sa.Column("environment_json", sa.Text, nullable=False),
    sa.Column("instrument", sa.Text, nullable=False),
    sa.Column("fence", sa.BigInteger, nullable=False),
    sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"]),
    sa.PrimaryKeyConstraint("id"),
    sa.Index("ix_session_campaign_id", "campaign_id"),
)

sa.Table(
    "decision",
    tables,
    sa.Column("id", KEY, nullable=False),
    sa.Column("campaign_id", KEY, nullable=False),
    sa.Column("session_id", KEY, nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("utc", sa.String(40), nullable=False),
    sa.Column("monotonic_ns", sa.BigInteger, nullable=False),
    sa.Column("boot_id", sa.String(64), nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("actor_kind", sa.String(16), nullable=False),
    sa.Column("actor_name", sa.Text, nullable=False),
    sa.Column("point_json", sa.Text),
    sa.Column("exposure_s", sa.Float, nullable=False),
    sa.Column("reason_code", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("seed", sa.BigInteger, nullable=False),
    sa.Column("watermark", sa.Integer, nullable=False),
    sa.Column("acquisition", sa.Text),
    sa.Column("model_json", sa.Text),
    sa.Column("model_sha256", sa.String(64)),
    sa.Column("training_sha256", sa.String(64)),
    sa.Column("left_out_json", sa.Text),
    sa.Column("repeats", sa.Integer),
    sa.Column("supersedes", sa.Integer),
    sa.CheckConstraint(
        "kind <> 'human_override' OR (actor_kind = 'human' AND supersedes IS NOT NULL AND reason <> '')",
        name="an_override_says_who_what_and_why",
    ),
    sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"]),
    sa.ForeignKeyConstraint(["session_id"], ["session.id"]),
    sa.PrimaryKeyConstraint("id"),
    sa.UniqueConstraint("campaign_id", "seq", name="one_decision_per_seq"),
)

sa.Table(
    "candidate",
    tables,
    sa.Column("decision_id", KEY, nullable=False),
    sa.Column("rank", sa.Integer, autoincrement=False, nullable=False),
    sa.Column("point_json", sa.Text, nullable=False),
    sa.Column("mean", sa.Float, nullable=False),
    sa.Column("sigma", sa.Float, nullable=False),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("acquisition_value", sa.Float, nullable=False),
    sa.Column("reject_code", sa.Text),
    sa.ForeignKeyConstraint(["decision_id"], ["decision.id"]),
    sa.PrimaryKeyConstraint("decision_id", "rank"),
)

sa.Table(
    "sample",
    tables,
    sa.Column("id", KEY, nullable=False),
    sa.Column("campaign_id", KEY, nullable=False),
    sa.Column("decision_id", KEY, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"]),
    sa.ForeignKeyConstraint(["decision_id"], ["decision.id"]),
    sa.PrimaryKeyConstraint("id"),
    sa.UniqueConstraint("campaign_id", "name", name="one_sample_per_name"),
)

sa.Table(
    "action",
    tables,
    sa.Column("action_id", sa.Text, nullable=False),
    sa.Column("decision_id", KEY, nullable=False),
    sa.Column("step", sa.Integer, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("action_class", sa.String(32), nullable=False),
    sa.Column("sample", sa.Text),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.ForeignKeyConstraint(["decision_id"], ["decision.id"]),
    sa.PrimaryKeyConstraint("action_id"),
    sa.UniqueConstraint("decision_id", "step", "attempt", name="one_action_per_attempt"),
)

sa.Table(
    "action_event",
    tables,
    sa.Column("id", KEY, nullable=False),
    sa.Column("action_id", sa.Text, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("utc", sa.String(40), nullable=False),
    sa.Column("monotonic_ns", sa.BigInteger, nullable=False),
    sa.Column("boot_id", sa.String(64), nullable=False),
    sa.Column("sentence", sa.Text, nullable=False),
    sa.ForeignKeyConstraint(["action_id"], ["action.action_id"]),
    sa.PrimaryKeyConstraint("id"),
    sa.Index("ix_action_event_action_id", "action_id"),
    sa.Index(
        "one_end_per_action",
        "action_id",
        unique=True,
        sqlite_where=sa.text("status <> 'started'"),
        postgresql_where=sa.text("status <> 'started'"),
    ),
)

sa.Table(
    "quarantine",
    tables,
    sa.Column("sample_id", KEY, autoincrement=False, nullable=False),
    sa.Column("decision_id", KEY, nullable=False),
    sa.Column("utc", sa.String(40), nullable=False),
    sa.Column("sentence", sa.Text, nullable=False),
    sa.ForeignKeyConstraint(["decision_id"], ["decision.id"]),
    sa.ForeignKeyConstraint(["sample_id"], ["sample.id"]),
    sa.PrimaryKeyConstraint("sample_id"),
)

sa.Table(
    "exposure",
    tables,
    sa.Column("action_id", sa.Text, nullable=False),
    sa.Column("decision_id", KEY, nullable=False),
    sa.Column("run_uid", sa.String(64), nullable=False),
    sa.Column("point_json", sa.Text, nullable=False),
    sa.Column("exposure_s", sa.Float, nullable=False),
    sa.Column("monitor", sa.Float),
    sa.Column("transmission", sa.Float),
    sa.Column("transmission_sigma", sa.Float, nullable=False),
    sa.ForeignKeyConstraint(["action_id"], ["action.action_id"]),
    sa.ForeignKeyConstraint(["decision_id"], ["decision.id"]),
    sa.PrimaryKeyConstraint("action_id"),
    sa.UniqueConstraint("decision_id"),
)

sa.Table(
    "asset",
    tables,
    sa.Column("id", KEY, nullable=False),
    sa.Column("campaign_id", KEY, nullable=False),
    sa.Column("action_id", sa.Text),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("n_bytes", sa.BigInteger, nullable=False),
    sa.ForeignKeyConstraint(["action_id"], ["action.action_id"]),
    sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"]),
    sa.PrimaryKeyConstraint("id"),
    sa.Index("ix_asset_action_id", "action_id"),
    sa.Index("ix_asset_sha256", "sha256"),
)

sa.Table(
    "observation",
    tables,
    sa.Column("decision_id", KEY, autoincrement=False, nullable=False),
    sa.Column("utc", sa.String(40), nullable=False),
    sa.Column("is_accepted", sa.Boolean, nullable=False),
    sa.Column("absences_json", sa.Text, nullable=False),
    sa.Column("verdicts_json", sa.Text, nullable=False),
    sa.Column("curve_asset_id", KEY),
    sa.Column("blank_seq", sa.Integer),
    sa.ForeignKeyConstraint(["curve_asset_id"], ["asset.id"]),
    sa.ForeignKeyConstraint(["decision_id"], ["decision.id"]),
    sa.PrimaryKeyConstraint("decision_id"),
)

sa.Table(
    "feature",
    tables,
    sa.Column("decision_id", KEY, autoincrement=False, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("value", sa.Float, nullable=False),
    sa.Column("sigma", sa.Float, nullable=False),
    sa.Column("unit", sa.Text, nullable=False),
    sa.ForeignKeyConstraint(["decision_id"], ["observation.decision_id"]),
    sa.PrimaryKeyConstraint("decision_id", "name"),
)

sa.Table(
    "failure",
    tables,
    sa.Column("decision_id", KEY, autoincrement=False, nullable=False),
    sa.Column("utc", sa.String(40), nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("sentence", sa.Text, nullable=False),
    sa.ForeignKeyConstraint(["decision_id"], ["decision.id"]),
    sa.PrimaryKeyConstraint("decision_id"),
)

sa.Table(
    "event",
    tables,
    sa.Column("id", KEY, nullable=False),
    sa.Column("campaign_id", KEY, nullable=False),
    sa.Column("session_id", KEY, nullable=False),
    sa.Column("utc", sa.String(40), nullable=False),
    sa.Column("monotonic_ns", sa.BigInteger, nullable=False),
    sa.Column("boot_id", sa.String(64), nullable=False),
    sa.Column("seq", sa.Integer),
    sa.Column("level", sa.String(16), nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("sentence", sa.Text, nullable=False),
    sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"]),
    sa.ForeignKeyConstraint(["session_id"], ["session.id"]),
    sa.PrimaryKeyConstraint("id"),
    sa.Index("ix_event_campaign_id", "campaign_id"),
)

sa.Table(
    "artifact",
    tables,
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("n_bytes", sa.BigInteger, nullable=False),
    sa.Column("encoding", sa.String(16), nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.PrimaryKeyConstraint("sha256"),
)

sa.Table(
    "decision_artifact",
    tables,
    sa.Column("decision_id", KEY, nullable=False),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.ForeignKeyConstraint(["decision_id"], ["decision.id"]),
    sa.ForeignKeyConstraint(["sha256"], ["artifact.sha256"]),
    sa.PrimaryKeyConstraint("decision_id", "role", "name"),
)

sa.Table(
    "ledger",
    tables,
    sa.Column("campaign_id", KEY, nullable=False),
    sa.Column("n", sa.BigInteger, autoincrement=False, nullable=False),
    sa.Column("utc", sa.String(40), nullable=False),
    sa.Column("record", sa.String(16), nullable=False),
    sa.Column("seq", sa.Integer),
    sa.Column("members_json", sa.Text, nullable=False),
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"]),
    sa.PrimaryKeyConstraint("campaign_id", "n"),
    sa.UniqueConstraint("sha256"),
)

sa.Table(
    "lease",
    tables,
    sa.Column("instrument", sa.Text, nullable=False),
    sa.Column("fence", sa.BigInteger, nullable=False),
    sa.Column("beat", sa.BigInteger, nullable=False),
    sa.Column("holder_json", sa.Text),
    sa.Column("monotonic_ns", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("instrument"),
)


def upgrade() -> None:
    """Make the tables, and let nobody change their rows."""
    bind = op.get_bind()
    tables.create_all(bind)
    if bind.dialect.name == "postgresql":
        op.execute(refusing_function())
    for table in tables.sorted_tables:
        guards = protect_lease if table.name == "lease" else protect
        for statement in guards(table, bind.dialect.name):
            op.execute(statement)
