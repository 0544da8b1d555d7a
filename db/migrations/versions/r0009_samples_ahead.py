"""Samples made ahead: what is made while another sample is exposed, and which decision measures it."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the columns, which may be NULL: the guards of the tables hold for them as they are."""
    op.add_column("decision", sa.Column("prepared", sa.Text))
    op.add_column("decision", sa.Column("ahead_json", sa.Text))
