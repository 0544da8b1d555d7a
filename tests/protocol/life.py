"""The life of a process inside this one: it dies or is stopped at a point, and has no effect from then on."""

import threading
from typing import Literal

How = Literal["stop", "die"]
"""What comes at the point: SIGSTOP or SIGKILL."""
LONGEST_S = 20.0
"""A test never waits longer for a process to come to rest, s."""


class Death(Exception):
    """The process is gone; whatever its code still does has no effect."""


class Life:
    """Counts the points that a process passes, and ends or stops it where it was told."""

    def __init__(self, number: int) -> None:
        """A process that was not started yet; `number` is like a process number."""
        self.number = number
        self.fence = 0
        self.is_dead = False
        self.is_over = False
        self.is_stopped = False
        self.where = "not born"
        self.points: list[str] = []
        """All that it passed, in order."""
        self._n_left, self._how, self._until = 0, "stop", ""
        self._may_go, self._rests = threading.Event(), threading.Event()

    def go(self, n_points: int, how: How, until: str = "") -> None:
        """Let it run past so many points, those that begin with `until`; wait until it rests."""
        self._n_left, self._how, self._until = n_points, how, until
        self._rests.clear()
        self._may_go.set()
        assert self._rests.wait(LONGEST_S), f"process {self.number} never came to rest after {self.where}"

    def wait_for_birth(self) -> None:
        """Wait until it may go for the first time."""
        self._wait()

    def passes(self, point: str, *, may_stop: bool = True) -> None:
        """Go past a point, unless the process ends or is stopped there."""
        self.must_live()
        self.where = point
        self.points.append(point)
        if point.startswith(self._until):
            self._n_left -= 1
        if self._n_left > 0 or not point.startswith(self._until):
            return
        if self._how == "die":
            self.is_dead = True
        elif may_stop:
            self.is_stopped = True
            self._rests.set()
            self._wait()
            self.is_stopped = False
        else:
            self._until = ""  # then at the next point of any name that allows it
        self.must_live()

    def must_live(self) -> None:
        """Have no effect once dead, or ended."""
        if self.is_dead or self.is_over:
            raise Death

    def rest(self) -> None:
        """Say that the process has ended: nothing more will come, even from a device that held it."""
        self.is_over = True
        self._rests.set()

    def bury(self) -> None:
        """End a process that is stopped; the caller joins its thread."""
        self.is_dead = True
        self._may_go.set()

    def _wait(self) -> None:
        self._may_go.wait()
        self._may_go.clear()
