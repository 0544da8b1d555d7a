"""Empty cells: what the cell transmitted before a sample was loaded."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the columns, which may be NULL: the guards of the tables hold for them as they are."""
    op.add_column("exposure", sa.Column("empty_transmission", sa.Float))
    op.add_column("exposure", sa.Column("empty_transmission_sigma", sa.Float))
