"""Normal equations of small weighted fits, compiled: calls of libraries cost more than such a fit does."""

import math

import numpy as np

from models.compiled import compiled
from models.domain.scattering import Floats


@compiled
def sum_up(jacobian: Floats, weight: Floats, residual: Floats) -> tuple[Floats, Floats]:
    """Sum the normal matrix and the pull of a weighted fit.

    Parameters
    ----------
    jacobian
        Derivatives of the model by the parameters, shape (n_points, n_parameters).
    weight
        Of each point, shape (n_points,).
    residual
        Point less model, shape (n_points,).

    Returns
    -------
    tuple of Floats
        The matrix, shape (n_parameters, n_parameters), and the pull, shape (n_parameters,).
    """
    n_points, n = jacobian.shape
    normal, pull = np.zeros((n, n)), np.zeros(n)
    for i in range(n_points):
        for j in range(n):
            weighted = weight[i] * jacobian[i, j]
            pull[j] += weighted * residual[i]
            for k in range(j + 1):
                normal[j, k] += weighted * jacobian[i, k]
    for j in range(n):
        for k in range(j):
            normal[k, j] = normal[j, k]
    return normal, pull


@compiled
def solve(normal: Floats, pull: Floats, damping: float) -> Floats:
    """Solve for one step, by Cholesky's triangles; NaN where the matrix is not positive.

    Parameters
    ----------
    normal
        The matrix, shape (n, n); its rows may differ by many orders of magnitude.
    pull
        Shape (n,).
    damping
        Added to the diagonal, in relation to itself (Marquardt 1963).
    """
    scale, root = _factor(normal, damping)
    step = np.empty(len(pull))
    for j in range(len(pull)):
        value = pull[j] * scale[j]
        for k in range(j):
            value -= root[j, k] * step[k]
        step[j] = value / root[j, j]
    for j in range(len(pull) - 1, -1, -1):
        value = step[j]
        for k in range(j + 1, len(pull)):
            value -= root[k, j] * step[k]
        step[j] = value / root[j, j]
    return step * scale


@compiled
def invert_positive(normal: Floats) -> Floats:
    """Invert a positive matrix, shape (n, n); NaN where it is not positive."""
    inverse = np.empty_like(normal)
    unit = np.zeros(len(normal))
    for j in range(len(normal)):
        unit[:] = 0.0
        unit[j] = 1.0
        inverse[:, j] = solve(normal, unit, 0.0)
    return inverse


@compiled
def _factor(normal: Floats, damping: float) -> tuple[Floats, Floats]:
    """What scales the diagonal to 1, shape (n,), and the lower triangle of what was scaled, shape (n, n)."""
    n = len(normal)
    scale, root = np.empty(n), np.zeros((n, n))
    for j in range(n):
        scale[j] = 1 / math.sqrt(normal[j, j]) if normal[j, j] > 0 else 1.0
    for j in range(n):
        for k in range(j + 1):
            value = normal[j, k] * scale[j] * scale[k]
            if j == k:
                value += damping
            for m in range(k):
                value -= root[j, m] * root[k, m]
            if j > k:
                root[j, k] = value / root[k, k]
            else:
                root[j, j] = math.sqrt(value) if value > 0 else np.nan
    return scale, root
