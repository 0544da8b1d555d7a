"""What a measurement is worth where several goals count: how much the front of compromises grows."""

from collections.abc import Sequence

import numpy as np
from scipy.special import logsumexp

from models.domain.feature_goals import Extreme, Part
from models.domain.scattering import Floats
from models.gp.acquisitions.improvement import LOG_ROOT_2_PI, log_rise
from models.gp.belief import Belief
from models.gp.expectation import Posterior
from models.gp.front import boxes_beyond, dominated_volume, is_on_front

STEP = 1e-5
"""Step of the central differences, scaled coordinates."""
LEAST_LOG = -1e12
"""Stands for the logarithm of nothing."""
NARROW = 1e-2
"""Where a tent is narrower than this, in standard deviations, its terms cancel and a series is taken."""
MOST_AT_ONCE = 2**20
"""Numbers in an array of points times boxes."""


class ExpectedHypervolume:
    """Logarithm of the volume by which a measurement is expected to push out the front.

    The front is that of the posterior means at the measured points. The room beyond it is cut into boxes; in
    a box from l to u the expectation is a product over the goals of E[(u - b)+] - E[(l - b)+], b the badness,
    since the features are believed of independently (Yang, Emmerich, Deutz, Bäck, J. Global Optim. 75
    (2019) 3). Each factor is a mean over the members of a belief, which keeps the product exact. The badness
    for a target is the distance from it, whose distribution is a folded normal: its factor is the tent of
    `improvement`, exact too. Counted in standard deviations of the training values.
    """

    name = "log_expected_hypervolume"
    n_starts, n_steps = 2, 10

    def __init__(
        self, beliefs: Sequence[Belief], parts: Sequence[Part], points: Floats, reference: Sequence[float]
    ) -> None:
        """Cut the room beyond the front.

        Parameters
        ----------
        beliefs
            One for each goal.
        parts
            The goals.
        points
            Where all of them were measured, scaled coordinates, shape (n, d).
        reference
            Badness of the point that is just not good enough, in each goal's unit.
        """
        self._beliefs = beliefs
        self._rooms = [_Room(part, belief) for part, belief in zip(parts, beliefs, strict=True)]
        self.spreads = np.array([belief.state.spread for belief in beliefs])
        """What the badness in each goal is divided by, shape (n_goals,)."""
        means = [belief.predict(points)[0] for belief in beliefs]
        badness = np.stack([part.distance(mean) for part, mean in zip(parts, means, strict=True)], axis=1)
        scaled = badness / self.spreads
        corner = np.array(reference) / self.spreads
        self.volume = dominated_volume(scaled, corner)
        """Volume that the front dominates."""
        self.n_front = int(is_on_front(scaled).sum())
        """Count of best compromises among what was measured."""
        boxes = boxes_beyond(scaled, corner)
        self._sides = [_Sides(boxes.lower[:, goal], boxes.upper[:, goal]) for goal in range(len(self._rooms))]

    def watched(self) -> Floats:
        """At the points that the beliefs watch, shape (m,)."""
        return self._of([belief.watched() for belief in self._beliefs])

    def at(self, points: Floats) -> Floats:
        """At any points, shape (m, d) -> (m,)."""
        return self._of([belief.at(points) for belief in self._beliefs])

    def slope(self, point: Floats) -> tuple[float, Floats]:
        """At one point, shape (d,), with its gradient by central differences."""
        n_axes = len(point)
        steps = STEP * np.eye(n_axes)
        values = self.at(np.vstack([point[np.newaxis], point + steps, point - steps]))
        return float(values[0]), (values[1 : 1 + n_axes] - values[1 + n_axes :]) / (2.0 * STEP)

    def _of(self, posteriors: list[Posterior]) -> Floats:
        logs = [
            room.logs(posterior, sides.places)
            for room, sides, posterior in zip(self._rooms, self._sides, posteriors, strict=True)
        ]
        n_points, n_boxes = len(logs[0]), len(self._sides[0].upper)
        stride = max(1, MOST_AT_ONCE // n_boxes)
        found = np.empty(n_points)
        for first in range(0, n_points, stride):
            rows = slice(first, first + stride)
            volumes = sum(sides.log_of(log[rows]) for sides, log in zip(self._sides, logs, strict=True))
            found[rows] = logsumexp(volumes, axis=1)
        return found


class _Sides:
    """The sides of the boxes in one goal: each place where one begins or ends is asked for once."""

    def __init__(self, lower: Floats, upper: Floats) -> None:
        ends, index = np.unique(np.concatenate([lower, upper]), return_inverse=True)
        self.places = ends[np.isfinite(ends)]
        """Where boxes end, increasing, shape (n_places,)."""
        self.lower, self.upper = index[: len(lower)], index[len(lower) :]
        self._has_open = len(self.places) < len(ends)

    def log_of(self, logs: Floats) -> Floats:
        """Logarithm of the factors of all boxes, shape (m, n_boxes), from that at the places."""
        if self._has_open:
            logs = np.concatenate([np.full((len(logs), 1), LEAST_LOG), logs], axis=1)
        upper, lower = logs[:, self.upper], logs[:, self.lower]
        share = -np.expm1(np.minimum(lower - upper, 0.0))
        return upper + np.log(np.maximum(share, 1e-300))


class _Room:
    """How much of the way up to a place is left beyond the badness in one goal: E[(u - b)+]."""

    def __init__(self, part: Part, belief: Belief) -> None:
        state = belief.state
        self._weights = np.log(belief.weights)
        self._sign = -part.sign if isinstance(part, Extreme) else 0.0
        if isinstance(part, Extreme):
            self._centre = -state.mean / state.spread  # the badness is counted from the feature's zero
        else:
            self._centre = (part.target - state.mean) / state.spread

    def logs(self, posterior: Posterior, places: Floats) -> Floats:
        """Logarithm of the expectation over the members at places u, shape (m, n_places)."""
        found = [
            self._log(means[:, np.newaxis], sigmas[:, np.newaxis], places) + weight
            for means, sigmas, weight in zip(posterior.means, posterior.sigmas, self._weights, strict=True)
        ]
        mixed: Floats = np.asarray(logsumexp(np.stack(found), axis=0))
        return np.maximum(mixed, LEAST_LOG)

    def _log(self, means: Floats, sigmas: Floats, places: Floats) -> Floats:
        from_centre = means - self._centre
        if self._sign:
            return np.log(sigmas) + log_rise((places - self._sign * from_centre) / sigmas)
        return _log_tent(-np.abs(from_centre) / sigmas, places / sigmas) + np.log(sigmas)


def _log_tent(offsets: Floats, widths: Floats) -> Floats:
    """Logarithm of E[(w - |z|)+], z normal about an offset that is not above 0, all in its sigma.

    Three terms of h(a) = E[(z + a)+], see `improvement`. They cancel where the tent is narrow beside the
    density's changes: there it is the density times w^2, and the next term of the series. Nothing is left
    where w is not above 0.
    """
    w = np.maximum(widths, 1e-150)
    high, middle, low = log_rise(offsets + w), log_rise(offsets), log_rise(offsets - w)
    left = 1.0 - 2.0 * np.exp(np.minimum(middle - high, 0.0)) + np.exp(np.minimum(low - high, 0.0))
    wide = high + np.log(np.maximum(left, 1e-300))
    bend = np.maximum(1.0 + w * w * (offsets * offsets - 1.0) / 12.0, 0.5)
    narrow = 2.0 * np.log(w) - 0.5 * offsets * offsets - LOG_ROOT_2_PI + np.log(bend)
    is_narrow = w * (1.0 + np.abs(offsets)) < NARROW
    return np.where(widths > 0, np.where(is_narrow, narrow, wide), LEAST_LOG)
