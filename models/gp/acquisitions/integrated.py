"""What a measurement is worth where all is to be known: how much it lessens the variance everywhere."""

import numpy as np

from models.domain.scattering import Floats
from models.gp.belief import Belief
from models.gp.expectation import Posterior
from models.gp.kernel import weighed_squares

TINY = 1e-300


class IntegratedVariance:
    """Logarithm of the fall of the posterior variance, averaged over the references.

    For a member, a measurement at x takes c(r, x)^2 / (c(x, x) + noise) off the variance at r (Cohn, NeurIPS
    1993; Seo et al., IJCNN 2000), c the posterior covariance, the noise that which is likely at x. Averaged
    over the members, in units of the training values' variance. Places near observations that were not
    expected count more, as their squared residuals do (`Belief.doubts`): the cross-validation error of Liu et
    al., Struct. Multidiscip. Optim. 54 (2016) 1285, taken as a variance. `shares` may weigh the places, too.
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
            How much each reference counts for each member, shape (n_members, k); all alike when None.
        """
        self._belief = belief
        n = len(belief.references)
        even = np.full((len(belief.weights), n), 1.0 / n)
        self._shares = (even if shares is None else shares) * belief.doubts()

    def watched(self) -> Floats:
        """At the points that the belief watches, shape (m,)."""
        belief = self._belief
        assert belief.watch is not None
        return self._log(belief.watched_covariances(), belief.watched(), belief.watch.points)

    def at(self, points: Floats) -> Floats:
        """At any points, shape (m, d) -> (m,)."""
        belief = self._belief
        return self._log(belief.covariances_with_references(points), belief.at(points), points)

    def slope(self, point: Floats) -> tuple[float, Floats]:
        """At one point, shape (d,), with its gradient."""
        belief = self._belief
        known = float(np.exp(belief.log_known_variances(point[np.newaxis])[0]))
        by_known = known * belief.log_known_variance_slope(point)
        noises, scales = belief.noise_variances(), belief.weights * belief.inflations
        total, gradient = 0.0, np.zeros(len(point))
        for k, (fall, variance, by_fall, by_variance) in enumerate(belief.weigh_falls(point, self._shares)):
            observed = variance + known + noises[k]
            total += scales[k] * fall / observed
            slope = by_fall - fall / observed * (by_variance + by_known)
            gradient += scales[k] * slope / observed
        if total < TINY:
            return float(np.log(TINY)), np.zeros(len(point))
        return float(np.log(total)), gradient / total

    @property
    def variance(self) -> float:
        """The variance that falls, averaged as its fall is, in units of the training values' variance."""
        belief = self._belief
        squares = belief.watched().sigmas[:, belief.references] ** 2
        return float(belief.weights @ (squares * self._shares).sum(axis=1))

    def fall_of_sigma(self, values: Floats) -> Floats:
        """What values of it stand for: the fall of the root mean square sigma, in the feature's unit."""
        variance = self.variance
        left = np.maximum(variance - np.exp(values), 0.0)
        return self._belief.state.spread * (np.sqrt(variance) - np.sqrt(left))

    def _log(self, covariances: list[Floats], posterior: Posterior, points: Floats) -> Floats:
        """From covariances of points, shape (m, d), with the references, shape (m, k), one a member."""
        belief = self._belief
        known = np.exp(belief.log_known_variances(points))
        noises, scales = belief.noise_variances(), belief.weights * belief.inflations
        total = np.zeros(len(points))
        for k, matrix in enumerate(covariances):
            observed = posterior.sigmas[k] ** 2 / belief.inflations[k] + noises[k] + known
            total += scales[k] * weighed_squares(matrix, self._shares[k]) / observed
        return np.log(np.maximum(total, TINY))
