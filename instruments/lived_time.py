"""Time that this process lived through: it does not count while the process itself stood still."""

import time
from collections.abc import Callable

LONGEST_GAP_S = 2.0
"""Between two looks, s. When more passed, the process was stopped meanwhile, and so were its own threads."""
GAP_COUNTS_S = 0.25
"""What such a gap counts, s: not nothing, so that a machine that crawls comes to an end as well."""


class LivedTime:
    """Counts from its birth, when it is looked at often; while the process is stopped, it stands still."""

    def __init__(self, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        """Start at 0 s.

        Parameters
        ----------
        monotonic_s
            A clock that never goes back, s.
        """
        self._monotonic_s = monotonic_s
        self._lived_s, self._seen_s = 0.0, monotonic_s()

    def s(self) -> float:
        """How long it has been so far, s; to be asked several times in `LONGEST_GAP_S`."""
        now_s = self._monotonic_s()
        gap_s, self._seen_s = now_s - self._seen_s, now_s
        self._lived_s += gap_s if gap_s <= LONGEST_GAP_S else GAP_COUNTS_S
        return self._lived_s
