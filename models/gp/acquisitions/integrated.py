"""What a measurement is worth where all is to be known: how much it lessens the variance everywhere."""

import numpy as np

from models.domain.scattering import Floats
from models.gp.belief import Belief, Posterior

STEP = 1e-5
"""Step of the central differences, scaled coordinates."""
TINY = 1e-300


class IntegratedVariance:
    """Logarithm of the fall of the posterior variance, averaged over the watched points.

    For a member, a measurement at x takes c(r, x)^2 / (c(x, x) + noise) off the variance at r (Cohn, NeurIPS
    1993; Seo et al., IJCNN 2000), c the posterior covariance. Averaged over the members, in units of the
    training values' variance. `shares` may weigh the places.
    """

    name = "log_integrated_variance_fall"

    n_starts, n_steps = 1, 6
    """Each step costs as much as many of a closed form."""

    def __init__(self, belief: Belief, shares: Floats | None = None) -> None:
        """Take the belief, which watches the places that count.

        Parameters
        ----------
        belief
            What is believed; it watches covariances.
        shares
            How much each watched point counts for each member, shape (n_members, m); all alike when None.
        """
        self._belief = belief
        known = np.median(belief.known_variances())
        self._noise = belief.noise_variances() + belief.inflations * known
        self._shares = shares

    def watched(self) -> Floats:
        """At the points that the belief watches, shape (m,)."""
        return self._log(self._belief.watched_covariances(), self._belief.watched())

    def at(self, points: Floats) -> Floats:
        """At any points, shape (m, d) -> (m,)."""
        return self._log(self._belief.covariances_with_watched(points), self._belief.at(points))

    def slope(self, point: Floats) -> tuple[float, Floats]:
        """At one point, shape (d,), with its gradient by central differences."""
        n_axes = len(point)
        steps = STEP * np.eye(n_axes)
        values = self.at(np.vstack([point[np.newaxis], point + steps, point - steps]))
        return float(values[0]), (values[1 : 1 + n_axes] - values[1 + n_axes :]) / (2.0 * STEP)

    def fall_of_sigma(self, values: Floats) -> Floats:
        """What values of it stand for: the fall of the root mean square sigma, in the feature's unit."""
        squares = self._belief.watched().sigmas ** 2
        shares = 1.0 / squares.shape[1] if self._shares is None else self._shares
        variance = float(self._belief.weights @ (squares * shares).sum(axis=1))
        left = np.maximum(variance - np.exp(values), 0.0)
        return self._belief.state.spread * (np.sqrt(variance) - np.sqrt(left))

    def _log(self, covariances: list[Floats], posterior: Posterior) -> Floats:
        """From covariances of shape (m, n_watched), one a member."""
        total = np.zeros(posterior.means.shape[1])
        for k, matrix in enumerate(covariances):
            if self._shares is None:
                fall = np.einsum("ij,ij->i", matrix, matrix) / matrix.shape[1]
            else:
                fall = np.einsum("ij,ij,j->i", matrix, matrix, self._shares[k])
            share = self._belief.weights[k] * self._belief.inflations[k] ** 2
            total += share * fall / (posterior.sigmas[k] ** 2 + self._noise[k])
        return np.log(np.maximum(total, TINY))
