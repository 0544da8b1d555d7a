"""Stronger guards: against rows replaced by their hidden number, and leases renamed, replaced or used up."""

import sqlalchemy as sa
from alembic import op

from db.migrations.versions import r0001_the_record
from db.triggers import renew

revision = "0003"
down_revision = "0002"

annotation = sa.Table("annotation", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True))


def upgrade() -> None:
    """Lay the guards of every table anew; no row changes."""
    dialect = op.get_bind().dialect.name
    for table in (*r0001_the_record.tables.sorted_tables, annotation):
        for statement in renew(table, dialect):
            op.execute(statement)
