"""Costs and profiles: what a candidate was to gain and cost, how long commands took, curves in few bins."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ADDED = (
    ("candidate", "name", sa.Text),
    ("candidate", "others_json", sa.Text),
    ("candidate", "expected_gain", sa.Float),
    ("candidate", "gain_unit", sa.Text),
    ("candidate", "cost_s", sa.Float),
    ("candidate", "chance", sa.Float),
    ("candidate", "bound_by_json", sa.Text),
    ("candidate", "why", sa.Text),
    ("action_event", "duration_s", sa.Float),
    ("observation", "profile_json", sa.Text),
)


def upgrade() -> None:
    """Add the columns, each of which may be NULL: the guards of these tables hold for them as they are."""
    for table, name, kind in ADDED:
        op.add_column(table, sa.Column(name, kind))
