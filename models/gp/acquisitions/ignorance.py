"""What a measurement is worth where nothing is known: how uncertain the feature is there."""

import numpy as np

from models.domain.scattering import Floats
from models.gp.belief import Belief
from models.gp.expectation import Posterior


class Ignorance:
    """Logarithm of the posterior standard deviation, in standard deviations of the training values."""

    name = "log_posterior_sigma"
    n_starts, n_steps = 2, 10

    def __init__(self, belief: Belief) -> None:
        """Take the belief."""
        self._belief = belief
        self._counts_apart = 0.0 if belief.supposed else 1.0
        """1 where members that expect different values count as ignorance, 0 where each supposes outcomes."""

    def watched(self) -> Floats:
        """At the points that the belief watches, shape (m,)."""
        return self._of(self._belief.watched())

    def at(self, points: Floats) -> Floats:
        """At any points, shape (m, d) -> (m,)."""
        return self._of(self._belief.at(points))

    def slope(self, point: Floats) -> tuple[float, Floats]:
        """At one point, shape (d,), with its gradient."""
        here, weights = self._belief.expect(point), self._belief.weights
        mean = weights @ here.means
        apart = self._counts_apart * (here.means - mean)
        square = float(weights @ (here.sigmas**2 + apart**2))
        by_member = weights[:, np.newaxis] * (
            here.sigmas[:, np.newaxis] * here.sigma_gradients + apart[:, np.newaxis] * here.mean_gradients
        )
        return 0.5 * float(np.log(square)), by_member.sum(axis=0) / square

    def _of(self, posterior: Posterior) -> Floats:
        weights, means = self._belief.weights, posterior.means
        apart = self._counts_apart * (means - weights @ means)
        return 0.5 * np.log(weights @ (posterior.sigmas**2 + apart**2))
