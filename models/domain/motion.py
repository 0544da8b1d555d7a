"""How an axis moves, and how long a journey takes."""

import math
from collections.abc import Mapping

from pydantic import Field

from models.domain.frozen import Frozen


class Motion(Frozen):
    """Start, steady travel, stop, settle: what a motor's own settings say."""

    velocity: float = Field(default=1.0, gt=0)
    """Highest speed, in the axis' unit per second."""
    acceleration: float = Field(default=5.0, gt=0)
    """Change of speed while starting and stopping, in the axis' unit per second squared."""
    settle_s: float = Field(default=0.2, ge=0)
    """Rest before anything may be measured, after any motion at all, s."""

    def travel_s(self, distance: float) -> float:
        """Time for a distance in the axis' unit, s; none for no distance.

        A trapezoid of speed in time, or a triangle where the distance is too short for the highest speed.
        """
        path = abs(distance)
        if path == 0:
            return 0.0
        ramp = self.velocity**2 / self.acceleration
        if path < ramp:
            return 2 * math.sqrt(path / self.acceleration) + self.settle_s
        return path / self.velocity + self.velocity / self.acceleration + self.settle_s


def journey_s(motions: Mapping[str, Motion], start: Mapping[str, float], end: Mapping[str, float]) -> float:
    """Time from one point to another when all axes set off together: that of the slowest, s.

    Parameters
    ----------
    motions
        How each axis moves, by its name; others take no time.
    start, end
        Values by axis name, each in its axis' unit.
    """
    return max((motions[name].travel_s(end[name] - start[name]) for name in motions), default=0.0)
