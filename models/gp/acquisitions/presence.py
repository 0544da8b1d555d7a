"""The chance that a curve has the feature at all, learned from curves that had it and curves that had not."""

import numpy as np

from models.domain.scattering import Floats
from models.gp.belief import Belief

LEAST_PRESENCE = 0.02
"""Smallest chance, so that no region is given up for ever."""


class Presence:
    """Logarithm of the chance, by regression on 1 (present) and 0 (absent)."""

    name = "log_presence"
    n_starts, n_steps = 3, 15

    def __init__(self, belief: Belief) -> None:
        """Take the belief about presence."""
        self._belief = belief

    def watched(self) -> Floats:
        """At the points that the belief watches, shape (m,)."""
        return _log(self._belief.mixed(self._belief.watched())[0])

    def at(self, points: Floats) -> Floats:
        """At any points, shape (m, d) -> (m,)."""
        return _log(self._belief.predict(points)[0])

    def slope(self, point: Floats) -> tuple[float, Floats]:
        """At one point, shape (d,), with its gradient."""
        here, state = self._belief.expect(point), self._belief.state
        chance = float(self._belief.weights @ here.means) * state.spread + state.mean
        if not LEAST_PRESENCE < chance < 1.0:
            return float(_log(np.array([chance]))[0]), np.zeros(len(point))
        rise = (self._belief.weights @ here.mean_gradients) * state.spread
        return float(np.log(chance)), rise / chance


def _log(chances: Floats) -> Floats:
    return np.log(np.clip(chances, LEAST_PRESENCE, 1.0))
