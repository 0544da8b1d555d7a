"""A Gaussian process with given hyperparameters, conditioned on what was measured, which takes in more.

Ordinary formulas (Rasmussen and Williams 2006, eq. 2.25 and 2.26); all values are standardised.
"""

from copy import copy

import numpy as np

from models.domain.scattering import Floats
from models.gp.factor import SPARE_ROWS, Factor, backward, with_room
from models.gp.hyperparameters import Standardised, split
from models.gp.kernel import MEAN_VARIANCE, covariance, covariance_gradient
from models.gp.left_out import LeftOut
from models.gp.one_place import expect, weigh_fall, weighed_sum
from models.gp.pairs import ChooseRows, Pairs

LEAST_VARIANCE = 1e-16
"""Smallest posterior variance, standardised: rounding would make it negative at a measured point."""


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
        self.prior = MEAN_VARIANCE + self.variance
        """Variance at a point before anything was measured."""
        n = len(known.values)
        matrix = covariance(known.points, known.points, self.rates, self.variance)
        matrix.flat[:: n + 1] += known.variances + self.noise
        self._factor = Factor(matrix)
        self._points = with_room(known.points)
        self._whitened = with_room(self._factor.whiten(known.values[:, np.newaxis])[:, 0])
        self._weights: Floats | None = None
        self._watched = np.empty((0, known.n_axes))
        self._white = np.empty((SPARE_ROWS, 0))
        self._explained = np.empty(0)
        self._kept: Pairs | None = None

    @property
    def n(self) -> int:
        """Count of observations."""
        return self._factor.n

    @property
    def weights(self) -> Floats:
        """Inverse covariance times the values, shape (n,)."""
        weights = self._weights
        if weights is None:
            weights = self._weights = backward(self._factor.upper, self.n, self._whitened)
        return weights

    def fork(self) -> "Member":
        """A member that goes on from here for a while: what it takes in lies in the spare rows of this one.

        It must not be used any more once this one has taken in more.
        """
        forked = copy(self)
        forked._factor = copy(self._factor)
        forked._whitened, forked._explained = self._whitened.copy(), self._explained.copy()
        forked._kept = None if self._kept is None else self._kept.fork(self.n)
        return forked

    def append(self, point: Floats, value: float, variance: float) -> None:
        """Take in one more observation, O(n^2)."""
        place, n = point[np.newaxis], self.n
        column = covariance(self._points[:n], place, self.rates, self.variance)[:, 0]
        row = self._factor.append(column, self.prior + variance + self.noise)
        last = self._factor.upper[n, n]
        if n == len(self._points):
            self._points, self._whitened = with_room(self._points), with_room(self._whitened)
            self._white = with_room(self._white)
        self._points[n] = point
        self._whitened[n] = (value - row @ self._whitened[:n]) / last
        if len(self._watched):
            between = covariance(place, self._watched, self.rates, self.variance)[0]
            self._white[n] = (between - row @ self._white[:n]) / last
            self._explained += self._white[n] ** 2
        self._weights = None

    def watch(self, points: Floats, references: ChooseRows | None = None) -> None:
        """Keep what is needed to tell the posterior at these points at once.

        Parameters
        ----------
        points
            Scaled coordinates, shape (m, d).
        references
            Says which rows of them covariances are kept with, shape (k,), when they are first asked for; None
            where they never are.
        """
        self._watched = points
        between = covariance(self._points[: self.n], points, self.rates, self.variance)
        white = np.zeros((len(self._points), len(points)))
        white[: self.n] = self._factor.whiten(between)
        self._white, self._explained = white, (white**2).sum(axis=0)
        self._kept = None
        if references is not None:
            self._kept = Pairs(points, references, self.n, self.rates, self.variance)

    def watched(self) -> tuple[Floats, Floats]:
        """Posterior mean and variance at the watched points, each shape (m,)."""
        white = self._white[: self.n]
        mean = self._whitened[: self.n] @ white
        return mean, np.maximum(self.prior - self._explained, LEAST_VARIANCE)

    def watched_covariance(self) -> Floats:
        """Posterior covariance of the watched points with the references, shape (m, k)."""
        return self._pairs.covariance

    @property
    def _pairs(self) -> Pairs:
        """Covariances with the references, up to date."""
        if self._kept is None:
            raise ValueError("this member watches no pairs")
        return self._kept.take(self._white, self.n)

    def covariance_with_references(self, points: Floats) -> Floats:
        """Posterior covariance of points, shape (j, d), with the references, shape (j, k)."""
        between = covariance(self._points[: self.n], points, self.rates, self.variance)
        pairs = self._pairs
        prior = covariance(points, pairs.points, self.rates, self.variance)
        return prior - self._factor.whiten(between).T @ pairs.white[: self.n]

    def weigh_fall(self, place: Floats, shares: Floats) -> tuple[float, float, Floats, Floats]:
        """Weighed sum of the squared covariances of one place with the references, and the variance there.

        Parameters
        ----------
        place
            Scaled coordinates, shape (d,).
        shares
            Weight of each reference, shape (k,).

        Returns
        -------
        float, float, Floats, Floats
            Sum, variance, and the gradients of both.
        """
        n, n_axes, pairs = self.n, len(place), self._pairs
        found = weigh_fall(
            self._points[:n], self._factor.upper, pairs.white, pairs.points, shares, place, self.rates,
            self.variance,
        )  # fmt: skip
        variance = max(float(found[1]), LEAST_VARIANCE)
        return float(found[0]), variance, found[2 : 2 + n_axes], found[2 + n_axes :]

    def correlation(self, points: Floats, others: Floats) -> Floats:
        """Prior correlation about the mean between two sets of points, shapes (n, d) and (m, d) -> (n, m)."""
        return covariance(points, others, self.rates, 1.0) - MEAN_VARIANCE

    def correlation_gradient(self, points: Floats, place: Floats) -> Floats:
        """Derivative of the correlations between points and one place by that place, shape (n, d)."""
        return covariance_gradient(points, place, self.rates, 1.0)

    def covariance_between(self, points: Floats, others: Floats) -> Floats:
        """Posterior covariance of points, shape (j, d), with others, shape (k, d): (j, k)."""
        known = self._points[: self.n]
        ways = [covariance(known, places, self.rates, self.variance) for places in (points, others)]
        first, second = (self._factor.whiten(way) for way in ways)
        return covariance(points, others, self.rates, self.variance) - first.T @ second

    def predict(self, points: Floats) -> tuple[Floats, Floats]:
        """Posterior mean and variance, each shape (m,)."""
        between = covariance(self._points[: self.n], points, self.rates, self.variance)
        white = self._factor.whiten(between)
        mean = between.T @ self.weights
        return mean, np.maximum(self.prior - np.einsum("ij,ij->j", white, white), LEAST_VARIANCE)

    def expect(self, place: Floats) -> tuple[float, float, Floats, Floats]:
        """Posterior mean and variance at one place, and the gradients of both, shape (d,) each."""
        found = expect(
            self._points[: self.n], self._factor.upper, self.weights, place, self.rates, self.variance
        )
        n_axes = len(place)
        mean, variance = float(found[0]), max(float(found[1]), LEAST_VARIANCE)
        return mean, variance, found[2 : 2 + n_axes], found[2 + n_axes :]

    def bond(self, row: int, variance: float) -> Floats:
        """Weights of the observations in the covariance with the function where one of them was made.

        A covariance c(x, x_row) = k(x, x_row) - k(x, X) K^-1 (K - N) e_row is k(x, X) N K^-1 e_row, N the
        noise: a sum like that of the posterior mean.

        Parameters
        ----------
        row
            Row of the observation.
        variance
            Its known variance.

        Returns
        -------
        Floats
            Shape (n,).
        """
        return (variance + self.noise) * self._factor.inverse_column(row)

    def watched_sum(self, weights: Floats) -> Floats:
        """Covariances of the watched points with the observations, times weights, shape (m,)."""
        n = self.n
        return (self._factor.upper[:n, :n] @ weights) @ self._white[:n]

    def sum_at(self, points: Floats, weights: Floats) -> Floats:
        """The same of any points, shape (j, d) -> (j,)."""
        return weights @ covariance(self._points[: self.n], points, self.rates, self.variance)

    def sum_slope(self, place: Floats, weights: Floats) -> tuple[float, Floats]:
        """The same at one place, with its gradient, shape (d,)."""
        found = weighed_sum(self._points[: self.n], weights, place, self.rates, self.variance)
        return float(found[0]), found[1:]

    def means_at_observations(self, known: Standardised) -> Floats:
        """Posterior mean at each measured point, shape (n,): the value less its share of the residual."""
        return known.values - (known.variances + self.noise) * self.weights

    def left_out(self, known: Standardised) -> LeftOut:
        """What each of the first observations is to the others among them."""
        n = len(known.values)
        weights = backward(self._factor.upper, n, self._whitened)
        return LeftOut.of(weights, np.diag(self._factor.inverse(n)), known.variances + self.noise)
