"""What a measurement is worth where whole curves are to be known: the fall of their variance everywhere."""

import numpy as np

from models.domain.scattering import Floats
from models.gp.acquisitions.integrated import IntegratedVariance
from models.gp.curve_belief import CurveBelief


class CurveVariance:
    """Logarithm of the fall of the variance of log-intensity, averaged over the bins and the watched points.

    Coefficients are believed independent, so the variance of a curve is the sum of theirs, each times what
    one unit of it is worth in log-intensity; so is its fall (`IntegratedVariance`).
    """

    name = "log_curve_variance_fall"
    n_starts, n_steps = 1, 6
    """Each step asks every belief."""

    def __init__(self, belief: CurveBelief) -> None:
        """Take the beliefs, which watch the places that count."""
        self._belief = belief
        self._parts = [IntegratedVariance(one) for one in belief.beliefs]
        self._logs = np.log(belief.worths) + 2.0 * np.log([one.state.spread for one in belief.beliefs])

    def watched(self) -> Floats:
        """At the points that the belief watches, shape (m,)."""
        return self._sum(np.stack([part.watched() for part in self._parts]))

    def at(self, points: Floats) -> Floats:
        """At any points, shape (m, d) -> (m,)."""
        return self._sum(np.stack([part.at(points) for part in self._parts]))

    def slope(self, point: Floats) -> tuple[float, Floats]:
        """At one point, shape (d,), with its gradient."""
        found = [part.slope(point) for part in self._parts]
        logs = self._logs + np.array([value for value, _ in found])
        shares = np.exp(logs - logs.max())
        total = shares.sum()
        return float(logs.max() + np.log(total)), shares / total @ np.stack([slope for _, slope in found])

    def fall_of_sigma(self, values: Floats) -> Floats:
        """What values of it stand for: the fall of the root mean square sigma of log-intensity."""
        shares = np.exp(self._logs)
        variance = float(shares @ [part.variance for part in self._parts])
        variance += self._belief.basis.missed_mean_square
        return np.sqrt(variance) - np.sqrt(np.maximum(variance - np.exp(values), 0.0))

    def _sum(self, values: Floats) -> Floats:
        logs = values + self._logs[:, np.newaxis]
        top = logs.max(axis=0)
        return top + np.log(np.exp(logs - top).sum(axis=0))
