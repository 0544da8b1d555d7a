"""The clock of a virtual beamline: travel, mixing and exposure count, though nobody waits for them."""

import threading

TICK_S = 1e-6
"""What the clock counts in, s: whole ticks, so that the same work takes the same time on any night."""


class VirtualClock:
    """Tells the seconds that a real night would have taken so far."""

    def __init__(self, time_scale: float = 0.0) -> None:
        """Start at 0.

        Parameters
        ----------
        time_scale
            Wall-clock seconds that a device waits per second of its work; 0 does not wait at all.
        """
        self.time_scale = time_scale
        """The same."""
        self._lock = threading.Lock()
        self._begun, self._over = 0, 0
        self._asked, self._beside, self._apart = 0, 0, 0

    def __call__(self) -> float:
        """The time when all that was begun is over, s; what begins next, begins then."""
        with self._lock:
            self._over = max(self._over, self._apart)
            self._begun = self._asked = self._beside = self._over
            return self._over * TICK_S

    def spend_beside(self, seconds: float) -> None:
        """Do something beside all else since the clock was last looked at, after what was so done before.

        Parameters
        ----------
        seconds
            How long it takes, s.
        """
        with self._lock:
            self._beside = max(self._beside, self._asked) + _ticks(seconds)
            self._over = max(self._over, self._beside)

    def spend_apart(self, seconds: float) -> None:
        """Begin something once all before it is over, that nothing waits for before the clock is looked at.

        A sample is made so, while another is exposed.

        Parameters
        ----------
        seconds
            How long it takes, s.
        """
        with self._lock:
            self._apart = max(self._apart, self._over) + _ticks(seconds)

    def spend_together(self, seconds: float) -> None:
        """Begin something beside what was begun before: motors that set off together take the slowest's time.

        Parameters
        ----------
        seconds
            How long it takes, s.
        """
        with self._lock:
            self._over = max(self._over, self._begun + _ticks(seconds))

    def spend(self, seconds: float) -> None:
        """Do something once all that was begun before is over.

        Parameters
        ----------
        seconds
            How long it takes, s.
        """
        with self._lock:
            self._over += _ticks(seconds)
            self._begun = self._over


def _ticks(seconds: float) -> int:
    return max(round(seconds / TICK_S), 0)
