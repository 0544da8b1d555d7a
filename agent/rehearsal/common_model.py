"""The one model by which every strategy's measurements are judged: a small Gaussian process of its own.

It shares no code with `models.gp` and none with a peer, so that nobody is judged by his own glasses.
Matern-5/2 kernel with one length scale an axis, values standardised, noise as told; the hyperparameters of
largest posterior density. Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, ch. 2 and 5.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

from models.domain.scattering import Floats

STARTS = (0.15, 0.5)
"""Length scales from which the search for hyperparameters starts, in units of an axis' range."""
LENGTH_MEDIAN, LENGTH_SPREAD = 0.35, 1.0
"""Prior of a length scale: log-normal; median in units of an axis' range for one axis, times sqrt(n_axes)."""
VARIANCE_SPREAD = 1.0
"""Prior of the kernel's variance: log-normal around that of the values."""
LENGTH_BOUNDS, VARIANCE_BOUNDS = (0.02, 10.0), (0.01, 100.0)
LEAST_NOISE = 1e-6
"""Smallest variance of an observation, relative to that of the values."""
ROOT_5 = 5.0**0.5
IMPOSSIBLE = 1e25
"""Loss where the matrix cannot be factored."""


@dataclass(frozen=True, eq=False)
class CommonModel:
    """A model fitted to what one method measured."""

    unit: Floats
    """Scaled coordinates, shape (n, n_axes)."""
    weights: Floats
    """Inverse covariance times standardised values, shape (n,), or (n, n_bins) of curves."""
    lengths: Floats
    """Length scale of each axis, shape (n_axes,)."""
    variance: float
    """Variance of the kernel, in that of the values."""
    centre: float | Floats
    """Mean of the values; of curves, bin by bin."""
    spread: float
    """Standard deviation of the values."""

    def mean(self, unit: Floats) -> Floats:
        """Posterior mean at scaled coordinates, shape (m, n_axes) -> (m,), or (m, n_bins) of curves."""
        kernel = self.variance * _matern(_distances(unit, self.unit, self.lengths))
        return self.centre + self.spread * (kernel @ self.weights)


def fit_common_model(unit: Floats, values: Floats, sigmas: Floats) -> CommonModel:
    """Fit the model; equal values give a flat one.

    Parameters
    ----------
    unit
        Scaled coordinates, shape (n, n_axes).
    values, sigmas
        Measured values and one standard deviation of each, shape (n,).
    """
    fitted = fit_common_curves(unit, values[:, np.newaxis], sigmas)
    return replace(fitted, weights=fitted.weights[:, 0], centre=float(values.mean()))


def fit_common_curves(unit: Floats, curves: Floats, sigmas: Floats) -> CommonModel:
    """Fit the model to whole curves: all bins vary alike over the space, each about its own mean.

    Bins go up and down together, so that they are not that many independent witnesses of the length scales:
    they count as many as there are ways to vary, ``(sum of variances)^2 / sum of their squares`` over the
    principal components.

    Parameters
    ----------
    unit
        Scaled coordinates, shape (n, n_axes).
    curves
        Values in each bin, shape (n, n_bins).
    sigmas
        One standard deviation of a bin of each curve, root mean square over the bins, shape (n,).
    """
    n_axes, centre = unit.shape[1], curves.mean(axis=0)
    spread = float(np.sqrt(((curves - centre) ** 2).mean()))
    if spread == 0.0:
        return CommonModel(unit, np.zeros_like(curves), np.ones(n_axes), 1.0, centre, 0.0)
    y, noise = (curves - centre) / spread, np.maximum((sigmas / spread) ** 2, LEAST_NOISE)
    told = _Told(unit, y, noise, _count_ways(y))
    bounds = [tuple(np.log(LENGTH_BOUNDS))] * n_axes + [tuple(np.log(VARIANCE_BOUNDS))]
    found = [
        minimize(
            _loss, np.append(np.full(n_axes, np.log(start)), 0.0), args=(told,),
            jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 100},
        )
        for start in STARTS
    ]  # fmt: skip
    best = found[int(np.argmin([result.fun for result in found]))].x
    lengths, variance = np.exp(best[:-1]), float(np.exp(best[-1]))
    covariance = variance * _matern(_distances(unit, unit, lengths)) + np.diag(noise)
    weights = cho_solve(cho_factor(covariance, lower=True), y)
    return CommonModel(unit, weights, lengths, variance, centre, spread)


@dataclass(frozen=True, eq=False)
class _Told:
    """What a model is fitted to."""

    unit: Floats
    y: Floats
    noise: Floats
    n_ways: float


def _count_ways(y: Floats) -> float:
    """In how many ways curves vary, from 1 to the count of their bins."""
    inner = y @ y.T if len(y) < y.shape[1] else y.T @ y
    return float(np.trace(inner) ** 2 / (inner**2).sum())


def _loss(parameters: Floats, told: _Told) -> tuple[float, Floats]:
    """Negative logarithm of the posterior density, and its gradient; parameters are logarithms."""
    unit, y, n_axes = told.unit, told.y, told.unit.shape[1]
    lengths, variance = np.exp(parameters[:-1]), float(np.exp(parameters[-1]))
    r = _distances(unit, unit, lengths)
    kernel = variance * _matern(r)
    try:
        factor = cho_factor(kernel + np.diag(told.noise), lower=True)
    except np.linalg.LinAlgError:
        return IMPOSSIBLE, np.zeros_like(parameters)
    alpha, share = cho_solve(factor, y), told.n_ways / y.shape[1]
    inner = share * (alpha @ alpha.T) - told.n_ways * cho_solve(factor, np.eye(len(y)))
    # d k / d log l_i = variance * 5/3 (1 + sqrt5 r) exp(-sqrt5 r) (x_i - x'_i)^2 / l_i^2
    shared = inner * (variance * 5 / 3 * (1 + ROOT_5 * r) * np.exp(-ROOT_5 * r))
    gaps = (unit[:, np.newaxis] - unit[np.newaxis]) / lengths
    slopes = 0.5 * np.einsum("ij,ijk->k", shared, gaps**2)
    gradient = -np.append(slopes, 0.5 * np.sum(inner * kernel))
    loss = 0.5 * share * float((y * alpha).sum()) + told.n_ways * float(np.log(np.diag(factor[0])).sum())
    middle = np.append(np.full(n_axes, np.log(LENGTH_MEDIAN) + 0.5 * np.log(n_axes)), 0.0)
    width = np.append(np.full(n_axes, LENGTH_SPREAD), VARIANCE_SPREAD)
    away = (parameters - middle) / width
    return loss + 0.5 * float(away @ away), gradient + away / width


def _distances(a: Floats, b: Floats, lengths: Floats) -> Floats:
    gaps = (a[:, np.newaxis] - b[np.newaxis]) / lengths
    return np.sqrt(np.maximum((gaps**2).sum(axis=2), 0.0))


def _matern(r: Floats) -> Floats:
    return (1 + ROOT_5 * r + 5 / 3 * r**2) * np.exp(-ROOT_5 * r)


def map_error(found: Floats, truth: Floats, level: float | None) -> float:
    """Root mean square error of a map; the share on the wrong side of a level where one is sought.

    Parameters
    ----------
    found, truth
        Values at the same places, shape (n,).
    level
        The level; None for a map.
    """
    if level is not None:
        return float(np.mean((found > level) != (truth > level)))
    return float(np.sqrt(np.mean((found - truth) ** 2)))
