"""One's own goal: find all places at which a feature lies between two values, as a specification asks."""

import numpy as np
from scipy.stats import norm

from models.domain.decision import Prediction, Reason
from models.domain.frozen import Frozen
from models.domain.objective import Own
from models.domain.scattering import Floats
from models.gp.belief import Belief, Posterior
from models.gp.pursuits.pursuit import Aim, Pursuit, Situation, expectations, expected_text

TINY = 1e-12


class Options(Frozen):
    """Keys of [objective] in the campaign file, besides `goal` and `feature`."""

    low: float
    """Where the window begins, in the feature's unit."""
    high: float
    """Where it ends, in the feature's unit."""


class ChanceTimesIgnorance:
    """Logarithm of the chance to lie in the window, times how little the feature is known there.

    A place that is surely inside and well known teaches nothing any more; one that may be inside does.
    """

    name = "log_window_chance_times_sigma"
    n_starts, n_steps = 3, 15

    def __init__(self, belief: Belief, low: float, high: float) -> None:
        """Take the belief and the window, in the feature's unit."""
        self._belief, state = belief, belief.state
        self._low, self._high = ((end - state.mean) / state.spread for end in (low, high))

    def watched(self) -> Floats:
        """At the points that the belief watches, shape (m,)."""
        return self._of(self._belief.watched())

    def at(self, points: Floats) -> Floats:
        """At any points, shape (m, d) -> (m,)."""
        return self._of(self._belief.at(points))

    def slope(self, point: Floats) -> tuple[float, Floats]:
        """At one point, shape (d,), with its gradient, by the chain rule over mean and sigma."""
        here, weights = self._belief.expect(point), self._belief.weights
        low, high = ((end - here.means) / here.sigmas for end in (self._low, self._high))
        inside = norm.cdf(high) - norm.cdf(low)
        by_mean = norm.pdf(low) - norm.pdf(high)
        by_sigma = inside + low * norm.pdf(low) - high * norm.pdf(high)
        total = max(float(weights @ (here.sigmas * inside)), TINY)
        rise = (weights * by_mean) @ here.mean_gradients + (weights * by_sigma) @ here.sigma_gradients
        return float(np.log(total)), rise / total

    def _of(self, posterior: Posterior) -> Floats:
        low, high = ((end - posterior.means) / posterior.sigmas for end in (self._low, self._high))
        worth = posterior.sigmas * (norm.cdf(high) - norm.cdf(low))
        return np.log(np.maximum(self._belief.weights @ worth, TINY))


def find_window(situation: Situation) -> Aim:
    """What a measurement is worth, and how that is said."""
    objective = situation.objective
    assert isinstance(objective, Own)
    low, high = situation.options.low, situation.options.high
    belief = situation.beliefs[objective.feature]

    def explain(expected: tuple[Prediction, ...], is_idle: bool) -> Reason:
        del is_idle
        sentence = f"May lie between {low:g} and {high:g}, and is little known: {expected_text(expected[0])}."
        return Reason(code="window", sentence=sentence)

    return Aim(
        worth=ChanceTimesIgnorance(belief, low, high),
        expect=expectations(situation),
        explain=explain,
        gain=lambda values: np.exp(values) * belief.state.spread,
        gain_unit=situation.units.get(objective.feature, "1"),
    )


PURSUIT = Pursuit(find_window, options=Options)
