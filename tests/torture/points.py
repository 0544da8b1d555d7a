"""The named points at which a campaign is killed."""

RECORDS = (
    "Session", "Decided", "Started:prepare", "Started:load", "Started:expose", "Ended:prepare", "Ended:load",
    "Ended:expose", "Retried", "Observed", "Failure", "Event",
)  # fmt: skip
"""What the log commits: its records by name, with the action's kind where there is one."""
PLACES = ("before", "first row of", "rows of", "amid", "after")
"""Where in a commit: before it, after its first row, before its COMMIT, somewhere in that, and after it."""

CREATION = ("first table", "amid tables", "amid triggers", "rows of Setup")
"""While the database is made."""
TAKING = ("before Lease", "rows of Lease", "after Lease")
"""While the instrument is taken."""
DEVICES = (
    "before mixing", "mix torn", "mixing", "mixed torn", "mixed",
    "start emitted", "frame torn", "frame unnamed", "frame written", "event torn", "event emitted",
    "stop torn", "stop emitted", "curve torn", "curve written",
)  # fmt: skip
"""Around what the devices and the analysis write."""

COMMITS = tuple(f"{place} {record}" for record in RECORDS for place in PLACES)
"""Every named commit point."""
POINTS = (*CREATION, *TAKING, *COMMITS, *DEVICES)
"""Every named point."""

BIRTH = (*CREATION, *TAKING, *(f"{place} Session" for place in PLACES))
"""Points that a process passes while it starts, in order: they need no progress."""


def first_needed(point: str) -> str | None:
    """The point at which a process must have been killed before, so that this one is passed at all."""
    if point.endswith("Retried"):
        return "after Started:expose"
    return "after Decided" if point.endswith("Event") else None


RARE = tuple(f"{place} Failure" for place in PLACES)
"""Points that a campaign passes at one decision only, in order."""


def in_order(point: str) -> int:
    """Where in a plan a point comes: first a start, then what is passed at one decision only."""
    return next((n for n, one in enumerate((*BIRTH, *RARE)) if one == point), len(POINTS))
