"""The law that falls as Guinier's and bends as a shape bends it, compiled."""

import math

import numpy as np

from models.compiled import compiled
from models.domain.scattering import Floats

SMALL = 1e-4
"""Below this, series stand for quotients that would lose all digits."""
LARGEST_EXPONENT = 700.0
"""Beyond it an exponential is no number."""


@compiled
def shape_bent(x: Floats, found: Floats) -> tuple[Floats, Floats]:
    """Evaluate I0 (1 + g y)^(-1/g), y = f x.

    Parameters
    ----------
    x
        Where, in proportion to q squared, shape (n,).
    found
        ln I0, the fall f by 1 of x, and the bend g, shape (3,).

    Returns
    -------
    tuple of Floats
        Intensity, shape (n,), and its derivatives by the three, shape (n, 3).
    """
    model, jacobian = np.empty(len(x)), np.empty((len(x), 3))
    for i in range(len(x)):
        y = found[1] * x[i]
        z = max(found[2] * y, SMALL - 1)
        if abs(z) < SMALL:
            log, by_bend = 1 - z / 2, 0.5 - 2 * z / 3
        else:
            log = math.log1p(z) / z
            by_bend = (math.log1p(z) - z / (1 + z)) / z**2
        model[i] = math.exp(min(max(found[0] - y * log, -LARGEST_EXPONENT), LARGEST_EXPONENT))
        jacobian[i, 0] = model[i]
        jacobian[i, 1] = -model[i] * x[i] / (1 + z)
        jacobian[i, 2] = model[i] * y**2 * by_bend
    return model, jacobian
