"""A Gaussian process with given hyperparameters, conditioned on what was measured, which takes in more.

Ordinary formulas (Rasmussen and Williams 2006, eq. 2.25 and 2.26) at the constant mean of largest
likelihood; all values are standardised.
"""

import math

import numpy as np

from models.domain.scattering import Floats
from models.gp.factor import SPARE_ROWS, Factor, backward, forward
from models.gp.hyperparameters import Standardised, split
from models.gp.kernel import compiled, covariance, covariance_gradient

LEAST_VARIANCE = 1e-16
"""Smallest posterior variance, standardised: rounding would make it negative at a measured point."""


@compiled
def expect(  # noqa: PLR0913  a compiled function takes arrays, no objects
    points: Floats, upper: Floats, weights: Floats, place: Floats, rates: Floats, variance: float
) -> Floats:
    """Posterior at one place, and its gradient.

    Parameters
    ----------
    points
        Where it was measured, shape (n, d).
    upper
        Transposed Cholesky factor of the covariance of the observations.
    weights
        That covariance's inverse times the values less the mean, shape (n,).
    place
        Scaled coordinates, shape (d,).
    rates, variance
        The kernel's.

    Returns
    -------
    Floats
        Mean less the constant, variance, then the gradients of both, shape (2 + 2 d,).
    """
    n, n_axes = points.shape
    between = covariance(points, place.reshape(1, n_axes), rates, variance)[:, 0]
    slopes = covariance_gradient(points, place, rates, variance)
    white = forward(upper, n, between)
    solved = backward(upper, n, white)
    found = np.zeros(2 + 2 * n_axes)
    found[1] = variance
    for i in range(n):
        found[0] += between[i] * weights[i]
        found[1] -= white[i] * white[i]
        for k in range(n_axes):
            found[2 + k] += slopes[i, k] * weights[i]
            found[2 + n_axes + k] -= 2.0 * slopes[i, k] * solved[i]
    return found


class Member:
    """One set of hyperparameters, and what the observations say under it."""

    def __init__(self, logs: Floats, known: Standardised) -> None:
        """Condition on a training set.

        Parameters
        ----------
        logs
            Logarithms of the hyperparameters, see `hyperparameters`, shape (d + 2,).
        known
            What was measured.

        Raises
        ------
        FitFailed
            When the covariance cannot be factored.
        """
        self.rates, self.variance, self.noise = split(logs)
        n = len(known.values)
        matrix = covariance(known.points, known.points, self.rates, self.variance)
        matrix.flat[:: n + 1] += known.variances + self.noise
        self._factor = Factor(matrix)
        self._points = _with_room(known.points)
        whitened = self._factor.whiten(np.stack([known.values, np.ones(n)], axis=1))
        self._whitened = _with_room(np.ascontiguousarray(whitened))
        self._weights: Floats | None = None
        self._watched = np.empty((0, known.n_axes))
        self._white = np.empty((SPARE_ROWS, 0))
        self._explained = np.empty(0)
        self._covariance: Floats | None = None

    @property
    def n(self) -> int:
        """Count of observations."""
        return self._factor.n

    @property
    def mean(self) -> float:
        """The constant mean."""
        values, ones = self._whitened[: self.n].T
        return float(values @ ones) / float(ones @ ones)

    @property
    def weights(self) -> Floats:
        """Inverse covariance times the values less the mean, shape (n,)."""
        weights = self._weights
        if weights is None:
            values, ones = self._whitened[: self.n].T
            weights = self._weights = backward(self._factor.upper, self.n, values - self.mean * ones)
        return weights

    def append(self, point: Floats, value: float, variance: float) -> None:
        """Take in one more observation, O(n^2)."""
        place, n = point[np.newaxis], self.n
        column = covariance(self._points[:n], place, self.rates, self.variance)[:, 0]
        row = self._factor.append(column, self.variance + variance + self.noise)
        last = self._factor.upper[n, n]
        if n == len(self._points):
            self._points, self._whitened = _with_room(self._points), _with_room(self._whitened)
            self._white = _with_room(self._white)
        self._points[n] = point
        self._whitened[n] = (np.array([value, 1.0]) - row @ self._whitened[:n]) / last
        if len(self._watched):
            between = covariance(place, self._watched, self.rates, self.variance)[0]
            self._white[n] = (between - row @ self._white[:n]) / last
            self._explained += self._white[n] ** 2
            if self._covariance is not None:
                self._covariance -= np.outer(self._white[n], self._white[n])
        self._weights = None

    def watch(self, points: Floats, *, is_pairwise: bool) -> None:
        """Keep what is needed to tell the posterior at these points at once, shape (m, d)."""
        self._watched = points
        between = covariance(self._points[: self.n], points, self.rates, self.variance)
        white = np.zeros((len(self._points), len(points)))
        white[: self.n] = self._factor.whiten(between)
        self._white, self._explained = white, (white**2).sum(axis=0)
        if is_pairwise:
            prior = covariance(points, points, self.rates, self.variance)
            self._covariance = prior - white[: self.n].T @ white[: self.n]

    def watched(self) -> tuple[Floats, Floats]:
        """Posterior mean and variance at the watched points, each shape (m,)."""
        white = self._white[: self.n]
        values, ones = self._whitened[: self.n].T
        mean = self.mean + (values - self.mean * ones) @ white
        return mean, np.maximum(self.variance - self._explained, LEAST_VARIANCE)

    def watched_covariance(self) -> Floats:
        """Posterior covariance of all pairs of watched points, shape (m, m), where that is kept."""
        if self._covariance is None:
            raise ValueError("this belief watches no pairs")
        return self._covariance

    def covariance_with_watched(self, points: Floats) -> Floats:
        """Posterior covariance of points, shape (k, d), with the watched ones, shape (k, m)."""
        between = covariance(self._points[: self.n], points, self.rates, self.variance)
        prior = covariance(points, self._watched, self.rates, self.variance)
        return prior - self._factor.whiten(between).T @ self._white[: self.n]

    def predict(self, points: Floats) -> tuple[Floats, Floats]:
        """Posterior mean and variance, each shape (m,)."""
        between = covariance(self._points[: self.n], points, self.rates, self.variance)
        white = self._factor.whiten(between)
        mean = self.mean + between.T @ self.weights
        return mean, np.maximum(self.variance - np.einsum("ij,ij->j", white, white), LEAST_VARIANCE)

    def expect(self, place: Floats) -> tuple[float, float, Floats, Floats]:
        """Posterior mean and variance at one place, and the gradients of both, shape (d,) each."""
        found = expect(
            self._points[: self.n], self._factor.upper, self.weights, place, self.rates, self.variance
        )
        n_axes = len(place)
        mean, variance = self.mean + float(found[0]), max(float(found[1]), LEAST_VARIANCE)
        return mean, variance, found[2 : 2 + n_axes], found[2 + n_axes :]

    def means_at_observations(self, known: Standardised) -> Floats:
        """Posterior mean at each measured point, shape (n,): the value less its share of the residual."""
        return known.values - (known.variances + self.noise) * self.weights

    def ratio_left_out(self) -> Floats:
        """Squared residual of each observation when it is left out, in units of its expectation, shape (n,).

        Closed form from the inverse covariance (Rasmussen and Williams 2006, eq. 5.12), with the constant
        mean found anew each time.
        """
        inverse = self._factor.inverse()
        sums = inverse.sum(axis=1)
        precision = np.diag(inverse) - sums**2 / sums.sum()
        return self.weights**2 / np.maximum(precision, math.ulp(1.0))


def _with_room(rows: Floats) -> Floats:
    """The rows in an array that can take more."""
    grown = np.zeros((len(rows) + max(SPARE_ROWS, len(rows) // 2), *rows.shape[1:]))
    grown[: len(rows)] = rows
    return grown
