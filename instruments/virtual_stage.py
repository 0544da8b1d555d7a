"""A virtual scanning stage: two motors that need time to get anywhere."""

import threading
from collections.abc import Callable, Iterable
from typing import Any

from bluesky.protocols import Status

from instruments.soft import Signal, SoftStatus
from instruments.virtual_clock import VirtualClock
from models.domain.errors import UnreachablePoint
from models.domain.motion import Motion


class StageMotor(Signal):
    """One motor: it sets off at once, arrives when its motion is over, and says where it is."""

    def __init__(
        self, *, name: str, limits: tuple[float, float], motion: Motion,
        is_stuck: Callable[[], bool], clock: VirtualClock,
    ) -> None:  # fmt: skip
        """Stand at 0, or at the limit that is nearest to it.

        Parameters
        ----------
        name
            Name in the documents.
        limits
            Lowest and highest position, mm.
        motion
            How it moves, mm.
        is_stuck
            Asked at each move; one that is stuck never arrives.
        clock
            Is told how long each motion takes; motors that set off together travel at the same time.
        """
        super().__init__(name=name, value=min(max(0.0, limits[0]), limits[1]))
        self._limits_mm, self.motion = limits, motion
        self.travelled_s = 0.0
        """How long the last motion took, s."""
        self._is_stuck, self._clock = is_stuck, clock
        self._latest: Any = None

    @property
    def limits(self) -> tuple[float, float]:
        """Lowest and highest position, mm."""
        return self._limits_mm

    def set(self, value: float, **_: Any) -> Status:
        """Go to a position, mm."""
        low, high = self.limits
        if not low <= value <= high:
            raise UnreachablePoint(
                f"{self.name} = {value:g} mm is outside {low:g} to {high:g} mm; choose a place on the stage."
            )
        status = SoftStatus(self)
        self._latest = status
        if self._is_stuck():
            return status
        self.travelled_s = self.motion.travel_s(float(value) - float(self.get()))
        self._clock.spend_together(self.travelled_s)
        wait_s = self.travelled_s * self._clock.time_scale
        if wait_s > 0:
            timer = threading.Timer(wait_s, self._arrive, (float(value), status))
            timer.daemon = True
            timer.start()
        else:
            self._arrive(float(value), status)
        return status

    def _arrive(self, value: float, status: Any) -> None:
        # a motion that was given up for a newer one does not put the stage back
        if status is self._latest:
            self.put(value)
        status.set_finished()


def longest_s(motors: Iterable[StageMotor]) -> float:
    """The longest that any motor takes from one end to the other, s."""
    return max(motor.motion.travel_s(motor.limits[1] - motor.limits[0]) for motor in motors)
