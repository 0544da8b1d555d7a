"""Where a feature changes steeply: there a map is wrong first."""

import numpy as np

from models.domain.scattering import Floats
from models.gp.belief import Belief

STEP = 1e-3
"""Step of the central differences, scaled coordinates."""


def steep_shares(belief: Belief, edges: float) -> Floats:
    """How much each reference counts, by how steep the feature is believed to be there.

    A stationary model thinks that it knows an edge as well as the plain beside it. Where interpolation errs
    is told by the slope of its mean, as in the gradient-weighted criteria that Fuhg, Fau and Nackenhorst
    review, Arch. Comput. Methods Eng. 28 (2021) 2689.

    Parameters
    ----------
    belief
        What is believed; it watches the references.
    edges
        What the mean square slope adds to a place that counts 1: 0 for all alike.

    Returns
    -------
    Floats
        Shape (n_members, k), the mean over references 1 + `edges` before division by their count.
    """
    assert belief.watch is not None
    squares = squared_slopes(belief, belief.watch.points[belief.references])
    typical = float(squares.mean())
    weights = 1.0 + edges * squares / typical if typical > 0 else np.ones(len(squares))
    return np.tile(weights / len(weights), (len(belief.weights), 1))


def squared_slopes(belief: Belief, points: Floats) -> Floats:
    """Squared slope of the mean, over scaled coordinates, at points, shape (m, d) -> (m,)."""
    total = np.zeros(len(points))
    for step in STEP * np.eye(points.shape[1]):
        rise = belief.predict(points + step)[0] - belief.predict(points - step)[0]
        total += (rise / (2.0 * STEP)) ** 2
    return total
