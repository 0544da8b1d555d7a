"""When something happened, in a way that survives a clock that jumps."""

from collections.abc import Callable

from models.domain.frozen import Frozen

SECONDS_PER_HOUR = 3600.0


class Stamp(Frozen):
    """One moment."""

    utc: str
    """Coordinated universal time, ISO 8601 with microseconds and ``+00:00``."""
    monotonic_ns: int
    """Monotonic clock of this boot, ns."""
    boot_id: str
    """Identity of this boot of the machine; monotonic times compare only within it."""


Clock = Callable[[], Stamp]
"""Tells the time; handed in, so that tests own it."""
