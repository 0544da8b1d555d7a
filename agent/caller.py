"""Calls people from a thread of its own: a night neither waits for that nor breaks of it."""

import queue
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from agent.notices import Notice, Way
from models.domain.records import Event

PAUSES_S = (1.0, 5.0)
"""Before the second and the third try, s."""
MOST_WAITING = 100
"""Notices that may wait to be sent; more are dropped, and the record says so."""
LAST_S = 20.0
"""How long the end of a run waits until the last notices are sent, s."""


class Caller:
    """Sends notices by every way, each at most three times; says what could not be sent."""

    def __init__(
        self, ways: Mapping[str, Way], pauses_s: tuple[float, ...] = PAUSES_S, last_s: float = LAST_S
    ) -> None:
        """Begin the thread."""
        self._ways, self._pauses_s, self._last_s = ways, pauses_s, last_s
        self._waiting: queue.Queue[Notice | None] = queue.Queue(MOST_WAITING)
        self._came_up: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._is_closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="nightbeam-notify", daemon=True)
        self._thread.start()

    def call(self, notice: Notice) -> None:
        """Send a notice soon; returns at once."""
        try:
            self._waiting.put_nowait(notice)
        except queue.Full:
            self.record(f"a notice was dropped, {MOST_WAITING} wait already: {notice.sentence}", notice.seq)

    def record(self, sentence: str, seq: int | None, code: str = "not_notified") -> None:
        """Have something put on record at the loop's next edge."""
        self._came_up.put(Event(level="warning", code=code, sentence=sentence, seq=seq))

    def came_up(self) -> tuple[Event, ...]:
        """What belongs on record and is not there yet; each is given once."""
        events: list[Event] = []
        while not self._came_up.empty():
            events.append(self._came_up.get())
        return tuple(events)

    def close(self) -> None:
        """Wait for the last notices, but not for long."""
        self._is_closing.set()
        deadline = time.monotonic() + self._last_s
        with suppress(queue.Full):
            self._waiting.put(None, timeout=self._last_s)
        self._thread.join(max(0.0, deadline - time.monotonic()))
        if self._thread.is_alive():
            self.record(f"notices were not sent within {self._last_s:g} s of the end of the run", None)

    def _work(self) -> None:
        while (notice := self._waiting.get()) is not None:
            for name, way in self._ways.items():
                self._send(name, way, notice)

    def _send(self, name: str, way: Way, notice: Notice) -> None:
        """Try one way, and again after each pause."""
        error: Exception | None = None
        for pause_s in (0.0, *self._pauses_s):
            if pause_s:
                self._is_closing.wait(pause_s)  # at the end nobody waits for long
            try:
                way(notice)
                return
            except Exception as raised:  # whatever a way does, the night goes on
                error = raised
        why = " ".join(f"{type(error).__name__}: {error}".split())
        n_tries = 1 + len(self._pauses_s)
        self.record(f"{notice.kind} could not be sent by {name}, tried {n_tries} times ({why})", notice.seq)


class Watchdog:
    """Calls once when a command takes longer than it should."""

    def __init__(self, bark: Callable[[str], None]) -> None:
        """Take what is called with a sentence."""
        self._bark = bark
        self._timer: threading.Timer | None = None

    def watch(self, what: str, limit_s: float) -> None:
        """Begin to count for another command."""
        self.rest()
        sentence = f"{what} takes longer than {limit_s:.3g} s, and is not over"
        self._timer = threading.Timer(limit_s, self._bark, (sentence,))
        self._timer.daemon = True
        self._timer.start()

    def rest(self) -> None:
        """The command is over."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
