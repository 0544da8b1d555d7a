"""Look whether the leases go on from the fences that the record was written under."""

from collections.abc import Iterator

from sqlalchemy.engine import Connection

from db import schema
from db.holder import read_holder
from db.verify.findings import Finding
from db.verify.layout import Layout
from db.verify.raw_rows import stream


def check_leases(connection: Connection, layout: Layout) -> Iterator[Finding]:
    """Leases that were deleted, lowered or made unreadable: agents of two times could come with one fence."""
    highest: dict[str, int] = {}
    for row in stream(connection, schema.session, layout.columns["session"]):
        if isinstance(row.instrument, str) and isinstance(row.fence, int):
            highest[row.instrument] = max(row.fence, highest.get(row.instrument, 0))
    for row in stream(connection, schema.lease, layout.columns["lease"]):
        fence = highest.pop(row.instrument, 0) if isinstance(row.instrument, str) else 0
        name = repr(row.instrument)
        if not isinstance(row.fence, int) or row.fence < fence:
            yield _finding(
                f"the lease of {name} has fence {row.fence!r}, and a run had {fence}: it was changed"
            )
        if row.holder_json is not None and read_holder(str(row.holder_json)) is None:
            yield _finding(f"the lease of {name} does not say who holds it: it was changed")
    for instrument, fence in sorted(highest.items()):
        yield _finding(f"the lease of {instrument!r} is gone, and a run had fence {fence}: it was deleted")


def _finding(what: str) -> Finding:
    return Finding(campaign=None, seq=None, table="lease", what=what)
