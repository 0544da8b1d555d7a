"""Decks: what a sample is made of, and what each command took of stocks, tips, wells, rinse and waste."""

import sqlalchemy as sa
from alembic import op

from db.triggers import protect

revision = "0007"
down_revision = "0006"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the column and the table."""
    op.add_column("decision", sa.Column("recipe_json", sa.Text))
    table = op.create_table(
        "debit",
        sa.Column("action_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("decision_id", KEY, nullable=False),
        sa.Column("amount", sa.Float, nullable=False),
        sa.Column("unit", sa.String(8), nullable=False),
        sa.ForeignKeyConstraint(["action_id"], ["action.action_id"]),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"]),
        sa.PrimaryKeyConstraint("action_id", "name"),
    )
    op.create_index("ix_debit_decision_id", "debit", ["decision_id"])
    for statement in protect(table, op.get_bind().dialect.name):
        op.execute(statement)
