"""What a Gaussian process expects at one place, with gradients; compiled, for climbs of many small steps."""

import numpy as np

from models.compiled import compiled
from models.domain.scattering import Floats
from models.gp.factor import backward, forward
from models.gp.kernel import MEAN_VARIANCE, covariance, covariance_gradient


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
        That covariance's inverse times the values, shape (n,).
    place
        Scaled coordinates, shape (d,).
    rates, variance
        The kernel's.

    Returns
    -------
    Floats
        Mean, variance, then the gradients of both, shape (2 + 2 d,).
    """
    n, n_axes = points.shape
    between = covariance(points, place.reshape(1, n_axes), rates, variance)[:, 0]
    slopes = covariance_gradient(points, place, rates, variance)
    white = forward(upper, n, between)
    solved = backward(upper, n, white)
    found = np.zeros(2 + 2 * n_axes)
    found[1] = MEAN_VARIANCE + variance
    for i in range(n):
        found[0] += between[i] * weights[i]
        found[1] -= white[i] * white[i]
        for k in range(n_axes):
            found[2 + k] += slopes[i, k] * weights[i]
            found[2 + n_axes + k] -= 2.0 * slopes[i, k] * solved[i]
    return found


@compiled
def weigh_fall(  # noqa: PLR0913  a compiled function takes arrays, no objects
    points: Floats, upper: Floats, white: Floats, references: Floats, shares: Floats,
    place: Floats, rates: Floats, variance: float,
) -> Floats:  # fmt: skip
    """Weighed sum of the squared posterior covariances between one place and the references.

    Parameters
    ----------
    points
        Where it was measured, shape (n, d).
    upper
        Transposed Cholesky factor of the covariance of the observations.
    white
        Whitened covariances between observations and references, shape (n, k).
    references
        Scaled coordinates, shape (k, d).
    shares
        Weight of each reference, shape (k,).
    place
        Scaled coordinates, shape (d,).
    rates, variance
        The kernel's.

    Returns
    -------
    Floats
        The sum, the variance at the place, then the gradients of both, shape (2 + 2 d,).
    """
    n, n_axes = points.shape
    slopes = covariance_gradient(points, place, rates, variance)
    own = forward(upper, n, covariance(points, place.reshape(1, n_axes), rates, variance)[:, 0])
    between = covariance(place.reshape(1, n_axes), references, rates, variance)[0]
    for i in range(n):
        for j in range(len(between)):
            between[j] -= own[i] * white[i, j]
    found = np.zeros(2 + 2 * n_axes)
    found[1] = MEAN_VARIANCE + variance - own @ own
    pulls = 2.0 * shares * between
    found[0] = 0.5 * (pulls @ between)
    through = np.zeros(n)
    for i in range(n):
        total = 0.0
        for j in range(len(between)):
            total += pulls[j] * white[i, j]
        through[i] = total
    by_points, solved = backward(upper, n, through), backward(upper, n, own)
    by_references = covariance_gradient(references, place, rates, variance)
    for k in range(n_axes):
        for j in range(len(between)):
            found[2 + k] += pulls[j] * by_references[j, k]
        for i in range(n):
            found[2 + k] -= by_points[i] * slopes[i, k]
            found[2 + n_axes + k] -= 2.0 * solved[i] * slopes[i, k]
    return found


@compiled
def weighed_sum(points: Floats, weights: Floats, place: Floats, rates: Floats, variance: float) -> Floats:
    """Covariances between one place and points, times weights, and the gradient of that.

    Parameters
    ----------
    points
        Scaled coordinates, shape (n, d).
    weights
        Shape (n,).
    place
        Scaled coordinates, shape (d,).
    rates, variance
        The kernel's.

    Returns
    -------
    Floats
        The sum, then its gradient, shape (1 + d,).
    """
    n, n_axes = points.shape
    between = covariance(points, place.reshape(1, n_axes), rates, variance)
    slopes = covariance_gradient(points, place, rates, variance)
    found = np.zeros(1 + n_axes)
    for i in range(n):
        found[0] += between[i, 0] * weights[i]
        for k in range(n_axes):
            found[1 + k] += slopes[i, k] * weights[i]
    return found
