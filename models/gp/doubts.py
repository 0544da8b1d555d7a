"""Where a belief was surprised: how far that casts doubt on what it is thought to know around each place."""

from typing import TYPE_CHECKING

import numpy as np

from models.domain.scattering import Floats

if TYPE_CHECKING:
    from models.gp.belief import Belief

PRIOR_DOUBT = 0.5
"""Observations for which the assumption counts that a place is as well known as it is thought to be."""
MOST_LEFT_OUT = 1000
"""Of more observations none is left out: it would take seconds, and a map is known by then."""


class Doubts:
    """Squared residuals around the references, each counted as its observation is correlated with the place.

    They are in units of what was expected: of those that the hyperparameters were found from when each is
    left out, of the others when they came. All are counted in the order in which they came, whenever that is
    asked for: the same bits.
    """

    def __init__(self) -> None:
        """Count nothing yet."""
        self._n_counted = 0
        self._neighbours: Floats = np.empty((0, 0))
        self._surprises: Floats = np.empty((0, 0))

    def of(self, belief: "Belief") -> Floats:
        """Factor on each member's variance at the references, (n_members, k): 1 where nothing surprised.

        Parameters
        ----------
        belief
            The one whose surprises are counted, always the same but for what it has learned since.
        """
        n_first = belief.state.fitted_to
        if self._n_counted == 0:
            first, ratios = belief.known.first(n_first), np.ones(n_first)
            if n_first <= MOST_LEFT_OUT:
                pairs = zip(belief.members, belief.inflations.tolist(), strict=True)
                ratios = belief.weights @ [one.left_out(first).ratios(factor) for one, factor in pairs]
            shares = _correlations(belief, first.points)
            self._neighbours, self._surprises = shares.sum(axis=1), ratios @ shares
            self._n_counted = n_first
        for row in range(self._n_counted, len(belief.known.values)):
            here = _correlations(belief, belief.known.points[row : row + 1])[:, 0]
            self._neighbours = self._neighbours + here
            self._surprises = self._surprises + belief.squares[row - n_first] * here
        self._n_counted = len(belief.known.values)
        return (PRIOR_DOUBT + self._surprises) / (PRIOR_DOUBT + self._neighbours)


def _correlations(belief: "Belief", points: Floats) -> Floats:
    """Of points, shape (n, d), with the references under each member, shape (n_members, n, k)."""
    assert belief.watch is not None
    places = belief.watch.points[belief.references]
    return np.array([member.correlation(points, places) for member in belief.members])
