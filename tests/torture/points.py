"""The named points at which a campaign is killed."""

RECORDS = (
    "Session", "Decided", "Started:prepare", "Started:load", "Started:expose", "Ended:prepare", "Ended:load",
    "Ended:expose", "Retried", "Observed", "Failure", "Event",
)  # fmt: skip
"""What the log commits: its records by name, with the action's kind where there is one."""
PLACES = ("before", "first row of", "rows of", "amid", "after")
"""Where in a commit: before it, after its first row, before its COMMIT, somewhere in that, and after it."""

CREATION = ("first table", "amid tables", "last table", "rows of Setup")
"""While the database is made."""
DEVICES = (
    "before mixing", "mix torn", "mixing", "mixed torn", "mixed",
    "start emitted", "frame torn", "frame unnamed", "frame written", "event torn", "event emitted",
    "stop torn", "stop emitted", "curve torn", "curve written",
)  # fmt: skip
"""Around what the devices and the analysis write."""

COMMITS = tuple(f"{place} {record}" for record in RECORDS for place in PLACES)
"""Every named commit point."""
POINTS = (*CREATION, *COMMITS, *DEVICES)
"""Every named point."""

BIRTH = frozenset({*CREATION, *(f"{place} Session" for place in PLACES)})
"""Points that a process passes while it starts: they need no progress."""
UNKNOWN = frozenset({"mixing", "mixed torn"})
"""Points at which nobody can know whether a sample was made."""


def first_needed(point: str) -> str | None:
    """The point at which a process must have been killed before, so that this one is passed at all."""
    if point.endswith("Retried"):
        return "after Started:expose"
    return "after Decided" if point.endswith("Event") else None


def is_passed_once(point: str) -> bool:
    """True for what a campaign does at one decision only: these kills come first."""
    return point.endswith("Failure")
