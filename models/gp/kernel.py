"""Matern-5/2 covariances with one length scale an axis, compiled: one pass over all pairs of points.

With r the scaled distance, k = variance (1 + sqrt5 r + 5/3 r^2) exp(-sqrt5 r): Rasmussen and Williams,
Gaussian Processes for Machine Learning, 2006, eq. 4.17.
"""

import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from models.domain.scattering import Floats

SQRT5 = math.sqrt(5.0)

compiled: Callable[..., Any] = numba.njit(cache=True)
"""Compile without reordering of sums: the same bits on every run."""


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
        Variance of the function at a point.

    Returns
    -------
    Floats
        Shape (n, m).
    """
    found = np.empty((points.shape[0], others.shape[0]))
    for i in range(points.shape[0]):
        for j in range(others.shape[0]):
            r = reach(points, i, others, j, rates)
            found[i, j] = variance * (1.0 + r + r * r / 3.0) * math.exp(-r)
    return found


@compiled
def contract(points: Floats, rates: Floats, variance: float, weights: Floats) -> Floats:
    """Sums over all pairs of a weight times the derivative of their covariance.

    Parameters
    ----------
    points
        Scaled coordinates, shape (n, d).
    rates
        Inverse length scales, shape (d,).
    variance
        Variance of the function at a point.
    weights
        A symmetric matrix of which the lower half is read, shape (n, n).

    Returns
    -------
    Floats
        With respect to the logarithm of each length scale, then to that of the variance, shape (d + 1,).
    """
    n_axes = points.shape[1]
    found = np.zeros(n_axes + 1)
    for i in range(points.shape[0]):
        found[n_axes] += weights[i, i] * variance
        for j in range(i):
            r = reach(points, i, points, j, rates)
            fall = 2.0 * weights[i, j] * variance * math.exp(-r)
            slope = fall * (1.0 + r) * 5.0 / 3.0
            for k in range(n_axes):
                step = (points[i, k] - points[j, k]) * rates[k]
                found[k] += slope * (step * step)
            found[n_axes] += fall * (1.0 + r + r * r / 3.0)
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
