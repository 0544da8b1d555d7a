"""An even start on a short tour: where journeys take time, the first places are laid out beforehand."""

import numpy as np

from agent.strategy.costs import expected_times
from agent.strategy.pool import gather_pool
from agent.strategy.problem import Problem
from agent.strategy.tour import short_tour
from models.domain.history import History
from models.domain.point import Point
from models.domain.scattering import Floats
from models.domain.seeds import derive_seed
from models.gp.design import choose_spread
from models.gp.encoding import Encoding

N_POOL = 2048
"""Points that the places are chosen from."""
SAME = 1e-6
"""Places nearer than this are one, scaled."""


class EvenStart:
    """Places far from each other, the same for a whole campaign, each time the next on a short way round."""

    def __init__(self, problem: Problem, encoding: Encoding, n_places: int) -> None:
        """Keep the task; nothing is drawn yet."""
        self._problem, self._encoding, self._n_places = problem, encoding, n_places
        self._places: Floats | None = None

    def next(self, history: History) -> Point | None:
        """The next place.

        None where nobody says how axes move, where only some samples exist, where what can be had may change,
        and when all places were asked for.
        """
        space = self._problem.space
        may_change = space.feasible is not None or self._problem.deck is not None
        if not self._problem.motions or space.candidates or may_change:
            return None
        left = self._left(history)
        if len(left) == 0:
            return None
        cost = expected_times(self._problem, history).cost(self._encoding, self._problem.exposure_s, left)
        # before anything was loaded nobody knows where the stage stands: begin in the middle
        row = short_tour(cost.journey_s(left), cost.between_s(left))[0] if cost.varies else 0
        return self._encoding.decode(left[row : row + 1])[0]

    def _left(self, history: History) -> Floats:
        """Columns of the places that were not asked for yet, shape (n, n_columns)."""
        if self._places is None:
            seed = derive_seed(self._problem.seed, "design")
            pool = gather_pool(self._encoding, N_POOL, seed).columns
            self._places = pool[choose_spread(pool, pool[:0], self._n_places)]
        asked = [d.point for d in history.asked() if d.point is not None]
        gaps = np.abs(self._places[:, np.newaxis] - self._encoding.encode(asked)).max(axis=2, initial=0.0)
        left = self._places[np.all(gaps > SAME, axis=1)]
        vetoed = history.standing_vetoes
        if not vetoed:
            return left
        free = Encoding(self._encoding.space.model_copy(update={"vetoed": vetoed}))
        return left[free.is_allowed(left)]
