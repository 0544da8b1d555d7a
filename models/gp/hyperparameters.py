"""Hyperparameters of a Gaussian process: their prior, the best ones, and others that fit nearly as well."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import ndtri
from scipy.stats import qmc

from models.domain.errors import FitFailed
from models.domain.scattering import Floats
from models.gp.kernel import contract, covariance
from models.gp.routines import lapack

LENGTH_MEDIAN, LENGTH_SPREAD = math.exp(-0.5), 1.0
"""Length scale in the unit cube, for one axis: median and standard deviation of the logarithm. The median
grows with the root of the count of axes (Hvarfner et al., ICML 2024)."""
NOISE_MEDIAN, NOISE_SPREAD = math.exp(-6.0), 1.5
"""Variance that is learned besides the known one, in standardised units: median, standard deviation of the
log."""
LENGTHS = (0.02, 20.0)
VARIANCES = (math.exp(-5.0), math.exp(5.0))
NOISES = (math.exp(-14.0), math.exp(1.0))
FIRST_LENGTHS = (0.5, 0.15)
"""Length scales from which a first fit starts: the density has often two summits, one that takes the
structure for noise and one that does not."""
MOST_STEPS = 60
STEP = 1e-3
"""Step of the finite differences of gradients, in logarithms."""
LEAST_CURVATURE = 0.2
"""A direction that the values say nothing of is searched this far: 1 / sqrt of it, in logarithms."""
DRAW_SEED = 0
IMPOSSIBLE = 1e10
"""Stands for the density of hyperparameters whose covariance cannot be factored."""


@dataclass(frozen=True, eq=False)
class Standardised:
    """A training set in units of its own spread."""

    points: Floats
    """Scaled coordinates, shape (n, d)."""
    values: Floats
    """Mean 0, standard deviation 1, shape (n,)."""
    variances: Floats
    """Known variance of each value, shape (n,)."""

    @property
    def n_axes(self) -> int:
        """Count of columns."""
        return self.points.shape[1]

    def first(self, n: int) -> "Standardised":
        """The first rows."""
        return Standardised(self.points[:n], self.values[:n], self.variances[:n])

    def thinned(self, n_most: int) -> "Standardised":
        """At most so many rows, evenly spaced in the order of measurement."""
        n = len(self.values)
        if n <= n_most:
            return self
        rows = np.linspace(0, n - 1, n_most).round().astype(int)
        return Standardised(self.points[rows], self.values[rows], self.variances[rows])


def negative_log_density(logs: Floats, known: Standardised) -> tuple[float, Floats]:
    """Negative logarithm of likelihood times prior, and its gradient.

    The likelihood is that of Rasmussen and Williams 2006, eq. 2.30 and 5.9, at the constant mean of largest
    likelihood. The prior is a density in the hyperparameters themselves, as gpytorch's are.

    Parameters
    ----------
    logs
        Logarithms of the length scales, of the variance, and of the learned noise variance, shape (d + 2,).
    known
        What was measured.
    """
    n, n_axes = known.points.shape
    rates, variance, noise = split(logs)
    matrix = covariance(known.points, known.points, rates, variance)
    matrix.flat[:: n + 1] += known.variances + noise
    factor, failed = lapack.dpotrf(matrix, lower=1, overwrite_a=1)
    if failed:
        return IMPOSSIBLE, np.zeros(n_axes + 2)
    solved, _ = lapack.dpotrs(factor, np.stack([known.values, np.ones(n)], axis=1), lower=1)
    mean = solved[:, 0].sum() / solved[:, 1].sum()
    weights = solved[:, 0] - mean * solved[:, 1]
    value = 0.5 * float((known.values - mean) @ weights) + float(np.log(np.diag(factor)).sum())
    inverse, _ = lapack.dpotri(factor, lower=1)
    inverse -= np.outer(weights, weights)
    gradient = np.append(contract(known.points, rates, variance, inverse), noise * np.trace(inverse))
    prior, slope = _negative_log_prior(logs, n_axes)
    return value + prior, 0.5 * gradient + slope


def split(logs: Floats) -> tuple[Floats, float, float]:
    """Inverse length scales, variance, noise variance."""
    return np.exp(-logs[:-2]), math.exp(logs[-2]), math.exp(logs[-1])


def _negative_log_prior(logs: Floats, n_axes: int) -> tuple[float, Floats]:
    """Log-normal length scales and noise, gamma(2, 1) variance."""
    lengths = (logs[:-2] - math.log(LENGTH_MEDIAN) - 0.5 * math.log(n_axes)) / LENGTH_SPREAD
    noise = (logs[-1] - math.log(NOISE_MEDIAN)) / NOISE_SPREAD
    variance = math.exp(logs[-2])
    value = float((0.5 * lengths**2 + logs[:-2]).sum()) + variance - logs[-2] + 0.5 * noise**2 + logs[-1]
    slope = np.concatenate([lengths / LENGTH_SPREAD + 1.0, [variance - 1.0, noise / NOISE_SPREAD + 1.0]])
    return float(value), slope


def bounds_of(n_axes: int) -> Floats:
    """Lowest and highest logarithms, shape (2, d + 2)."""
    return np.log(np.array([*[LENGTHS] * n_axes, VARIANCES, NOISES]).T)


def fit_hyperparameters(known: Standardised, start: Floats | None) -> Floats:
    """Hyperparameters of largest posterior density (L-BFGS-B), as logarithms, shape (d + 2,).

    Parameters
    ----------
    known
        What was measured.
    start
        Those of an earlier fit, to start from; None starts from several.

    Raises
    ------
    FitFailed
        When no start leads anywhere.
    """
    n_axes = known.n_axes
    starts = [
        np.append(np.full(n_axes, math.log(length)), [0.0, math.log(NOISE_MEDIAN)])
        for length in FIRST_LENGTHS
    ]
    limits = bounds_of(n_axes)
    found: list[Any] = [
        minimize(
            negative_log_density, one, args=(known,), jac=True, method="L-BFGS-B", bounds=limits.T,
            options={"maxiter": MOST_STEPS, "ftol": 1e-8, "gtol": 1e-4},
        )
        for one in (starts if start is None else [start])
    ]  # fmt: skip
    best = min(found, key=_value)
    if not np.isfinite(best.fun) or best.fun >= IMPOSSIBLE:
        raise FitFailed("no hyperparameters were found")
    return np.clip(best.x, *limits)


def _value(result: Any) -> float:
    return float(result.fun)


def spread_around(best: Floats, known: Standardised, n_members: int) -> tuple[Floats, Floats]:
    """Hyperparameters that may be true as well, each with its weight.

    Draws from the normal distribution that fits the posterior density at its summit (Laplace), weighted by
    the density that each really has: importance sampling, with draws from a Sobol sequence. What one fit
    alone believes is too narrow a band while there are few observations.

    Parameters
    ----------
    best
        Logarithms of the hyperparameters of largest density, shape (d + 2,).
    known
        What was measured.
    n_members
        How many, the best among them.

    Returns
    -------
    Floats, Floats
        Logarithms, shape (n_members, d + 2), the best first; weights that add up to 1, shape (n_members,).
    """
    if n_members == 1:
        return best[np.newaxis], np.ones(1)
    size = len(best)
    curvatures, directions = np.linalg.eigh(_curvature(best, known))
    sampler = qmc.Sobol(size, scramble=True, rng=np.random.default_rng(DRAW_SEED))
    normals = ndtri(sampler.random(2 ** (n_members - 1).bit_length())[: n_members - 1])
    normals = np.vstack([np.zeros(size), normals])
    steps = normals / np.sqrt(np.maximum(curvatures, LEAST_CURVATURE)) @ directions.T
    members = np.clip(best + steps, *bounds_of(size - 2))
    densities = np.array([_log_density_of_logs(one, known) for one in members])
    excess = densities + 0.5 * (normals**2).sum(axis=1)
    weights = np.exp(excess - excess.max())
    return members, weights / weights.sum()


def _log_density_of_logs(logs: Floats, known: Standardised) -> float:
    """Logarithm of the posterior density in the logarithms."""
    return float(logs.sum()) - negative_log_density(logs, known)[0]


def _curvature(best: Floats, known: Standardised) -> Floats:
    """Second derivatives of the negative log density in the logarithms, from differences of gradients."""
    rows = [
        negative_log_density(best + step, known)[1] - negative_log_density(best - step, known)[1]
        for step in STEP * np.eye(len(best))
    ]
    matrix = np.array(rows) / (2.0 * STEP)
    return 0.5 * (matrix + matrix.T)
