"""Waits of this program's own thread: for a plan, and for a shutter when there is no engine to ask."""

import contextlib
import io
import math
import threading
from collections.abc import Callable

from bluesky.protocols import Movable, Status
from bluesky.utils import DuringTask

from instruments.beamline import CLOSED, device_name
from instruments.faults import named
from instruments.lived_time import LivedTime
from models.domain.errors import BeamlineUnsafe, LeaseLost

BEAT_S = 5.0
"""Between two signs of life during a long command, s."""
LOOK_S = 1.0
"""Longest wait between two looks at the clock and at the engine, s."""


class Patience(DuringTask):
    """Waits while a plan runs, and gives signs of life for the lease.

    A Ctrl-C that reaches it aborts the plan, which closes the shutter; a lost lease aborts it as well.
    """

    def __init__(self, renew: Callable[[], None]) -> None:
        """Start with nothing asked; `renew` gives a sign of life."""
        super().__init__()
        self._renew = renew
        self.abort: Callable[[], object] = lambda: None
        """Aborts the plan; set once the engine exists."""
        self.is_alive: Callable[[], bool] = lambda: True
        """Tells whether the engine's thread still runs; set once the engine exists."""
        self.why_aborted: BaseException | None = None
        """What ended the wait: a Ctrl-C, a lost lease, or a device that does not return."""
        self.longest_s = math.inf
        """How long the plan may take, s: it bounds its waits itself, unless a device does not return."""

    def block(self, blocking_event: threading.Event) -> None:
        """Wait for the plan's end, or abort it and wait for its cleaning up."""
        lived, next_beat_s = LivedTime(), BEAT_S
        try:
            while not blocking_event.wait(min(LOOK_S, max(self.longest_s - lived.s(), 0.0))):
                if lived.s() >= next_beat_s:
                    next_beat_s += BEAT_S
                    self._renew()
                self._give_up_when_due(lived)
        except (KeyboardInterrupt, LeaseLost, BeamlineUnsafe) as why:
            self.why_aborted = why
            if not self.is_alive():
                return
            # The engine is busy in this very thread: it has to be told from another one.
            threading.Thread(target=self._abort_quietly, name="abort", daemon=True).start()
            # An engine that a device holds cannot clean up; its plan ends when it is let go.
            blocking_event.wait(0.0 if isinstance(why, BeamlineUnsafe) else self.longest_s)

    def _give_up_when_due(self, lived: LivedTime) -> None:
        """Call a person when the plan cannot end any more."""
        if not self.is_alive():
            raise BeamlineUnsafe(
                "the engine that drives the devices has ended in the middle of a command; look at the "
                "beamline, then start this program again."
            )
        if lived.s() >= self.longest_s:
            raise BeamlineUnsafe(
                f"a device has not returned from a command for {self.longest_s:g} s; look at the "
                "beamline, then start this program again."
            )

    def _abort_quietly(self) -> None:
        # Bluesky refuses when the plan has just ended by itself: then there is nothing left to abort.
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):
            self.abort()


def close_directly(shutter: Movable[str], timeout_s: float) -> None:
    """Close a shutter without an engine, in bounded time even when its code does not return.

    Raises
    ------
    TimeoutError
        When it does not.
    """
    statuses: list[Status] = []
    errors: list[BaseException] = []

    def close() -> None:
        try:
            statuses.append(shutter.set(CLOSED))
        except BaseException as error:  # told to whoever waits
            errors.append(error if isinstance(error, Exception) else RuntimeError(named(error)))

    asking = threading.Thread(target=close, name="close shutter", daemon=True)
    asking.start()
    lived = LivedTime()
    while asking.is_alive() and lived.s() < timeout_s:
        asking.join(min(LOOK_S, timeout_s))
    if statuses:
        errors += filter(None, [statuses[0].exception(timeout_s)])
    elif not errors:
        raise TimeoutError(f"{device_name(shutter)} did not return within {timeout_s:g} s")
    if errors:
        raise errors[0]
