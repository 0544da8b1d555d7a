"""What is believed of whole curves between the measurements: a band at any composition, and draws."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri
from scipy.stats import qmc

from models.domain.scattering import Floats
from models.domain.soft_log import harden
from models.gp.belief import Belief
from models.gp.curve_basis import CurveBasis

SOBOL_EDGE = 1e-9
"""Smallest probability that is turned into a normal draw."""


@dataclass(frozen=True, eq=False)
class CurveBand:
    """Curves that are expected at a set of points, in softened log-intensity."""

    means: Floats
    """Shape (m, n_q)."""
    sigmas: Floats
    """Standard deviation of the noise-free curve, shape (m, n_q)."""

    @property
    def rms_sigmas(self) -> Floats:
        """Root mean square of the sigmas over the bins, shape (m,): about a share of the intensity."""
        return np.sqrt((self.sigmas**2).mean(axis=1))


@dataclass(frozen=True, eq=False)
class CoefficientsHere:
    """What is expected of the coefficients at one point, and how it changes with the point."""

    means: Floats
    """Shape (n_components,)."""
    sigmas: Floats
    """Shape (n_components,)."""
    mean_gradients: Floats
    """Shape (n_components, d)."""
    sigma_gradients: Floats
    """Shape (n_components, d)."""


class CurveBelief:
    """A belief about each coefficient of a basis, taken together."""

    def __init__(self, basis: CurveBasis, beliefs: Mapping[str, Belief]) -> None:
        """Take the basis and the beliefs about its coefficients, by name."""
        self.basis = basis
        self.beliefs = tuple(beliefs[name] for name in basis.names)
        self.worths = (basis.vectors**2).mean(axis=1)
        """What the variance of each coefficient is worth in that of log-intensity, mean over the bins."""

    def coefficients(self, points: Floats) -> tuple[Floats, Floats]:
        """Mean and standard deviation of the coefficients at points, each shape (m, n_components)."""
        found = [belief.predict(points) for belief in self.beliefs]
        return _columns(found)

    def watched_coefficients(self) -> tuple[Floats, Floats]:
        """The same at the points that the beliefs watch."""
        return _columns([belief.mixed(belief.watched()) for belief in self.beliefs])

    def expect(self, point: Floats) -> CoefficientsHere:
        """The same at one point, shape (d,), with gradients."""
        found = [_mixed_with_gradients(belief, point) for belief in self.beliefs]
        return CoefficientsHere(
            *(np.array([one[place] for one in found]) for place in range(2)),
            *(np.stack([one[place] for one in found]) for place in (2, 3)),
        )

    def mean_logs(self, points: Floats) -> tuple[Floats, Floats]:
        """Mean and standard deviation of log-intensity averaged over the bins, each shape (m,)."""
        means, sigmas = self.coefficients(points)
        basis, shares = self.basis, self.basis.vectors.mean(axis=1)
        variances = sigmas**2 @ shares**2 + (basis.misses.mean(axis=1) ** 2).mean()
        return basis.mean.mean() + means @ shares, np.sqrt(variances)

    def watched_rms_sigmas(self) -> Floats:
        """Root mean square sigma of log-intensity at the points that the beliefs watch, shape (m,)."""
        _, sigmas = self.watched_coefficients()
        return np.sqrt(sigmas**2 @ self.worths + self.basis.missed_mean_square)

    def band(self, points: Floats) -> CurveBand:
        """The curves that are expected at points, shape (m, n_columns)."""
        means, sigmas = self.coefficients(points)
        basis = self.basis
        variances = sigmas**2 @ basis.vectors**2 + basis.missed_variance
        return CurveBand(basis.mean + means @ basis.vectors, np.sqrt(variances))

    def draw(self, point: Floats, n_draws: int, seed: int) -> Floats:
        """Curves that may be found at one point, shape (n_columns,) -> intensities (n_draws, n_q).

        The coefficients are drawn independently; what the components miss is drawn like what they missed of
        curves that had been left out, so that it is as smooth in q.
        """
        means, sigmas = (one[0] for one in self.coefficients(point[np.newaxis]))
        basis = self.basis
        n_missed = len(basis.misses)
        normals = quasi_normals(n_draws, len(means) + n_missed, seed)
        known, missed = np.split(normals, [len(means)], axis=1)
        logs = basis.mean + (means + sigmas * known) @ basis.vectors
        return harden(logs + missed @ basis.misses / np.sqrt(n_missed), basis.floor)


def quasi_normals(n: int, size: int, seed: int) -> Floats:
    """Normal draws from a scrambled Sobol sequence, shape (n, size): the same seed, the same draws."""
    sampler = qmc.Sobol(size, scramble=True, rng=np.random.default_rng(seed))
    shares = sampler.random(1 << (n - 1).bit_length())[:n]
    return ndtri(np.clip(shares, SOBOL_EDGE, 1.0 - SOBOL_EDGE))


def _mixed_with_gradients(belief: Belief, point: Floats) -> tuple[float, float, Floats, Floats]:
    """Mean and standard deviation of a belief's mixture at one point, and the gradients of both."""
    here, weights, spread = belief.expect(point), belief.weights, belief.state.spread
    mean = float(weights @ here.means)
    apart = here.means - mean
    sigma = float(np.sqrt(weights @ (here.sigmas**2 + apart**2)))
    by_mean = weights @ here.mean_gradients
    by_sigma = (weights * here.sigmas) @ here.sigma_gradients + (weights * apart) @ here.mean_gradients
    return mean * spread + belief.state.mean, sigma * spread, by_mean * spread, by_sigma * spread / sigma


def _columns(found: list[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    return np.stack([one[0] for one in found], axis=1), np.stack([one[1] for one in found], axis=1)
