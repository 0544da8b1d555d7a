"""What a measurement is worth where the best is sought: the expected improvement towards a goal."""

import numpy as np
from scipy.special import erfcx, log_ndtr, ndtr

from models.domain.objective import Extreme, Target
from models.domain.scattering import Floats
from models.gp.belief import Belief
from models.gp.expectation import Posterior
from models.gp.tie import Tie

TINY = 1e-300
"""Smallest expectation whose logarithm is taken."""
LEAST_DISTANCE = 1e-3
"""An incumbent nearer to the target than this, in standard deviations of the values, counts as this far off:
the terms of the tent would cancel to nothing."""
ROOT_2, ROOT_HALF_PI, LOG_ROOT_2_PI = np.sqrt(2.0), np.sqrt(0.5 * np.pi), 0.5 * np.log(2.0 * np.pi)
LEAST_SHARE = 1e-6
"""A difference to the incumbent varies by this share of the variance at least: its logarithm is taken."""
FAR = -1e6
"""Below so many standard deviations the tail is taken from its asymptote."""


class ExpectedImprovement:
    """Logarithm of the improvement that one more measurement is expected to bring.

    The incumbent is the measured point of the best posterior mean, since a measured value is noisy (Brochu,
    Cora, de Freitas, arXiv:1012.2599); each member of the belief has one of its own. What counts is not how
    uncertain a place is, but how much a measurement there may change what is believed of it *against the
    incumbent*: by a normal step of standard deviation |c(x, x) - c(x, x*)| / sqrt(c(x, x) + noise), c the
    posterior covariance and the noise that which is likely at x. It is the knowledge gradient for correlated
    beliefs of two alternatives (Frazier, Powell, Dayanik, INFORMS J. Comput. 21 (2009) 599), exact for a
    largest or smallest value. Without noise it is the ordinary expected improvement; with noise it does not
    pay to measure again beside the incumbent what moves up and down with it. The expectation is over the
    members, too. Counted in standard deviations of the training values.
    """

    n_starts, n_steps = 3, 15

    def __init__(self, belief: Belief, objective: Extreme | Target, doubt: float = 1.0) -> None:
        """Find the incumbents.

        Parameters
        ----------
        belief
            What is believed.
        objective
            What is sought.
        doubt
            Factor on every step: how much less sure one is than the belief.
        """
        self._belief, self._doubt = belief, doubt
        self.name = "log_expected_improvement" if doubt == 1.0 else "log_doubtful_improvement"
        state = belief.state
        n_measured = len(belief.training.values)  # beyond them lies what is supposed
        means = belief.means_at_observations()[:, :n_measured]
        mixed = state.scale.middle(belief.weights @ means)
        self.incumbent = float(mixed[objective.distance(mixed).argmin()])
        """Posterior mean at the measured point that is believed to be best, in the feature's unit."""
        if isinstance(objective, Extreme):
            self._sign = objective.sign
            rows = (self._sign * means).argmax(axis=1)
            bests = self._sign * np.take_along_axis(means, rows[:, np.newaxis], axis=1)[:, 0]
            self._gain: _Rise | _Tent = _Rise(self._sign, bests)
            self.unit_of_gain = 1.0
            """What an improvement is compared with, in standard deviations of the training values: 1 for the
            largest or smallest value; for a target all that is left to gain, the incumbent's distance."""
        else:
            target = (objective.target - state.mean) / state.spread
            distances = np.abs(means - target)
            rows = distances.argmin(axis=1)
            self._gain = _Tent(target, np.maximum(distances.min(axis=1), LEAST_DISTANCE))
            self.unit_of_gain = max(abs(self.incumbent - objective.target) / state.spread, LEAST_DISTANCE)
        self._tie = Tie(belief, rows)

    def watched(self) -> Floats:
        """At the points that the belief watches, shape (m,)."""
        belief = self._belief
        assert belief.watch is not None
        return self._of(belief.watched(), self._tie.watched(), belief.watch.points)

    def at(self, points: Floats) -> Floats:
        """At any points, shape (m, d) -> (m,)."""
        return self._of(self._belief.at(points), self._tie.at(points), points)

    def slope(self, point: Floats) -> tuple[float, Floats]:
        """At one point, shape (d,), with its gradient."""
        belief = self._belief
        here = belief.expect(point)
        tied, by_tied = self._tie.slope(point)
        known = float(np.exp(belief.log_known_variances(point[np.newaxis])[0]))
        by_known = known * belief.log_known_variance_slope(point)
        by_variance = 2.0 * here.sigmas[:, np.newaxis] * here.sigma_gradients
        steps, differences, observed = self._steps(here.sigmas**2, tied, known)
        by_difference = (by_variance - by_tied) / differences[:, np.newaxis]
        by_observed = (by_variance + np.outer(belief.inflations, by_known)) / observed[:, np.newaxis]
        by_place = steps[:, np.newaxis] * (by_difference - 0.5 * by_observed)
        logs, by_mean, by_step = self._gain(here.means, steps)
        value, shares = _mix(logs, belief.weights)
        return value, shares @ (
            by_mean[:, np.newaxis] * here.mean_gradients + by_step[:, np.newaxis] * by_place
        )

    def _of(self, posterior: Posterior, tied: Floats, points: Floats) -> Floats:
        known = np.exp(self._belief.log_known_variances(points))
        steps, _, _ = self._steps(posterior.sigmas**2, tied, known)
        logs = np.stack([self._gain.log(k, posterior.means[k], own) for k, own in enumerate(steps)])
        top = logs.max(axis=0)
        return top + np.log(self._belief.weights @ np.exp(logs - top))

    def _steps(self, variances: Floats, tied: Floats, known: Floats | float) -> tuple[Floats, Floats, Floats]:
        """Standard deviation of the step of the difference to the incumbent, and what it is made of.

        That is: the difference's covariance with an observation, never quite nothing, and the variance of
        that observation; all of shape (n_members, ...).
        """
        differences = variances - tied
        small = LEAST_SHARE * variances
        differences = np.where(np.abs(differences) > small, differences, small)
        noises = np.add.outer(self._belief.noise_variances(), known)
        observed = variances + (noises.T * self._belief.inflations).T
        return self._doubt * np.abs(differences) / np.sqrt(observed), differences, observed


def _mix(logs: Floats, weights: Floats) -> tuple[float, Floats]:
    """Logarithm of the weighted mean, and each member's share of it, shape (n_members,)."""
    top = logs.max()
    parts = weights * np.exp(logs - top)
    total = parts.sum()
    return float(top + np.log(total)), parts / total


class _Rise:
    """Expected rise over an incumbent: sigma (z Phi(z) + phi(z)), z = (mean - incumbent) / sigma.

    Its logarithm is taken without cancellation far below the incumbent (Ament et al., NeurIPS 2023).
    """

    def __init__(self, sign: float, incumbents: Floats) -> None:
        self._sign, self._incumbents = sign, incumbents

    def log(self, member: int, means: Floats, sigmas: Floats) -> Floats:
        return np.log(sigmas) + log_rise((self._sign * means - self._incumbents[member]) / sigmas)

    def __call__(self, means: Floats, sigmas: Floats) -> tuple[Floats, Floats, Floats]:
        """Logarithm for each member, and its derivatives with respect to mean and sigma."""
        z = (self._sign * means - self._incumbents) / sigmas
        logs = log_rise(z)
        by_mean = self._sign * np.exp(log_ndtr(z) - logs) / sigmas
        by_sigma = np.exp(-0.5 * z * z - LOG_ROOT_2_PI - logs) / sigmas
        return np.log(sigmas) + logs, by_mean, by_sigma


def log_rise(z: Floats) -> Floats:
    """log(z Phi(z) + phi(z))."""
    low = np.minimum(z, -1.0)
    high = np.maximum(z, -1.0)
    tail = np.log(np.maximum(1.0 + low * ROOT_HALF_PI * erfcx(-low / ROOT_2), 1e-300))
    tail = np.where(low > FAR, tail, -2.0 * np.log(-low))
    near = np.log(high * ndtr(high) + np.exp(-0.5 * high * high - LOG_ROOT_2_PI))
    return np.where(z > -1.0, near, -0.5 * low * low - LOG_ROOT_2_PI + tail)


class _Tent:
    """Expectation of max(0, D - |f - target|), D the incumbent's distance, f normal.

    The tent (z + D)+ - 2 z+ + (z - D)+ equals max(0, D - |z|), so three terms of h(a) = E[(z + a)+] give it
    in closed form. It is even: the mean is laid below the target, where the terms are small and do not
    cancel.
    """

    def __init__(self, target: float, distances: Floats) -> None:
        self._target, self._distances = target, distances

    def log(self, member: int, means: Floats, sigmas: Floats) -> Floats:
        return self._terms(means, sigmas, self._distances[member])[0]

    def __call__(self, means: Floats, sigmas: Floats) -> tuple[Floats, Floats, Floats]:
        """Logarithm for each member, and its derivatives with respect to mean and sigma."""
        return self._terms(means, sigmas, self._distances)

    def _terms(
        self, means: Floats, sigmas: Floats, distance: Floats | float
    ) -> tuple[Floats, Floats, Floats]:
        offset = -np.abs(means - self._target)
        places = [(offset + distance) / sigmas, offset / sigmas, (offset - distance) / sigmas]
        high, middle, low = (_rise(z) for z in places)
        value = sigmas * (high - 2.0 * middle + low)
        is_known = value > TINY
        value = np.maximum(value, TINY)
        chances = [ndtr(z) for z in places]
        densities = [np.exp(-0.5 * z * z - LOG_ROOT_2_PI) for z in places]
        by_offset = (chances[0] - 2.0 * chances[1] + chances[2]) / value
        by_sigma = (densities[0] - 2.0 * densities[1] + densities[2]) / value
        by_mean = -np.sign(means - self._target) * by_offset
        return np.log(value), np.where(is_known, by_mean, 0.0), np.where(is_known, by_sigma, 0.0)


def _rise(z: Floats) -> Floats:
    """Z Phi(z) + phi(z), from the scaled complementary error function in the tails."""
    size = np.abs(z)
    tail = np.exp(-0.5 * size * size - LOG_ROOT_2_PI) * (1.0 - size * ROOT_HALF_PI * erfcx(size / ROOT_2))
    return np.maximum(z, 0.0) + tail
