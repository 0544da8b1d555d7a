"""What the model believes over the whole space at the end: the values behind a map."""

from dataclasses import dataclass

from agent.strategy.learned import learned
from models.domain.errors import FitFailed
from models.domain.history import History
from models.domain.objective import ObjectiveBase
from models.domain.point import Point
from models.domain.scattering import Floats
from models.domain.space import SearchSpace
from models.gp.encoding import Encoding
from models.gp.posterior_grid import believe_at


@dataclass(frozen=True, eq=False)
class Belief:
    """Posterior of the objective's first feature on a grid."""

    values: Floats
    """Coordinates of the grid in the axes' units, shape (n, n_axes)."""
    mean: Floats
    """Posterior mean, shape (n,), in the feature's unit."""
    sigma: Floats
    """Posterior standard deviation, shape (n,), in the feature's unit."""


def believe(space: SearchSpace, objective: ObjectiveBase, history: History, grid: Floats) -> Belief | None:
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
    encoding = Encoding(space)
    points = [Point(coordinates=dict(zip(space.names, row, strict=True))) for row in grid.tolist()]
    knowledge = learned(encoding, objective, history)
    if objective.needs_curves:
        from models.gp.outlook import believe_in_one_number

        try:
            return Belief(grid, *believe_in_one_number(objective, knowledge, encoding.encode(points)))
        except FitFailed:
            return None
    if not objective.features:
        return None
    training = knowledge.features[objective.features[0]]
    try:
        believed = believe_at(training, encoding.encode(points))
    except FitFailed:
        return None
    return Belief(grid, believed.mean, believed.sigma)
