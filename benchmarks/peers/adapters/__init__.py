"""One script per peer; each runs in that peer's environment and loads nothing of Nightbeam (but our own)."""
