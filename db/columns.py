"""What the tables share: their register, the types of their columns, and the moment of a row."""

from typing import Any

from sqlalchemy import BigInteger, Column, Integer, MetaData, String

metadata = MetaData()

SEQ = Integer
SHA256 = String(64)
KEY = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts up only a key of the type INTEGER."""


def moment() -> tuple[Column[Any], ...]:
    """When a row was written: wall clock for people, monotonic clock and boot for order in time."""
    return (
        Column("utc", String(40), nullable=False),
        Column("monotonic_ns", BigInteger, nullable=False),
        Column("boot_id", String(64), nullable=False),
    )
