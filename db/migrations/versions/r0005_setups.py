"""Set-ups: how the instrument was to stand for a decision, besides what was in the beam."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the columns, which may be NULL: the guards of the tables hold for them as they are."""
    op.add_column("decision", sa.Column("setup_json", sa.Text))
    op.add_column("exposure", sa.Column("attenuation", sa.Float))
