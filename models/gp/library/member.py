"""A Gaussian process with a kernel of GPyTorch's, conditioned on what was measured, which takes in more.

The formulas are those of `models.gp.member`, about the same unknown mean; only the covariances come from the
library, and their gradients from its automatic differentiation. All values are standardised.
"""

from copy import copy

import numpy as np

from models.domain.scattering import Floats
from models.gp.factor import Factor, backward
from models.gp.hyperparameters import Standardised
from models.gp.kernel import MEAN_VARIANCE
from models.gp.left_out import LeftOut
from models.gp.library.own_kernel import OwnKernel
from models.gp.member import LEAST_VARIANCE
from models.gp.pairs import ChooseRows, Rows


class LibraryMember:
    """One set of hyperparameters, and what the observations say under it: see `models.gp.conditioned`."""

    def __init__(self, kernel: OwnKernel, noise: float, known: Standardised) -> None:
        """Condition on a training set.

        Parameters
        ----------
        kernel
            The kernel, its parameters set.
        noise
            Variance of an observation beyond its known one.
        known
            What was measured.

        Raises
        ------
        FitFailed
            When the kernel raises, or its covariance is not finite or cannot be factored.
        """
        self._kernel, self.noise = kernel, noise
        n = len(known.values)
        matrix = self._between(known.points, known.points)
        matrix = np.ascontiguousarray(0.5 * (matrix + matrix.T))
        matrix.flat[:: n + 1] += known.variances + noise
        self._factor = Factor(matrix)
        self._points = known.points
        self._whitened = self._factor.whiten(known.values[:, np.newaxis])[:, 0]
        self._watched = np.empty((0, known.n_axes))
        self._references: Rows | None = None
        self._white = np.empty((n, 0))
        self._prior, self._explained = np.empty(0), np.empty(0)
        self._covariance = np.empty((0, 0))

    @property
    def n(self) -> int:
        """Count of observations."""
        return self._factor.n

    @property
    def weights(self) -> Floats:
        """Inverse covariance times the values, shape (n,)."""
        return backward(self._factor.upper, self.n, self._whitened)

    def fork(self) -> "LibraryMember":
        """A member that goes on from here for a while: see `models.gp.member.Member.fork`."""
        forked = copy(self)
        forked._factor = copy(self._factor)
        forked._explained, forked._covariance = self._explained.copy(), self._covariance.copy()
        return forked

    def append(self, point: Floats, value: float, variance: float) -> None:
        """Take in one more observation, O(n^2)."""
        place, n = point[np.newaxis], self.n
        column = np.ascontiguousarray(self._between(self._points, place)[:, 0])
        row = self._factor.append(column, float(self._alone(place)[0]) + variance + self.noise)
        last = self._factor.upper[n, n]
        self._points = np.vstack([self._points, place])
        self._whitened = np.append(self._whitened, (value - row @ self._whitened) / last)
        if len(self._watched):
            white = (self._between(place, self._watched)[0] - row @ self._white) / last
            self._white = np.vstack([self._white, white])
            self._explained += white**2
            if self._references is not None:
                self._covariance -= np.outer(white, white[self._references])

    def watch(self, points: Floats, references: ChooseRows | None = None) -> None:
        """Keep what is needed to tell the posterior at these points at once."""
        self._watched, self._references = points, None if references is None else references()
        self._white = self._whiten(points)
        self._prior = self._alone(points)
        self._explained = (self._white**2).sum(axis=0)
        if self._references is not None:
            prior = self._between(points, points[self._references])
            self._covariance = prior - self._white.T @ self._white[:, self._references]

    def watched(self) -> tuple[Floats, Floats]:
        """Posterior mean and variance at the watched points, each shape (m,)."""
        return self._whitened @ self._white, np.maximum(self._prior - self._explained, LEAST_VARIANCE)

    def watched_covariance(self) -> Floats:
        """Posterior covariance of the watched points with the references, shape (m, k)."""
        return self._covariance

    def covariance_with_references(self, points: Floats) -> Floats:
        """Posterior covariance of points, shape (j, d), with the references, shape (j, k)."""
        prior = self._between(points, self._watched[self._references])
        return prior - self._whiten(points).T @ self._white[:, self._references]

    def weigh_fall(self, place: Floats, shares: Floats) -> tuple[float, float, Floats, Floats]:
        """Weighed sum of the squared covariances of one place with the references, and the variance there."""
        n, n_references = self.n, len(shares)
        near = self._kernel.near(np.vstack([self._points, self._watched[self._references]]), place)
        values = MEAN_VARIANCE + near.values
        white = self._factor.whiten(values[:n, np.newaxis])[:, 0]
        white_references = self._white[:, self._references]
        between = values[n:-1] - white @ white_references
        pulls = 2.0 * shares * between
        through = backward(self._factor.upper, n, white_references @ pulls)
        solved = backward(self._factor.upper, n, white)
        return (
            0.5 * float(pulls @ between),
            max(float(values[-1] - white @ white), LEAST_VARIANCE),
            near.slope(np.append(-through, pulls)),
            near.slope(np.append(-2.0 * solved, np.zeros(n_references)), 1.0),
        )

    def correlation(self, points: Floats, others: Floats) -> Floats:
        """Prior correlation about the mean, shapes (n, d) and (m, d) -> (n, m); 0 where it is negative."""
        scales = np.sqrt(np.outer(self._kernel.variances(points), self._kernel.variances(others)))
        found = self._kernel.covariance(points, others) / np.maximum(scales, LEAST_VARIANCE)
        return np.maximum(found, 0.0)

    def correlation_gradient(self, points: Floats, place: Floats) -> Floats:
        """Derivative of the correlations between points and one place by that place, shape (n, d)."""
        near = self._kernel.near(points, place)
        own, n = max(float(near.values[-1]), LEAST_VARIANCE), len(points)
        scales = np.sqrt(np.maximum(self._kernel.variances(points) * own, LEAST_VARIANCE**2))
        rises, by_own = self._kernel.slopes(points, place), near.slope(np.zeros(n), 1.0)
        found = rises / scales[:, np.newaxis] - np.outer(near.values[:-1] / scales, 0.5 * by_own / own)
        return np.where(near.values[:-1, np.newaxis] > 0.0, found, 0.0)

    def covariance_between(self, points: Floats, others: Floats) -> Floats:
        """Posterior covariance of points, shape (j, d), with others, shape (k, d): (j, k)."""
        return self._between(points, others) - self._whiten(points).T @ self._whiten(others)

    def predict(self, points: Floats) -> tuple[Floats, Floats]:
        """Posterior mean and variance, each shape (m,)."""
        between = self._between(self._points, points)
        white = self._factor.whiten(between)
        variance = self._alone(points) - np.einsum("ij,ij->j", white, white)
        return between.T @ self.weights, np.maximum(variance, LEAST_VARIANCE)

    def expect(self, place: Floats) -> tuple[float, float, Floats, Floats]:
        """Posterior mean and variance at one place, and the gradients of both, shape (d,) each."""
        near, weights = self._kernel.near(self._points, place), self.weights
        values = MEAN_VARIANCE + near.values
        white = self._factor.whiten(values[:-1, np.newaxis])[:, 0]
        return (
            float(values[:-1] @ weights),
            max(float(values[-1] - white @ white), LEAST_VARIANCE),
            near.slope(weights),
            near.slope(-2.0 * backward(self._factor.upper, self.n, white), 1.0),
        )

    def bond(self, row: int, variance: float) -> Floats:
        """Weights of the observations in the covariance with the function where one of them was made."""
        return (variance + self.noise) * self._factor.inverse_column(row)

    def watched_sum(self, weights: Floats) -> Floats:
        """Covariances of the watched points with the observations, times weights, shape (m,)."""
        return (self._factor.upper[: self.n, : self.n] @ weights) @ self._white

    def sum_at(self, points: Floats, weights: Floats) -> Floats:
        """The same of any points, shape (j, d) -> (j,)."""
        return weights @ self._between(self._points, points)

    def sum_slope(self, place: Floats, weights: Floats) -> tuple[float, Floats]:
        """The same at one place, with its gradient, shape (d,)."""
        near = self._kernel.near(self._points, place)
        return float((MEAN_VARIANCE + near.values[:-1]) @ weights), near.slope(weights)

    def means_at_observations(self, known: Standardised) -> Floats:
        """Posterior mean at each measured point, shape (n,): the value less its share of the residual."""
        return known.values - (known.variances + self.noise) * self.weights

    def left_out(self, known: Standardised) -> LeftOut:
        """What each of the first observations is to the others among them."""
        n = len(known.values)
        weights = backward(self._factor.upper, n, self._whitened)
        return LeftOut.of(weights, np.diag(self._factor.inverse(n)), known.variances + self.noise)

    def _between(self, points: Floats, others: Floats) -> Floats:
        """Covariances, those of the mean in them."""
        return MEAN_VARIANCE + self._kernel.covariance(points, others)

    def _alone(self, points: Floats) -> Floats:
        """Variances, that of the mean in them."""
        return MEAN_VARIANCE + self._kernel.variances(points)

    def _whiten(self, points: Floats) -> Floats:
        return self._factor.whiten(self._between(self._points, points))
