"""What rehearsed campaigns are scored by: the truth on a dense set of points, and its best."""

from dataclasses import dataclass

import numpy as np

from agent.rehearsal.worlds import World
from agent.strategy.problem import Problem
from models.domain.errors import BadInput
from models.domain.history import Observation
from models.domain.objective import ObjectiveBase
from models.domain.point import Point
from models.domain.scattering import Floats
from models.domain.seeds import derive_seed
from models.domain.space import SearchSpace
from models.gp.design import draw_allowed
from models.gp.encoding import Encoding

N_DENSE = 512
"""Points of the dense set, where not only some samples exist."""
N_POLISHED, N_AROUND, REACHES = 3, 40, (0.06, 0.02, 0.007)
"""Around so many of the best points so many more are looked at, within so much of the axes' ranges, one after
the other."""
SCORED = ("maximise", "minimise", "target", "match", "map", "level")
"""Goals of which it can be said how near a campaign came."""


@dataclass(frozen=True, eq=False)
class Standard:
    """The truth that one campaign is held against."""

    columns: Floats
    """Scaled coordinates of the dense set, shape (n, n_columns)."""
    values: Floats
    """The feature there; NaN where the curve does not have it, shape (n,)."""
    best: float
    """Distance from the goal of the best place; 0 where the goal has no best."""
    scale: float
    """What a score of 100 % is: the range of the feature over the dense set, or of the distance from the
    goal."""


def score_name(objective: ObjectiveBase) -> str:
    """What a score is called."""
    return {"map": "rmse", "level": "share wrong"}.get(objective.goal, "regret")


def refuse_unscored(objective: ObjectiveBase) -> None:
    """Refuse a goal of which nobody can say how near a campaign came."""
    if objective.goal not in SCORED:
        raise BadInput(
            "objective.goal",
            f"is {objective.goal!r}, for which a rehearsal has no score; it has one for {', '.join(SCORED)}",
            "Rehearse with one of these, on the feature that matters most",
        )


def distance_of(objective: ObjectiveBase, observation: Observation) -> float | None:
    """How far an observation is from the goal; None where it cannot be said."""
    return objective.badness([observation])[0]


def value_of(objective: ObjectiveBase, observation: Observation) -> float:
    """What is mapped of an observation, or its distance from the goal; NaN where it has none."""
    if objective.goal in ("map", "level"):
        feature = observation.feature(objective.features[0])
        return float("nan") if feature is None else feature.value
    far = distance_of(objective, observation)
    return float("nan") if far is None else far


def dense_points(space: SearchSpace, seed: int) -> tuple[Point, ...]:
    """Where strategies are scored: all samples that exist, or points drawn evenly."""
    if space.candidates:
        return space.candidates
    encoding = Encoding(space)
    return encoding.decode(draw_allowed(encoding, N_DENSE, derive_seed(seed, "standard")).columns)


def set_standard(
    world: World, objective: ObjectiveBase, problem: Problem, place: int = 0, values: Floats | None = None
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
    values
        `value_of` at the dense points, where it was asked before.

    Raises
    ------
    BadInput
        When no point has the objective's feature.
    """
    space, seed = problem.space, problem.seed
    points = dense_points(space, seed)
    encoding = Encoding(space)
    if values is None:
        values = np.array([value_of(objective, world.truth(point, place)) for point in points])
    if not np.isfinite(values).any():
        raise BadInput(
            "--world",
            f"has {objective.quantity} at none of {len(points)} points that were looked at",
            "Choose a feature that it has, or another world",
        )
    columns = encoding.encode(points)
    scale = float(np.nanmax(values) - np.nanmin(values)) or 1.0
    if not objective.has_best:
        return Standard(columns, values, 0.0, scale)
    best = float(np.nanmin(values))
    if not space.candidates:
        best = min(best, _polished(world, objective, encoding, Around(columns, values, seed, place)))
    return Standard(columns, values, best, scale)


@dataclass(frozen=True, eq=False)
class Around:
    """Where a better place is looked for."""

    columns: Floats
    values: Floats
    seed: int
    place: int


def _polished(world: World, objective: ObjectiveBase, encoding: Encoding, around: Around) -> float:
    """The best distance found around the best of the dense set."""
    order = np.argsort(np.where(np.isfinite(around.values), around.values, np.inf))
    tops = around.columns[order[:N_POLISHED]]
    best = float(np.nanmin(around.values))
    rng = np.random.default_rng(derive_seed(around.seed, "polish"))
    for reach in REACHES:
        near = np.vstack([_near(encoding, top, reach, rng) for top in tops])
        if not len(near):
            continue
        points = encoding.decode(near)
        found = np.array([value_of(objective, world.truth(point, around.place)) for point in points])
        found = np.where(np.isfinite(found), found, np.inf)
        tops = near[np.argsort(found)[:1]]
        best = min(best, float(found.min()))
    return best


def _near(encoding: Encoding, top: Floats, reach: float, rng: np.random.Generator) -> Floats:
    """Allowed points around one: steps between points of the space, so that sums go on to hold."""
    pool = draw_allowed(encoding, 4 * N_AROUND, int(rng.integers(2**32))).columns
    pairs = rng.permutation(len(pool))
    steps = pool[pairs[: len(pool) // 2]] - pool[pairs[len(pool) // 2 : len(pool) // 2 * 2]]
    near = encoding.snap(top + 2.0 * reach * steps)
    return near[encoding.is_allowed(near)][:N_AROUND]
