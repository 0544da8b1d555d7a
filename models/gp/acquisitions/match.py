"""What a measurement is worth where a curve is to be matched: the expected fall of the misfit."""

import numpy as np
from scipy.special import expit

from models.domain.scattering import Floats
from models.gp.curve_belief import CurveBelief, quasi_normals
from models.gp.curve_misfit import CurveMisfit

N_DRAWS = 128
"""Draws of the coefficients behind an expectation; the same ones everywhere, so that it has a gradient."""
DRAW_SEED = 0
TEMPERATURE = 0.01
"""How much an improvement is rounded off at zero, as a share of the incumbent's misfit: where no draw is
better, it still tells where the nearest are (Ament et al., NeurIPS 2023, on smoothed Monte Carlo
acquisitions)."""
FAR = -30.0
"""Below, log(log(1 + exp(x))) is x."""
TINY = 1e-12


class MisfitImprovement:
    """Logarithm of the expected fall of the misfit below the least that is believed to have been seen.

    The misfit is a known function of the coefficients, and only these are believed in: composite Bayesian
    optimisation (Astudillo and Frazier, ICML 2019). The expectation is a mean over fixed quasi-random draws.
    """

    name = "log_expected_misfit_improvement"
    n_starts, n_steps = 3, 15

    def __init__(self, belief: CurveBelief, misfit: CurveMisfit, least: float, doubt: float = 1.0) -> None:
        """Take what is believed.

        Parameters
        ----------
        belief
            About curves.
        misfit
            What the basis makes of the target.
        least
            Least misfit so far, above 0.
        doubt
            Factor on the sigmas that are believed.
        """
        self._belief, self._misfit = belief, misfit
        self._normals = doubt * quasi_normals(N_DRAWS, len(misfit.centre), DRAW_SEED)
        self._least, self._temperature = least, TEMPERATURE * least

    def watched(self) -> Floats:
        """At the points that the belief watches, shape (m,)."""
        return self._of(*self._belief.watched_coefficients())

    def at(self, points: Floats) -> Floats:
        """At any points, shape (m, d) -> (m,)."""
        return self._of(*self._belief.coefficients(points))

    def slope(self, point: Floats) -> tuple[float, Floats]:
        """At one point, shape (d,), with its gradient."""
        here = self._belief.expect(point)
        root: Floats = self._misfit.stretch * self._misfit.root
        centre: Floats = self._misfit.centre
        ways = (here.means + here.sigmas * self._normals - centre) @ root.T
        lengths = np.maximum(np.sqrt((ways**2).sum(axis=1)), TINY)
        gains = (self._least - lengths) / self._temperature
        logs = _log_softplus(gains)
        shares = np.exp(logs - logs.max())
        pulls = shares / shares.sum() * _slope_of_log_softplus(gains) / self._temperature
        by_coefficient = -(pulls / lengths)[:, np.newaxis] * (ways @ root)
        gradient = by_coefficient.sum(axis=0) @ here.mean_gradients
        gradient += (by_coefficient * self._normals).sum(axis=0) @ here.sigma_gradients
        return float(self._log_mean(logs[np.newaxis])[0]), gradient

    def expected(self, points: Floats) -> tuple[Floats, Floats]:
        """Mean and standard deviation of the misfit at points, shape (m, d), each (m,)."""
        drawn = self._drawn(*self._belief.coefficients(points))
        return drawn.mean(axis=1), drawn.std(axis=1)

    def _drawn(self, means: Floats, sigmas: Floats) -> Floats:
        """Drawn misfits, shape (m, n_draws)."""
        rows = [
            self._misfit.distances(mean + sigma * self._normals)
            for mean, sigma in zip(means, sigmas, strict=True)
        ]
        return np.stack(rows)

    def _of(self, means: Floats, sigmas: Floats) -> Floats:
        logs = _log_softplus((self._least - self._drawn(means, sigmas)) / self._temperature)
        return self._log_mean(logs)

    def _log_mean(self, logs: Floats) -> Floats:
        """Logarithm of the mean gain over the draws, shape (m, n_draws) -> (m,)."""
        top = logs.max(axis=1)
        mean = np.exp(logs - top[:, np.newaxis]).mean(axis=1)
        return top + np.log(mean) + np.log(self._temperature)


def _log_softplus(x: Floats) -> Floats:
    """log(log(1 + exp(x)))."""
    return np.where(x < FAR, x, np.log(np.logaddexp(0.0, np.maximum(x, FAR))))


def _slope_of_log_softplus(x: Floats) -> Floats:
    """Its derivative."""
    near = np.maximum(x, FAR)
    return np.where(x < FAR, 1.0, expit(near) / np.logaddexp(0.0, near))
