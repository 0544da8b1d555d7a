"""Ask a world for its truth on a dense set of points: the standard that campaigns are held against."""

import numpy as np

from agent.rehearsal.worlds import World
from agent.rehearsal.yardsticks.catalog import yardstick_for
from agent.rehearsal.yardsticks.standard import Standard, Truth
from agent.strategy.problem import Problem
from models.domain.objective import ObjectiveBase
from models.domain.point import Point
from models.domain.scattering import Floats
from models.domain.seeds import derive_seed
from models.domain.space import SearchSpace
from models.gp.design import draw_allowed
from models.gp.encoding import Encoding

N_DENSE = 512
"""Points of the dense set, where not only some samples exist."""


def dense_points(space: SearchSpace, seed: int) -> tuple[Point, ...]:
    """Where strategies are scored: all samples that exist, or points drawn evenly."""
    if space.candidates:
        return space.candidates
    encoding = Encoding(space)
    return encoding.decode(draw_allowed(encoding, N_DENSE, derive_seed(seed, "standard")).columns)


def set_standard(
    world: World, objective: ObjectiveBase, problem: Problem, place: int = 0, rows: Floats | None = None
) -> Standard:
    """Ask a world for its truth.

    Parameters
    ----------
    world
        The world.
    objective
        What is really sought.
    problem
        The task: its space, and its seed, from which the dense set follows.
    place
        Which of the seeds, where each has a truth of its own.
    rows
        What the yardstick reads at the dense points, where that was asked before.

    Raises
    ------
    BadInput
        When the truth has nothing to seek.
    """
    yardstick = yardstick_for(objective)

    def ask(point: Point) -> Floats:
        return yardstick.read(world.truth(point, place))

    points, encoding = dense_points(problem.space, problem.seed), Encoding(problem.space)
    if rows is None:
        rows = np.array([ask(point) for point in points])
    return yardstick.lay(Truth(encoding.encode(points), rows, encoding, problem.seed, ask))
