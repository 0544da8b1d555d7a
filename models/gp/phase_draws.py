"""Maps of phases that may all be true: draws from what is believed, the same for the same beliefs."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from models.domain.errors import FitFailed
from models.domain.scattering import Floats
from models.gp.belief import Belief

Labels = NDArray[np.int64]
"""Numbers of classes."""
N_DRAWS = 200
"""Maps that are drawn: a probability is told to 0.04 or better."""
MOST_REFERENCES = 128
"""Places that stand for the space."""
DRAWS_SEED = 20_261_127
"""The draws differ with what is believed, not from call to call."""
ROUNDING = 1e-6
"""Added to a covariance before it is factored, relative to its mean diagonal."""


class PhaseDraws:
    """Draws of the phase at places that stand for the space, and at any other point along with them.

    Of each class a Gaussian process believes how much a place belongs to it, and the largest rules. A draw is
    one map of the whole space: at the references it is drawn together; at another point it is what the
    references make one expect there, plus what they leave open (Rasmussen and Williams 2006, eq. A.6), which
    within one draw is the same for all points, as fits points near each other.
    """

    def __init__(self, beliefs: Sequence[Belief]) -> None:
        """Draw the maps at the references.

        Parameters
        ----------
        beliefs
            One for each class; they watch the space.

        Raises
        ------
        FitFailed
            When a covariance cannot be factored.
        """
        watch = beliefs[0].watch
        assert watch is not None
        n = len(watch.points)
        self.watched = watch.points
        rows = np.unique(np.linspace(0, n - 1, min(n, MOST_REFERENCES)).round().astype(np.int64))
        self.references = watch.points[rows]
        """Scaled coordinates, shape (k, d)."""
        rng = np.random.default_rng(DRAWS_SEED)
        self._classes = [_ClassDraws(belief, self.references, rng) for belief in beliefs]
        self.labels = self.at(self.references)
        """Row of the class that rules at each reference in each draw, shape (n_draws, k)."""

    @property
    def n_classes(self) -> int:
        """Count of classes."""
        return len(self._classes)

    def at(self, points: Floats) -> Labels:
        """Row of the class that rules at points, shape (m, d) -> (n_draws, m)."""
        return np.stack([one.at(points) for one in self._classes]).argmax(axis=0)

    def probabilities(self, points: Floats) -> Floats:
        """Share of the draws in which each class rules, shape (m, d) -> (m, n_classes)."""
        return shares_of(self.at(points), self.n_classes)

    @property
    def doubt(self) -> float:
        """Share of the space that is expected to be told wrongly, each place given its likeliest class."""
        return float(1.0 - shares_of(self.labels, self.n_classes).max(axis=1).mean())


def shares_of(labels: Labels, n_classes: int) -> Floats:
    """How often each class occurs, shape (n_draws, m) -> (m, n_classes)."""
    return np.stack([(labels == row).mean(axis=0) for row in range(n_classes)], axis=1)


class _ClassDraws:
    """Draws of how much places belong to one class, in the unit of what was learned."""

    def __init__(self, belief: Belief, references: Floats, rng: np.random.Generator) -> None:
        self._belief, self._references = belief, references
        order = rng.permutation(N_DRAWS)
        edges = np.round(np.cumsum(belief.weights) * N_DRAWS).astype(np.int64)
        edges[-1] = N_DRAWS
        self._rows = np.split(order, edges[:-1])
        self._normal = rng.standard_normal((N_DRAWS, len(references)))
        self._rest = rng.standard_normal(N_DRAWS)
        self._roots = [_root(matrix) for matrix in belief.covariances_between(references, references)]

    def at(self, points: Floats) -> Floats:
        belief = self._belief
        posterior = belief.at(points)
        drawn = np.empty((N_DRAWS, len(points)))
        for k, matrix in enumerate(belief.covariances_between(points, self._references)):
            rows = self._rows[k]
            ways = solve_triangular(self._roots[k], matrix.T, lower=True, check_finite=False)
            left = np.sqrt(np.maximum(posterior.sigmas[k] ** 2 - (ways**2).sum(axis=0), 0.0))
            open_part = self._rest[rows][:, np.newaxis] * left
            drawn[rows] = posterior.means[k] + self._normal[rows] @ ways + open_part
        return drawn * belief.state.spread + belief.state.mean


def _root(matrix: Floats) -> Floats:
    """Lower Cholesky factor of a posterior covariance, which rounding may have bent."""
    n = len(matrix)
    scale = max(float(np.trace(matrix)) / n, 1e-12)
    try:
        return np.asarray(np.linalg.cholesky(matrix + ROUNDING * scale * np.eye(n)), dtype=np.float64)
    except np.linalg.LinAlgError:
        raise FitFailed("the covariance of the phases cannot be factored") from None
