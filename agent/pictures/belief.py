"""What the model believes over the whole space at the end: the values behind a map."""

from dataclasses import dataclass

import numpy as np

from agent.strategy.learned import learned
from models.domain.campaign import ObjectiveSpec
from models.domain.errors import FitFailed
from models.domain.history import History
from models.domain.scattering import Floats
from models.domain.space import SearchSpace
from models.gp.encoding import Encoding
from models.gp.posterior_grid import believe_at


@dataclass(frozen=True, eq=False)
class Belief:
    """Posterior of the objective's feature on a grid."""

    values: Floats
    """Coordinates of the grid in the axes' units, shape (n, n_axes)."""
    mean: Floats
    """Posterior mean, shape (n,), in the feature's unit."""
    sigma: Floats
    """Posterior standard deviation, shape (n,), in the feature's unit."""


def believe(space: SearchSpace, objective: ObjectiveSpec, history: History, grid: Floats) -> Belief | None:
    """Posterior on a grid of coordinates, shape (n, n_axes); None when no model can be had.

    Parameters
    ----------
    space, objective
        The task.
    history
        What was measured.
    grid
        Coordinates in the axes' units, shape (n, n_axes).
    """
    low = np.array([axis.low for axis in space.axes])
    span = np.array([axis.span if axis.span > 0 else 1.0 for axis in space.axes])
    try:
        training = learned(Encoding(space), objective, history).training
        believed = believe_at(training, (grid - low) / span)
    except FitFailed:
        return None
    return Belief(grid, believed.mean, believed.sigma)
