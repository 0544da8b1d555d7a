"""What ties places to a point that was observed: how what is believed of both moves together."""

import numpy as np

from models.domain.scattering import Floats
from models.gp.belief import Belief
from models.gp.pairs import Rows


class Tie:
    """Posterior covariance of any place with one observed point, another for each member of a belief."""

    def __init__(self, belief: Belief, rows: Rows) -> None:
        """Tie to observations.

        Parameters
        ----------
        belief
            What is believed.
        rows
            Row of the observation for each member, shape (n_members,).
        """
        self._belief = belief
        variances = belief.known.variances[rows].tolist()
        facts = zip(belief.members, rows.tolist(), variances, strict=True)
        self._pairs = [(member, member.bond(row, variance)) for member, row, variance in facts]

    def watched(self) -> Floats:
        """With the points that the belief watches, shape (n_members, m)."""
        return self._inflated([member.watched_sum(weights) for member, weights in self._pairs])

    def at(self, points: Floats) -> Floats:
        """With any points, shape (j, d): (n_members, j)."""
        return self._inflated([member.sum_at(points, weights) for member, weights in self._pairs])

    def slope(self, point: Floats) -> tuple[Floats, Floats]:
        """With one point, shape (d,): (n_members,), and its gradients, (n_members, d)."""
        found = [member.sum_slope(point, weights) for member, weights in self._pairs]
        inflations = self._belief.inflations
        return inflations * [one[0] for one in found], self._inflated([one[1] for one in found])

    def _inflated(self, found: list[Floats]) -> Floats:
        return self._belief.inflations[:, np.newaxis] * found
