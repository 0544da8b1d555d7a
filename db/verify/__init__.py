"""Verify a record: what was edited, deleted, added, cut off or written anew."""
