"""Matern-5/2 covariances with one length scale an axis, about an unknown mean; compiled, one pass over pairs.

The mean is one number that nobody knows: normal, with the variance `MEAN_VARIANCE`, it adds that to every
covariance. With r the scaled distance, k = variance (1 + sqrt5 r + 5/3 r^2) exp(-sqrt5 r): Rasmussen and
Williams, Gaussian Processes for Machine Learning, 2006, eq. 4.17.
"""

import math

import numpy as np

from models.compiled import compiled
from models.domain.scattering import Floats

SQRT5 = math.sqrt(5.0)

MEAN_VARIANCE = 1.0
"""Variance of the constant mean, in that of the training values."""


@compiled
def reach(points: Floats, i: int, others: Floats, j: int, rates: Floats) -> float:
    """sqrt5 times the scaled distance between row i of one set of points and row j of another."""
    square = 0.0
    for k in range(points.shape[1]):
        step = (points[i, k] - others[j, k]) * rates[k]
        square += step * step
    return SQRT5 * math.sqrt(square)


@compiled
def covariance(points: Floats, others: Floats, rates: Floats, variance: float) -> Floats:
    """Covariance of the function between two sets of points.

    Parameters
    ----------
    points, others
        Scaled coordinates, shapes (n, d) and (m, d).
    rates
        Inverse length scales, shape (d,).
    variance
        Variance of the function about its mean at a point.

    Returns
    -------
    Floats
        Shape (n, m).
    """
    found = np.empty((points.shape[0], others.shape[0]))
    for i in range(points.shape[0]):
        for j in range(others.shape[0]):
            r = reach(points, i, others, j, rates)
            found[i, j] = MEAN_VARIANCE + variance * (1.0 + r + r * r / 3.0) * math.exp(-r)
    return found


@compiled
def fill_covariance(points: Floats, rates: Floats, variance: float, found: Floats, parts: Floats) -> None:
    """Covariances of all pairs of one set of points, and what their derivatives are made of.

    Parameters
    ----------
    points
        Scaled coordinates, shape (n, d).
    rates
        Inverse length scales, shape (d,).
    variance
        Variance of the function about its mean at a point.
    found
        Is filled with the covariance in its lower half, shape (n, n).
    parts
        Is filled with the covariance about the mean above the diagonal, and below it with the slope: times
        the squared scaled step along an axis it is the derivative with respect to the logarithm of that
        axis' length scale. Shape (n, n).
    """
    for i in range(points.shape[0]):
        found[i, i] = MEAN_VARIANCE + variance
        for j in range(i):
            r = reach(points, i, points, j, rates)
            fall = variance * math.exp(-r)
            parts[j, i] = fall * (1.0 + r + r * r / 3.0)
            found[i, j] = MEAN_VARIANCE + parts[j, i]
            parts[i, j] = fall * (1.0 + r) * 5.0 / 3.0


@compiled
def contract(  # noqa: PLR0913  a compiled function takes arrays, no objects
    points: Floats, rates: Floats, variance: float, parts: Floats, inverse: Floats, weights: Floats
) -> Floats:
    """Sums over all pairs of what the likelihood falls with a covariance, times the covariance's derivatives.

    Parameters
    ----------
    points
        Scaled coordinates, shape (n, d).
    rates
        Inverse length scales, shape (d,).
    variance
        Variance of the function about its mean at a point.
    parts
        Those of `fill_covariance`, shape (n, n).
    inverse
        Inverse covariance of the observations, of which the lower half is read, shape (n, n).
    weights
        That times the values, shape (n,).

    Returns
    -------
    Floats
        With respect to the logarithm of each length scale, to that of the variance, and to a variance that is
        added to all observations, shape (d + 2,).
    """
    n_axes = points.shape[1]
    found = np.zeros(n_axes + 2)
    for i in range(points.shape[0]):
        own = inverse[i, i] - weights[i] * weights[i]
        found[n_axes] += own * variance
        found[n_axes + 1] += own
        for j in range(i):
            pull = 2.0 * (inverse[i, j] - weights[i] * weights[j])
            found[n_axes] += pull * parts[j, i]
            pull *= parts[i, j]
            for k in range(n_axes):
                step = (points[i, k] - points[j, k]) * rates[k]
                found[k] += pull * (step * step)
    return found


@compiled
def covariance_gradient(points: Floats, place: Floats, rates: Floats, variance: float) -> Floats:
    """Derivative of the covariances between points and one place with respect to that place.

    Parameters
    ----------
    points
        Scaled coordinates, shape (n, d).
    place
        Scaled coordinates, shape (d,).
    rates
        Inverse length scales, shape (d,).
    variance
        Variance of the function at a point.

    Returns
    -------
    Floats
        Shape (n, d).
    """
    found = np.empty(points.shape)
    places = place.reshape(1, place.shape[0])
    for i in range(points.shape[0]):
        r = reach(points, i, places, 0, rates)
        slope = -variance * math.exp(-r) * (1.0 + r) * 5.0 / 3.0
        for k in range(points.shape[1]):
            found[i, k] = slope * (place[k] - points[i, k]) * rates[k] * rates[k]
    return found


@compiled
def take_off(matrix: Floats, left: Floats, right: Floats) -> None:
    """Subtract the outer product of two vectors from a matrix in place."""
    for i in range(matrix.shape[0]):
        step = left[i]
        for j in range(matrix.shape[1]):
            matrix[i, j] -= step * right[j]


@compiled
def weighed_squares(matrix: Floats, weights: Floats) -> Floats:
    """Sum of each row's squares, each column with its weight; shape (n, m) and (m,) -> (n,)."""
    found = np.zeros(matrix.shape[0])
    for i in range(matrix.shape[0]):
        total = 0.0
        for j in range(matrix.shape[1]):
            total += matrix[i, j] * matrix[i, j] * weights[j]
        found[i] = total
    return found
