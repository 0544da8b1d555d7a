"""Measure a regular grid line by line: what is done where nobody chooses."""

from itertools import product

import numpy as np

from agent.strategy.choices import Choices
from agent.strategy.pool import Pool, gather_pool
from agent.strategy.problem import Problem
from agent.strategy.sobol import first_new, nearest
from agent.strategy.supply import supply_of
from models.domain.axis import Axis
from models.domain.decision import MEASURING_KINDS, Decision, Reason
from models.domain.frozen import Frozen
from models.domain.history import History
from models.domain.point import Point
from models.domain.scattering import Floats
from models.domain.seeds import derive_seed
from models.gp.encoding import Encoding

DEFAULT_PLACES = 64
"""Places of the grid where no budget says how many."""
MOST_NODES = 100_000
"""Nodes of a grid that are looked at."""
REASON = Reason(code="grid", sentence="The next place of a regular grid, line by line.")


class Options(Frozen):
    """``[strategy]`` with ``kind = "grid"`` has no further keys."""


def build(options: Options, problem: Problem) -> "Grid":
    """Make the strategy."""
    del options
    return Grid(problem)


class Grid:
    """The finest grid that the budget can fill, shifted by the seed; then where most is missing."""

    def __init__(self, problem: Problem) -> None:
        """Lay the grid out."""
        self._problem, self._encoding = problem, Encoding(problem.space)
        n_places = problem.n_planned or DEFAULT_PLACES
        self._nodes = _lay_out(problem, self._encoding, n_places)
        seed = derive_seed(problem.seed, "design")
        rest = gather_pool(self._encoding, max(n_places, DEFAULT_PLACES), seed)
        if rest.points is None:
            columns = np.vstack([self._nodes, rest.columns])
            rest = Pool(columns, None, rest.account, rest.complaint)
        self._pool = rest

    def propose(self, history: History) -> Decision:
        """The next place; where only some samples exist, the one nearest to it."""
        problem = self._problem
        choices = Choices(self._encoding, history, self._pool, supply_of(problem))
        if choices.is_exhausted:
            return problem.end(history, choices.why_exhausted)
        rows = np.flatnonzero(choices.is_open)
        row: int | None = None
        n_asked = sum(1 for decision in history.decisions if decision.kind in MEASURING_KINDS)
        if self._pool.points is None:
            row = first_new(choices, rows[rows < len(self._nodes)], self._encoding, history)
        elif n_asked < len(self._nodes):
            row = int(rows[nearest(self._pool, rows, self._nodes[n_asked])])
        if row is None:  # the grid is used up
            return problem.measure(history, "suggest", choices.most_remote(), choices.noted(REASON))
        point = choices.point(row, choices.pool.columns[row])
        return problem.measure(history, "suggest", point, choices.noted(REASON))


def _lay_out(problem: Problem, encoding: Encoding, n_places: int) -> Floats:
    """Columns of the nodes of the finest grid with at most so many places, shape (n, n_columns)."""
    space = problem.space
    solved = {constraint.axes[-1]: constraint for constraint in space.sums}
    free = [axis for axis in space.axes if axis.name not in solved]
    shifts = np.random.default_rng(derive_seed(problem.seed, "design")).random(len(free))
    listed = space.model_copy(update={"candidates": ()})
    nodes: list[Point] = []
    for n_steps in range(1, MOST_NODES):
        lines = [_settings(axis, n_steps, shift) for axis, shift in zip(free, shifts.tolist(), strict=True)]
        n_nodes = int(np.prod([float(len(line)) for line in lines]))
        if n_nodes > MOST_NODES:
            break
        found: list[Point] = []
        for values in product(*lines):
            at: dict[str, float | str] = dict(zip((axis.name for axis in free), values, strict=True))
            for name, constraint in solved.items():
                at[name] = constraint.total - sum(float(at[one]) for one in constraint.axes if one != name)
            point = Point(coordinates={name: at[name] for name in space.names})
            if space.candidates or not listed.objections(point):
                found.append(point)
        if nodes and len(found) > n_places:
            break
        nodes = found
        if all(axis.n_settings is not None and axis.n_settings <= n_steps for axis in free):
            break
    return encoding.encode(nodes)


def _settings(axis: Axis, n_steps: int, shift: float) -> list[float] | list[str]:
    """Where lines of a grid cross an axis: in the middle of cells, shifted within them; or all settings."""
    if not axis.is_numeric:
        return list(axis.levels)
    if axis.values and len(axis.values) <= n_steps:
        return list(axis.values)
    if axis.span == 0:
        return [axis.low]
    places = axis.low + axis.span * (np.arange(n_steps) + shift) / n_steps
    if axis.kind == "integer":
        return sorted({float(np.floor(place)) for place in places.tolist()})
    if axis.values:
        rows = np.unique(np.round(np.linspace(0, len(axis.values) - 1, n_steps)).astype(int))
        return [axis.values[row] for row in rows.tolist()]
    return places.tolist()
