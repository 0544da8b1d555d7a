"""Requests: what people ask of a run, and how it was answered."""

import sqlalchemy as sa
from alembic import op

from db.triggers import protect

revision = "0006"
down_revision = "0005"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the tables."""
    dialect = op.get_bind().dialect.name
    for name, table in (("request", _make_request()), ("answer", _make_answer())):
        op.create_index(f"ix_{name}_campaign_id", name, ["campaign_id"])
        for statement in protect(table, dialect):
            op.execute(statement)


def _make_request() -> sa.Table:
    return op.create_table(
        "request",
        sa.Column("id", KEY, nullable=False),
        sa.Column("campaign_id", KEY, nullable=False),
        *_moment(),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("seq", sa.Integer),
        sa.Column("point_json", sa.Text),
        sa.Column("exposure_s", sa.Float),
        sa.Column("radius", sa.Float),
        sa.Column("hours", sa.Float),
        sa.Column("lifts", KEY),
        sa.CheckConstraint("who <> '' AND why <> ''", name="a_request_says_who_and_why"),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"]),
        sa.ForeignKeyConstraint(["lifts"], ["request.id"]),
        sa.PrimaryKeyConstraint("id"),
    )


def _make_answer() -> sa.Table:
    return op.create_table(
        "answer",
        sa.Column("id", KEY, nullable=False),
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("session_id", KEY, nullable=False),
        *_moment(),
        sa.Column("request_id", KEY, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("sentence", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"]),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"]),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("request_id", "code", name="one_answer_of_a_sort"),
    )


def _moment() -> tuple[sa.Column[str], sa.Column[int], sa.Column[str]]:
    return (
        sa.Column("utc", sa.String(40), nullable=False),
        sa.Column("monotonic_ns", sa.BigInteger, nullable=False),
        sa.Column("boot_id", sa.String(64), nullable=False),
    )
