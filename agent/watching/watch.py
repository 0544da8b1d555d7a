"""The watch of a folder: look, hand out, write down, until a person or the last frame ends it."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from agent.watching.arrivals import Arrival, Arrivals
from agent.watching.crew import Crew
from agent.watching.curve_book import CurveBook
from agent.watching.ledger import Ledger
from agent.watching.newest import NewestPicture
from agent.watching.outcome import Flag, Outcome
from models.domain.disk import disk_refuses
from models.saxs.curve_files import write_curve

TICK_S = 0.2
"""A request to stop, and a finished frame, are noticed within so long, s."""
RATE_S = 10.0
"""The rate is that of so many last seconds, s."""
LOOK_SHARE = 0.1
"""Looking at the folder takes no larger part of the time than this."""


@dataclass(frozen=True)
class Pace:
    """How often, and how long."""

    poll_s: float
    """The folder is looked at so often, s, or less often where looking takes long."""
    settle_s: float
    """A file is whole when it did not change for so long, s."""
    patience_s: float
    """A file that cannot be read is flagged when it has not changed for so long, s."""


@dataclass(frozen=True)
class Counts:
    """How far the watch is."""

    n_before: int
    """Rows that were there when it began."""
    n_good: int
    n_flagged: int
    n_in_hand: int
    """Frames that are being reduced, or wait for a process."""
    n_waiting: int
    """Files that are not whole yet."""
    n_left: int
    """Frames that nobody has begun with when the watch was asked to stop."""
    elapsed_s: float
    per_s: float
    """Frames per second, of late."""

    @property
    def n_reduced(self) -> int:
        """Frames that were written down."""
        return self.n_good + self.n_flagged


class Teller(Protocol):
    """Who is told what goes on."""

    def reduced(self, arrival: Arrival, outcome: Outcome) -> None:
        """A frame was written down."""
        ...

    def noted(self, sentence: str) -> None:
        """Something else happened that a person should know."""
        ...

    def counted(self, counts: Counts) -> None:
        """So far it is; told several times a second."""
        ...


@dataclass(frozen=True, eq=False)
class Shelf:
    """Where results go."""

    ledger: Ledger
    book: CurveBook
    picture: NewestPicture


class Watch:
    """Looks at a folder, and writes down what comes of each frame."""

    def __init__(self, arrivals: Arrivals, crew: Crew, shelf: Shelf, teller: Teller, pace: Pace) -> None:
        """Take what it works with."""
        self._arrivals, self._crew, self._shelf = arrivals, crew, shelf
        self._teller, self._pace = teller, pace
        self._clock_s: Callable[[], float] = time.monotonic
        self._began_s = self._clock_s()
        self._next_look_s = self._began_s
        self._n_good, self._n_flagged, self._n_left = 0, 0, 0
        self._n_before = len(shelf.ledger.done)
        self._ends_s: deque[float] = deque()
        self._complaint = ""
        self._asked: str | None = None
        self.is_over = False
        """True when there is nothing left to stop."""

    def request_stop(self, who: str) -> None:
        """Finish what is in hand, and end."""
        self._asked = who

    def run(self, once: bool) -> Counts:
        """Watch until somebody asks to stop.

        Parameters
        ----------
        once
            True to end when every file that was there at the beginning is written down.

        Returns
        -------
        Counts
            How far it came.

        Raises
        ------
        LogUnavailable
            When the disk refuses.
        """
        self._shelf.book.catch_up(self._shelf.ledger.done)
        try:
            while True:
                self._look()
                self._arrivals.is_closed = once
                if self._asked is not None:
                    self._n_left += self._crew.drop_line()
                for arrival, outcome in self._crew.finished():
                    self._settle(arrival, outcome)
                self._keep_up()
                if not len(self._crew) and (self._asked or (once and not self._arrivals.n_waiting)):
                    break
                self._pause()
        finally:
            self.is_over = True
        self._write(self._shelf.book.write)
        self._write(self._shelf.picture.draw)
        return self.counts()

    def counts(self) -> Counts:
        """How far it is."""
        now_s = self._clock_s()
        while self._ends_s and self._ends_s[0] < now_s - RATE_S:
            self._ends_s.popleft()
        elapsed_s = now_s - self._began_s
        return Counts(
            n_before=self._n_before,
            n_good=self._n_good,
            n_flagged=self._n_flagged,
            n_in_hand=len(self._crew),
            n_waiting=self._arrivals.n_waiting,
            n_left=self._n_left,
            elapsed_s=elapsed_s,
            per_s=len(self._ends_s) / max(min(RATE_S, elapsed_s), TICK_S),
        )

    def _look(self) -> None:
        """Look at the folder when it is time to; one that cannot be read now may be there again later."""
        began_s = self._clock_s()
        if began_s < self._next_look_s or self._asked is not None:
            return
        try:
            for arrival in self._arrivals.look(began_s):
                self._crew.take(arrival)
            complaint = ""
        except OSError as error:
            complaint = f"{self._arrivals.folder} cannot be read ({error.strerror or error}); trying again"
        if complaint and complaint != self._complaint:
            self._teller.noted(complaint)
        self._complaint = complaint
        now_s = self._clock_s()
        self._next_look_s = now_s + max(self._pace.poll_s, (now_s - began_s) / LOOK_SHARE)

    def _settle(self, arrival: Arrival, outcome: Outcome) -> None:
        """Write down what came of a frame, or put it back."""
        now_s, name, ledger = self._clock_s(), arrival.path.name, self._shelf.ledger
        if outcome.kind in ("changed", "gone"):
            self._arrivals.put_back(arrival, now_s)
            return
        is_overdue = self._arrivals.is_overdue(arrival, now_s, self._pace.patience_s)
        if outcome.kind == "unreadable" and not is_overdue:
            self._arrivals.put_back(arrival, now_s)
            return
        if ledger.has(name, outcome.sha256):
            return
        twin = ledger.twin(name, outcome.sha256)
        if twin is not None and outcome.curve is not None:
            said = f"holds the very same bytes as {twin}. Check what the detector wrote."
            flags = (*outcome.flags, Flag("duplicate", said))
            outcome = Outcome("reduced", outcome.sha256, outcome.curve, flags, counts=outcome.counts)
        curve = "" if outcome.curve is None else ledger.curve_file(name)
        if outcome.curve is not None:
            self._write_curve(curve, outcome)
        ledger.append(arrival, outcome, curve)
        self._n_good += outcome.is_good
        self._n_flagged += not outcome.is_good
        self._ends_s.append(now_s)
        if outcome.curve is not None:
            self._shelf.book.add(name, outcome.sha256, outcome.is_good, outcome.curve)
        self._shelf.picture.show(name, outcome)
        self._teller.reduced(arrival, outcome)

    def _write_curve(self, curve: str, outcome: Outcome) -> None:
        assert outcome.curve is not None
        path = self._shelf.ledger.folder / curve
        try:
            write_curve(path, outcome.curve)
        except OSError as error:
            raise disk_refuses(path, error) from error

    def _keep_up(self) -> None:
        """Write the slower files when it is time to, and tell how far it is."""
        if self._shelf.picture.is_due:
            self._write(self._shelf.picture.draw)
        if self._shelf.book.is_due:
            self._write(self._shelf.book.write)
        self._teller.counted(self.counts())

    def _write(self, write: Callable[[], None]) -> None:
        try:
            write()
        except OSError as error:
            raise disk_refuses(self._shelf.ledger.folder, error) from error

    def _pause(self) -> None:
        """Wait for a frame, or for the next look."""
        if len(self._crew):
            self._crew.wait(TICK_S)
        else:
            time.sleep(min(TICK_S, max(0.0, self._next_look_s - self._clock_s())))
