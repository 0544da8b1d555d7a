"""What a measurement costs: the seconds that it is expected to take, by where the axes stand now."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.domain.motion import Motion
from models.domain.scattering import Floats, Mask


@dataclass(frozen=True)
class Leg:
    """One axis that has to get there."""

    column: int
    """Column of the axis."""
    start: float
    """Where it stands, scaled; may lie beyond 0 and 1."""
    span: float
    """Its range, in its unit: what 1 in its column stands for."""
    motion: Motion
    """How it moves."""


ONCE = 1.0
"""Power of the seconds for a gain that is had once: together with it, the gain per second."""
AS_MUCH_AS_IS_NEAR = 2.0
"""Power of the seconds where all is to be known. What is near is near only now: who leaves it half known
comes back for the rest, and pays the journey again. Gain per second alone crosses a specimen too often, as
tried on simulated slices."""
TIME_TO_SPARE = 0.25
"""Power of the seconds where measurements run out before time does: of places that gain about as much, the
nearer. A higher one spends the few places side by side, as tried on simulated slices with slow motors."""


NEARBY = 0.05
"""Where all is to be known, no place is preferred for being nearer than this, scaled: who stands still learns
little, however little it costs."""


class Cost:
    """Minus the logarithm of the expected seconds, as often as they count: with a gain, the gain per second.

    All axes set off together, and the slowest sets the time, as `models.domain.motion.journey_s` has it.
    """

    name = "log_cost"
    n_starts, n_steps = 3, 15

    def __init__(self, legs: Sequence[Leg], fixed_s: float, watched: Floats, power: float = ONCE) -> None:
        """Take what is known.

        Parameters
        ----------
        legs
            Axes that move; none when every point costs the same.
        fixed_s
            What a measurement takes besides the journey, s; above 0.
        watched
            Points at which it will be asked again and again, scaled, shape (m, d).
        power
            Power of the seconds.
        """
        self._legs = tuple(legs)
        self.fixed_s = fixed_s
        """What a measurement takes besides the journey, s."""
        self._watched = watched
        self._shortest_s = 0.0 if power <= ONCE else self._nearby_s()
        self.power = power
        """Power of the seconds."""

    def _nearby_s(self) -> float:
        """Journey to a place `NEARBY` away along the quickest axis, s; 0 where nothing moves."""
        return min((leg.motion.travel_s(NEARBY * leg.span) for leg in self._legs), default=0.0)

    @property
    def varies(self) -> bool:
        """True when some points cost more than others."""
        return bool(self._legs)

    def seconds(self, points: Floats) -> Floats:
        """Expected seconds at points, shape (m, d) -> (m,)."""
        return self.fixed_s + self.journey_s(points)

    def journey_s(self, points: Floats) -> Floats:
        """Of these, the journey, shape (m,)."""
        slowest = np.zeros(len(points))
        for leg in self._legs:
            distances = leg.span * np.abs(points[:, leg.column] - leg.start)
            slowest = np.maximum(slowest, travels_s(leg.motion, distances))
        return slowest

    def between_s(self, points: Floats) -> Floats:
        """Journeys from each of some points, shape (m, d), to each, shape (m, m), s."""
        slowest = np.zeros((len(points), len(points)))
        for leg in self._legs:
            column = points[:, leg.column]
            distances = leg.span * np.abs(column[:, np.newaxis] - column)
            slowest = np.maximum(slowest, travels_s(leg.motion, distances))
        return slowest

    def watched(self) -> Floats:
        """At the points that the belief watches, shape (m,)."""
        return self.at(self._watched)

    def at(self, points: Floats) -> Floats:
        """At any points, shape (m, d) -> (m,)."""
        return -self.power * np.log(self.fixed_s + np.maximum(self.journey_s(points), self._shortest_s))

    def slope(self, point: Floats) -> tuple[float, Floats]:
        """At one point, shape (d,), with its gradient: that of the slowest axis."""
        journey_s, gradient = float(self.journey_s(point[np.newaxis])[0]), np.zeros(len(point))
        total_s = self.fixed_s + max(journey_s, self._shortest_s)
        slowest_s = self._shortest_s
        for leg in self._legs:
            way = leg.span * (point[leg.column] - leg.start)
            travel_s = leg.motion.travel_s(float(way))
            if travel_s > slowest_s:
                slowest_s, gradient[:] = travel_s, 0.0
                gradient[leg.column] = -np.sign(way) * leg.span * _pace(leg.motion, abs(float(way))) / total_s
        return -self.power * float(np.log(total_s)), self.power * gradient


def travels_s(motion: Motion, distances: Floats) -> Floats:
    """`Motion.travel_s` of many distances, in the axis' unit, of any shape, s."""
    ramp = motion.velocity**2 / motion.acceleration
    moving_s = np.where(
        distances < ramp,
        2.0 * np.sqrt(distances / motion.acceleration),
        distances / motion.velocity + motion.velocity / motion.acceleration,
    )
    moves: Mask = distances > 0
    return np.where(moves, moving_s + motion.settle_s, 0.0)


def _pace(motion: Motion, distance: float) -> float:
    """Seconds that a further unit of distance takes."""
    if distance < motion.velocity**2 / motion.acceleration:
        return 1.0 / float(np.sqrt(distance * motion.acceleration))
    return 1.0 / motion.velocity
