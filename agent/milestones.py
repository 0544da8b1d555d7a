"""Maps of what was believed, kept with every so many decisions and at a stop."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from agent.strategy.problem import Problem
from models.domain.artifact import Artifact
from models.domain.canonical import canonical_json
from models.domain.decision import Decision
from models.domain.errors import FitFailed
from models.domain.history import History
from models.domain.posterior_grid import PosteriorGrid
from models.domain.seeds import derive_seed
from models.domain.space import Point, SearchSpace
from models.gp.design import draw_allowed
from models.gp.encoding import Encoding

if TYPE_CHECKING:
    from models.gp.training import Training

N_POINTS = 256
"""Points of a map."""
ROLE = "posterior_grid"


class Milestones:
    """Makes the artifacts of a decision that is a milestone."""

    def __init__(self, problem: Problem, every: int) -> None:
        """Keep the task.

        Parameters
        ----------
        problem
            The task.
        every
            A map with every n-th decision that asked a model.
        """
        self._problem, self._every = problem, every

    def __call__(self, history: History, decision: Decision) -> tuple[Artifact, ...]:
        """What is worth keeping besides a decision.

        Parameters
        ----------
        history
            All that was known when it was made; the decision itself is not in it.
        decision
            The decision.

        Returns
        -------
        tuple of Artifact
            A map of each feature that is sought; none when it is no milestone, or no model can be had.
        """
        if not self._is_milestone(history, decision):
            return ()
        return tuple(self._maps(history, decision))

    def _is_milestone(self, history: History, decision: Decision) -> bool:
        n_asked = sum(d.model is not None for d in (*history.decisions, decision))
        if decision.kind == "stop":
            return n_asked > 0  # where no model was asked, nothing was believed
        return decision.model is not None and n_asked % self._every == 0

    def _maps(self, history: History, decision: Decision) -> Iterator[Artifact]:
        """One for each feature of the objective, of which a model can be had."""
        # what compiles takes a second to load: only when a map is due
        from agent.strategy.learned import learned

        problem = self._problem
        knowledge = learned(Encoding(problem.space), problem.objective, history)
        for name in problem.objective.features:
            try:
                grid = self._map(history, decision, name, knowledge.features[name])
            except FitFailed:
                continue
            content = canonical_json(grid).encode()
            yield Artifact(role=ROLE, name=name, media_type="application/json", content=content)

    def _map(self, history: History, decision: Decision, name: str, training: "Training") -> PosteriorGrid:
        from models.gp.posterior_grid import believe_at

        problem, space = self._problem, self._problem.space
        points = map_points(space, derive_seed(problem.seed, ROLE))
        names = tuple(point.sample for point in points if point.sample is not None)
        encoding = Encoding(space)
        asked = _last_asked(history, decision)
        state = asked.model.canonical_json if asked is not None and asked.model is not None else None
        believed = believe_at(training, encoding.encode(points), state, name)
        return PosteriorGrid(
            seq=decision.seq,
            watermark=decision.watermark,
            feature=name,
            unit=problem.units[name],
            axes=space.axes,
            points=tuple(tuple(point.coordinates[name] for name in space.names) for point in points),
            samples=names if len(names) == len(points) else (),
            mean=tuple(believed.mean.tolist()),
            sigma=tuple(believed.sigma.tolist()),
            hyperparameters=believed.hyperparameters,
            hyperparameters_of=None if believed.is_fitted or asked is None else asked.seq,
        )


def map_points(space: SearchSpace, seed: int) -> tuple[Point, ...]:
    """Points of a map: drawn evenly, or the samples that exist, at most 256 of them.

    Parameters
    ----------
    space
        The search space.
    seed
        Seed of the draw; the same seed, the same points.
    """
    if not space.candidates:
        encoding = Encoding(space)
        return encoding.decode(draw_allowed(encoding, N_POINTS, seed).columns)
    n_shown = min(N_POINTS, len(space.candidates))
    rows = np.random.default_rng(seed).choice(len(space.candidates), n_shown, replace=False)
    return tuple(space.candidates[row] for row in sorted(rows.tolist()))


def _last_asked(history: History, decision: Decision) -> Decision | None:
    """The decision itself if it asked a model, else the last one that did.

    A stop asks none: its map takes the hyperparameters found last, on all that was measured since.
    """
    return next((d for d in (decision, *reversed(history.decisions)) if d.model is not None), None)
