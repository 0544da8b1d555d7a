"""A Gaussian process along q, swept from point to point: what a long curve costs grows with its length alone.

The kernel is Matern's with smoothness 3/2 in a coordinate that runs faster where curves change faster. Value
and slope at one point are all that the next depends on, so that a Kalman filter and a sweep back are exact
(Hartikainen and Sarkka, Kalman filtering and smoothing solutions to temporal Gaussian process regression
models, MLSP 2010).
"""

import numpy as np

from models.compiled import compiled
from models.domain.scattering import Floats

SMALL = 0.2
"""Below, the variance that a step adds is summed as a series: it is a small difference of large numbers."""


@compiled
def step_along(x: float) -> tuple[float, float, float, float, float, float, float]:
    """Transition of value and scaled slope, row by row, and the variance that a step adds: 11, 12, 22.

    Parameters
    ----------
    x
        Root of 3 times the step in correlation lengths.
    """
    decay = np.exp(-x)
    y = 2.0 * x
    squared = decay * decay
    if y < SMALL:
        terms = 1.0 / 720.0 + y * (1.0 / 5040.0 + y / 40320.0)
        value = squared * y**3 * (1.0 / 6.0 + y * (1.0 / 24.0 + y * (1.0 / 120.0 + y * terms)))
    else:
        value = 1.0 - squared * (1.0 + y + 0.5 * y * y)
    both = 2.0 * x * x * squared
    slope = value + 4.0 * x * squared
    return decay * (1.0 + x), decay * x, -decay * x, decay * (1.0 - x), value, both, slope


@compiled
def sweep_forward(  # noqa: PLR0913  a compiled function takes arrays, no objects
    steps: Floats, variance: float, weights: Floats, columns: Floats, means: Floats, covariances: Floats
) -> tuple[Floats, float]:
    """Filter several columns at once.

    Parameters
    ----------
    steps
        Distances from point to point in correlation lengths, shape (n_q - 1,).
    variance
        Of the process.
    weights
        Inverse variance of each point, shape (n_q,); 0 where there is none.
    columns
        What was measured, shape (n_q, n).
    means, covariances
        Filled, where they have n_q rows, with what is believed at each point after it was seen: value and
        slope of each column, shape (n_q, 2, n), and their covariance: 11, 12, 22, shape (n_q, 3).

    Returns
    -------
    tuple
        Products of all columns by the inverse of process plus noise, shape (n, n), and the logarithm of the
        determinant of that sum over that of the noise.
    """
    n_q, n = columns.shape
    value, slope = np.zeros(n), np.zeros(n)
    p11, p12, p22 = variance, 0.0, variance
    products, log_ratio = np.zeros((n, n)), 0.0
    for k in range(n_q):
        if k > 0:
            a, b, c, d, v11, v12, v22 = step_along(np.sqrt(3.0) * steps[k - 1])
            for i in range(n):
                value[i], slope[i] = a * value[i] + b * slope[i], c * value[i] + d * slope[i]
            q11, q12 = a * p11 + b * p12, a * p12 + b * p22
            q21, q22 = c * p11 + d * p12, c * p12 + d * p22
            p11, p12, p22 = (
                q11 * a + q12 * b + variance * v11,
                q11 * c + q12 * d + variance * v12,
                q21 * c + q22 * d + variance * v22,
            )
        weight = weights[k]
        growth = 1.0 + p11 * weight
        log_ratio += np.log(growth)
        gain1, gain2, share = p11 * weight / growth, p12 * weight / growth, weight / growth
        missed = columns[k] - value
        for i in range(n):
            for j in range(i + 1):
                products[i, j] += share * missed[i] * missed[j]
        for i in range(n):
            value[i] += gain1 * missed[i]
            slope[i] += gain2 * missed[i]
        p22 -= gain2 * p12
        p11, p12 = p11 / growth, p12 / growth
        if len(means) > 0:
            means[k, 0], means[k, 1] = value, slope
            covariances[k, 0], covariances[k, 1], covariances[k, 2] = p11, p12, p22
    for i in range(n):
        for j in range(i):
            products[j, i] = products[i, j]
    return products, log_ratio


@compiled
def sweep_back(steps: Floats, variance: float, means: Floats, covariances: Floats) -> None:
    """Let each point know of those behind it: what `sweep_forward` filled becomes what is believed of all."""
    n_q, _, n = means.shape
    for k in range(n_q - 2, -1, -1):
        a, b, c, d, v11, v12, v22 = step_along(np.sqrt(3.0) * steps[k])
        p11, p12, p22 = covariances[k]
        q11, q12 = p11 * a + p12 * b, p11 * c + p12 * d
        q21, q22 = p12 * a + p22 * b, p12 * c + p22 * d
        f11 = a * q11 + b * q21 + variance * v11
        f12 = a * q12 + b * q22 + variance * v12
        f22 = c * q12 + d * q22 + variance * v22
        determinant = f11 * f22 - f12 * f12
        g11, g12 = (q11 * f22 - q12 * f12) / determinant, (q12 * f11 - q11 * f12) / determinant
        g21, g22 = (q21 * f22 - q22 * f12) / determinant, (q22 * f11 - q21 * f12) / determinant
        for i in range(n):
            ahead1 = means[k + 1, 0, i] - (a * means[k, 0, i] + b * means[k, 1, i])
            ahead2 = means[k + 1, 1, i] - (c * means[k, 0, i] + d * means[k, 1, i])
            means[k, 0, i] += g11 * ahead1 + g12 * ahead2
            means[k, 1, i] += g21 * ahead1 + g22 * ahead2
        e11, e12, e22 = covariances[k + 1, 0] - f11, covariances[k + 1, 1] - f12, covariances[k + 1, 2] - f22
        h11, h12 = g11 * e11 + g12 * e12, g11 * e12 + g12 * e22
        h21, h22 = g21 * e11 + g22 * e12, g21 * e12 + g22 * e22
        covariances[k, 0] += h11 * g11 + h12 * g12
        covariances[k, 1] += h11 * g21 + h12 * g22
        covariances[k, 2] += h21 * g21 + h22 * g22
