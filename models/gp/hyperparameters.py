"""Hyperparameters of a Gaussian process: their prior, the best ones, and others that fit nearly as well."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp, ndtri
from scipy.stats import qmc

from models.domain.errors import FitFailed
from models.domain.scattering import Floats
from models.gp.kernel import contract, fill_covariance
from models.gp.routines import lapack

LENGTH_MEDIAN, LENGTH_SPREAD = 0.2, 1.0
"""Length scale in the unit cube, for one axis: median and standard deviation of the logarithm. The median
grows with the root of the count of axes (Hvarfner et al., ICML 2024)."""
NOISE_MEDIAN, NOISE_SPREAD = math.exp(-8.0), 1.5
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
SAME_SUMMIT, LOWEST_SUMMIT = 0.1, 6.0
"""Summits nearer to each other than this are one; those so far below the highest, in logarithms, are none."""
N_DRAWS, DRAW_SEED = 32, 0
LEAST_SHARE = 0.2
"""Share of the draws that every summit gets at least."""
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

    @cached_property
    def room(self) -> tuple[Floats, Floats]:
        """Two arrays to compute in, shape (n, n) each: new ones each time would cost more than the rest."""
        n = len(self.values)
        return np.empty((n, n)), np.empty((n, n))

    def first(self, n: int) -> "Standardised":
        """The first rows."""
        return Standardised(self.points[:n], self.values[:n], self.variances[:n])

    def plus(self, more: "Standardised") -> "Standardised":
        """These rows, and others after them."""
        return Standardised(
            np.vstack([self.points, more.points]),
            np.concatenate([self.values, more.values]),
            np.concatenate([self.variances, more.variances]),
        )

    def thinned(self, n_most: int) -> "Standardised":
        """At most so many rows, evenly spaced in the order of measurement."""
        n = len(self.values)
        if n <= n_most:
            return self
        rows = np.linspace(0, n - 1, n_most).round().astype(int)
        return Standardised(self.points[rows], self.values[rows], self.variances[rows])


def negative_log_density(logs: Floats, known: Standardised) -> tuple[float, Floats]:
    """Negative logarithm of likelihood times prior, and its gradient.

    The likelihood is that of Rasmussen and Williams 2006, eq. 2.30 and 5.9. The density is one of the
    logarithms, in which it is nearly normal: its summit in the hyperparameters themselves lies aside from
    where most of it is.

    Parameters
    ----------
    logs
        Logarithms of the length scales, of the variance, and of the learned noise variance, shape (d + 2,).
    known
        What was measured.
    """
    n, n_axes = known.points.shape
    rates, variance, noise = split(logs)
    matrix, parts = known.room
    fill_covariance(known.points, rates, variance, matrix, parts)
    matrix.flat[:: n + 1] += known.variances + noise
    # a lower half by rows is an upper half by columns, as the library wants it
    factor, failed = lapack.dpotrf(matrix.T, lower=0, overwrite_a=1)
    if failed:
        return IMPOSSIBLE, np.zeros(n_axes + 2)
    weights, _ = lapack.dpotrs(factor, known.values, lower=0)
    value = 0.5 * float(known.values @ weights) + float(np.log(np.diag(factor)).sum())
    inverse, _ = lapack.dpotri(factor, lower=0, overwrite_c=1)
    gradient = contract(known.points, rates, variance, parts, inverse.T, weights)
    gradient[-1] *= noise
    prior, slope = _negative_log_prior(logs, n_axes)
    return value + prior, 0.5 * gradient + slope


def split(logs: Floats) -> tuple[Floats, float, float]:
    """Inverse length scales, variance, noise variance."""
    return np.exp(-logs[:-2]), math.exp(logs[-2]), math.exp(logs[-1])


def _negative_log_prior(logs: Floats, n_axes: int) -> tuple[float, Floats]:
    """Log-normal length scales and noise, gamma(2, 1) variance; as densities of the logarithms."""
    lengths = (logs[:-2] - math.log(LENGTH_MEDIAN) - 0.5 * math.log(n_axes)) / LENGTH_SPREAD
    noise = (logs[-1] - math.log(NOISE_MEDIAN)) / NOISE_SPREAD
    variance = math.exp(logs[-2])
    value = float(0.5 * (lengths @ lengths)) + variance - 2.0 * logs[-2] + 0.5 * noise**2
    slope = np.concatenate([lengths / LENGTH_SPREAD, [variance - 2.0, noise / NOISE_SPREAD]])
    return float(value), slope


def bounds_of(n_axes: int) -> Floats:
    """Lowest and highest logarithms, shape (2, d + 2)."""
    return np.log(np.array([*[LENGTHS] * n_axes, VARIANCES, NOISES]).T)


def fit_hyperparameters(known: Standardised, start: Floats | None) -> Floats:
    """Summits of the posterior density (L-BFGS-B), as logarithms, (n_summits, d + 2), the highest first.

    Parameters
    ----------
    known
        What was measured.
    start
        Hyperparameters of an earlier fit, from which one of the climbs starts.

    Raises
    ------
    FitFailed
        When no start leads anywhere.
    """
    n_axes = known.n_axes
    firsts = [
        np.append(np.full(n_axes, math.log(length)), [0.0, math.log(NOISE_MEDIAN)])
        for length in FIRST_LENGTHS
    ]
    limits = bounds_of(n_axes)
    found: list[Any] = [
        minimize(
            negative_log_density, one, args=(known,), jac=True, method="L-BFGS-B", bounds=limits.T,
            options={"maxiter": MOST_STEPS, "ftol": 1e-8, "gtol": 1e-4},
        )
        for one in (firsts if start is None else [start, firsts[-1]])
    ]  # fmt: skip
    found = sorted((one for one in found if np.isfinite(one.fun) and one.fun < IMPOSSIBLE), key=_value)
    if not found:
        raise FitFailed("no hyperparameters were found")
    summits = [np.clip(found[0].x, *limits)]
    for one in found[1:]:
        apart = min(np.abs(one.x - summit).max() for summit in summits)
        if apart > SAME_SUMMIT and one.fun < found[0].fun + LOWEST_SUMMIT:
            summits.append(np.clip(one.x, *limits))
    return np.array(summits)


def _value(result: Any) -> float:
    return float(result.fun)


def spread_around(summits: Floats, known: Standardised, n_members: int) -> tuple[Floats, Floats]:
    """Hyperparameters that may be true, each with its weight.

    Draws from the normal distributions that fit the posterior density at its summits (Laplace), weighted by
    the density that each really has over that of being drawn: importance sampling from a mixture, with draws
    from a Sobol sequence (Owen and Zhou, J. Am. Stat. Assoc. 95 (2000) 135) and weights that are truncated
    (Ionides, J. Comput. Graph. Stat. 17 (2008) 295); then as many as are wanted of them, by systematic
    resampling. What one fit alone believes is too narrow a band while there are few observations.

    Parameters
    ----------
    summits
        Logarithms of the hyperparameters, shape (n_summits, d + 2), those of largest density first.
    known
        What was measured.
    n_members
        How many at most.

    Returns
    -------
    Floats, Floats
        Logarithms, shape (n, d + 2), those of largest density first; weights that add up to 1, shape (n,).
    """
    if n_members == 1:
        return summits[:1], np.ones(1)
    hills = [_Hill.at(summit, known) for summit in summits]
    shares = _shares([hill.log_mass for hill in hills])
    size, limits = summits.shape[1], bounds_of(known.n_axes)
    sampler = qmc.Sobol(size, scramble=True, rng=np.random.default_rng(DRAW_SEED))
    normals = np.vstack([np.zeros(size), ndtri(sampler.random(N_DRAWS))[1:]])
    ends = np.round(np.cumsum(shares) * N_DRAWS).astype(int)
    draws = np.vstack(
        [hill.place(part) for hill, part in zip(hills, np.split(normals, ends[:-1]), strict=True)]
    )
    draws = np.clip(draws, *limits)
    densities = np.array([-negative_log_density(one, known)[0] for one in draws])
    drawn = logsumexp([hill.log_density(draws) for hill in hills], axis=0, b=shares[:, np.newaxis])
    weights = np.exp(densities - drawn - (densities - drawn).max())
    weights = np.minimum(weights, weights.mean() * math.sqrt(N_DRAWS))
    counts = _resampled(weights / weights.sum(), n_members)
    kept = np.flatnonzero(counts)
    kept = kept[np.argsort(-densities[kept], kind="stable")]
    return draws[kept], counts[kept] / n_members


def _resampled(weights: Floats, n: int) -> Floats:
    """How often each is taken when n are taken at even steps of the cumulated weights."""
    places = np.searchsorted(np.cumsum(weights), (np.arange(n) + 0.5) / n)
    return np.bincount(np.minimum(places, len(weights) - 1), minlength=len(weights)).astype(np.float64)


def _shares(log_masses: list[float]) -> Floats:
    """Share of the draws for each summit: as its mass, and none neglected."""
    masses = np.exp(np.array(log_masses) - max(log_masses))
    shares = np.maximum(masses / masses.sum(), LEAST_SHARE)
    return shares / shares.sum()


@dataclass(frozen=True, eq=False)
class _Hill:
    """The normal distribution that fits a density at its summit."""

    summit: Floats
    """Logarithms, shape (d + 2,)."""
    directions: Floats
    """Principal directions, by column."""
    deviations: Floats
    """Standard deviation along each."""
    log_mass: float
    """Logarithm of the density's integral, if it were normal."""

    @classmethod
    def at(cls, summit: Floats, known: Standardised) -> "_Hill":
        """Measure the curvature at a summit."""
        curvatures, directions = np.linalg.eigh(_curvature(summit, known))
        deviations = 1.0 / np.sqrt(np.maximum(curvatures, LEAST_CURVATURE))
        height = -negative_log_density(summit, known)[0]
        return cls(summit, directions, deviations, height + float(np.log(deviations).sum()))

    def place(self, normals: Floats) -> Floats:
        """Standard normal draws, shape (n, d + 2), brought here."""
        return self.summit + (normals * self.deviations) @ self.directions.T

    def log_density(self, points: Floats) -> Floats:
        """Logarithm of its density but for a constant, shape (n, d + 2) -> (n,)."""
        scaled = (points - self.summit) @ self.directions / self.deviations
        return -0.5 * (scaled**2).sum(axis=1) - float(np.log(self.deviations).sum())


def _curvature(best: Floats, known: Standardised) -> Floats:
    """Second derivatives of the negative log density, from differences of gradients."""
    rows = [
        negative_log_density(best + step, known)[1] - negative_log_density(best - step, known)[1]
        for step in STEP * np.eye(len(best))
    ]
    matrix = np.array(rows) / (2.0 * STEP)
    return 0.5 * (matrix + matrix.T)
