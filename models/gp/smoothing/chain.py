"""A Gaussian process along q as a chain: each point knows its neighbours, so that long curves cost little.

The kernel is Matern's with smoothness 3/2 in a coordinate that runs faster where curves change faster. Value
and slope at one point are all that the next depends on (Hartikainen and Sarkka, Kalman filtering and smoothing
solutions to temporal Gaussian process regression models, MLSP 2010): the inverse covariance is banded.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammainc

from models.domain.scattering import Floats


@dataclass(frozen=True, eq=False)
class Chain:
    """Inverse covariance of value and scaled slope along a curve, for variance 1."""

    diagonal: Floats
    """Blocks on the diagonal, shape (n_q, 2, 2)."""
    below: Floats
    """Blocks below it, shape (n_q - 1, 2, 2)."""
    log_determinant: float
    """Logarithm of the determinant of it all."""


def make_chain(steps: Floats) -> Chain:
    """Lay the chain.

    Parameters
    ----------
    steps
        Distances from point to point in units of the correlation length, above 0, shape (n_q - 1,).
    """
    x = np.sqrt(3.0) * steps
    decay = np.exp(-x)
    forward = _blocks(decay * (1.0 + x), decay * x, -decay * x, decay * (1.0 - x))
    # 1 - e^-2x (1 + 2x + 2x^2), without the cancellation
    value = gammainc(3.0, 2.0 * x)
    both = 2.0 * (x * decay) ** 2
    slope = value + 4.0 * x * decay**2
    determinant = value * slope - both**2
    inverse = _blocks(slope, -both, -both, value) / determinant[:, np.newaxis, np.newaxis]
    below = -inverse @ forward
    diagonal = np.zeros((len(steps) + 1, 2, 2))
    diagonal[0] = np.eye(2)
    diagonal[1:] = inverse
    diagonal[:-1] -= forward.transpose(0, 2, 1) @ below
    return Chain(diagonal, below, -float(np.log(determinant).sum()))


def _blocks(a: Floats, b: Floats, c: Floats, d: Floats) -> Floats:
    found = np.empty((len(a), 2, 2))
    found[:, 0, 0], found[:, 0, 1], found[:, 1, 0], found[:, 1, 1] = a, b, c, d
    return found
