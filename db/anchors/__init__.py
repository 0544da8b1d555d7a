"""Heads of the record, signed and published outside the database."""
