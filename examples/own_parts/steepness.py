"""One's own feature as one plain function: how steeply the curve falls, on logarithmic axes."""

import numpy as np


def steepness(curve):
    """The slope of ln I against ln q between 0.5 and 1.5 1/nm, its standard deviation and its unit."""
    part = curve.between(0.5, 1.5)
    is_positive = part.intensity > 0
    if is_positive.sum() < 5:
        return None  # this curve does not have it
    x, y = np.log(part.q_inv_nm[is_positive]), np.log(part.intensity[is_positive])
    weight = (part.intensity / part.sigma)[is_positive] ** 2
    x = x - np.average(x, weights=weight)
    spread = (weight * x**2).sum()
    return (weight * x * y).sum() / spread, spread**-0.5, "1"
