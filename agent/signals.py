"""Signals to a run: heard from its first moment to its last, and obeyed where nothing is left half done."""

import os
import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType
from typing import Literal, NoReturn, Protocol

from models.domain.errors import NightbeamError

EXIT_STOPPED = 3
"""Exit status of a run that a limit or a person ended."""
STOPPING = (signal.SIGINT, signal.SIGTERM)
"""Signals by which a person, or the machine, asks a run to end."""
NOTHING_BEGUN = "stopped before anything began: nothing moved, and nothing is on record of this run"
OPENED = "stopped before anything moved; run the same command again to go on"
AT_ONCE = (
    "stopped at once: the command in hand was aborted, the shutter is closed; "
    "run the same command again to go on"
)


class StoppedAtOnce(NightbeamError):
    """A person did not want to wait."""


class Stoppable(Protocol):
    """A loop that ends at a safe edge when it is asked to."""

    is_over: bool
    """True when there is nothing left to stop."""

    def request_stop(self, who: str) -> None:
        """Ask it to."""
        ...


class Signals:
    """What a signal means at each moment of a run."""

    def __init__(self) -> None:
        """Begin where nothing is open yet."""
        self._moment: Literal["starting", "opening", "running", "ending"] = "starting"
        self._loop: Stoppable | None = None
        self._asked: str | None = None
        self.last_words = NOTHING_BEGUN
        """What to tell a person whose signal ended the run at once."""

    def open(self) -> None:
        """From now on something is open that has to be closed: a signal breaks off, and everything closes."""
        self._moment, self.last_words = "opening", OPENED

    def follow(self, loop: Stoppable) -> None:
        """From now on a signal asks the loop to end at a safe edge, and a second one ends it at once."""
        self._loop, self._moment, self.last_words = loop, "running", AT_ONCE
        if self._asked is not None:  # somebody swallowed the interrupt
            loop.request_stop(self._asked)

    def end(self) -> None:
        """From now on everything is being closed: no signal may break that off."""
        self._moment = "ending"

    def hear(self, number: int, frame: FrameType | None) -> None:
        """Do what a signal means now."""
        del frame
        is_first, self._asked = self._asked is None, _name(number)
        if self._loop is not None and self._loop.is_over:
            self.end()
        match self._moment:
            case "starting":
                # Libraries are being loaded, and an exception in the midst of that may be swallowed.
                leave_at_once(f"nightbeam: {NOTHING_BEGUN}.", EXIT_STOPPED)
            case "running" if is_first and self._loop is not None:
                self._loop.request_stop(self._asked)
            case "opening" | "running":
                self.end()
                raise KeyboardInterrupt
            case "ending":
                return


@contextmanager
def listening() -> Generator[Signals]:
    """Hear signals until the end of the block; a dropped connection does not end a night."""
    signals = Signals()
    before = {number: signal.signal(number, signals.hear) for number in STOPPING}
    before[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def leave_at_once(sentence: str, status: int) -> NoReturn:
    """End this process without waiting for anybody: neither for threads, nor for libraries that tidy up."""
    for stream in (sys.stdout, sys.__stdout__, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):  # nobody reads it any more
            continue
    if sentence:
        os.write(2, f"{sentence}\n".encode())
    os._exit(status)


def _name(number: int) -> str:
    return "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name
