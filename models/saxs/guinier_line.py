"""The arithmetic of one fit of Guinier's law, compiled: a search for its region takes hundreds of fits."""

import math

import numpy as np

from models.compiled import compiled
from models.domain.scattering import Floats

N_STEPS = 8
"""Gauss-Newton steps at most; they settle in four."""
SETTLED = 1e-9
"""Steps end when ln I0 and the relative slope move by less."""
LARGEST_EXPONENT = 700.0
"""Beyond it an exponential is no number."""


@compiled
def fit_line(q2: Floats, intensity: Floats, weight: Floats, variance: Floats) -> Floats:
    """Fit ln I = a + b q^2: a line through ln I seeds Gauss-Newton steps on I, which noise does not bias.

    Parameters
    ----------
    q2
        q squared, shape (n_q,), 1/nm^2.
    intensity
        Intensity, shape (n_q,).
    weight
        Of each point, shape (n_q,).
    variance
        Of each point, from which the errors are propagated, shape (n_q,).

    Returns
    -------
    Floats
        a, b, the variance of each, chi squared, and the count of points above zero, shape (6,); NaN but for
        the count where there are fewer than two of these, or the steps lead nowhere.
    """
    found = np.full(6, np.nan)
    line, found[5] = _seed(q2, intensity, weight)
    if not (math.isfinite(line[0]) and math.isfinite(line[1])):
        return found
    for _ in range(N_STEPS):
        s0, s1, s2, t0, t1 = 0.0, 0.0, 0.0, 0.0, 0.0
        for i in range(len(q2)):
            model = math.exp(min(line[0] + line[1] * q2[i], LARGEST_EXPONENT))
            pull = weight[i] * model
            s0 += pull * model
            s1 += pull * model * q2[i]
            s2 += pull * model * q2[i] * q2[i]
            t0 += pull * (intensity[i] - model)
            t1 += pull * (intensity[i] - model) * q2[i]
        determinant = s0 * s2 - s1 * s1
        if not determinant > 0.0:
            return found
        step, turn = (s2 * t0 - s1 * t1) / determinant, (s0 * t1 - s1 * t0) / determinant
        if not (math.isfinite(step) and math.isfinite(turn)):
            return found
        line[0] += step
        line[1] += turn
        if abs(step) < SETTLED and abs(turn) < SETTLED * abs(line[1]):
            break
    found[:2] = line
    found[2:5] = _errors(q2, intensity, weight, variance, line)
    return found


@compiled
def _seed(q2: Floats, intensity: Floats, weight: Floats) -> tuple[Floats, int]:
    """Intercept and slope of ln I where I is positive, weighted by (I / sigma)^2; and of how many points."""
    n, total, mean_x, mean_y = 0, 0.0, 0.0, 0.0
    for i in range(len(q2)):
        if intensity[i] > 0.0:
            share = weight[i] * intensity[i] ** 2
            n, total = n + 1, total + share
            mean_x += share * q2[i]
            mean_y += share * math.log(intensity[i])
    line = np.full(2, np.nan)
    if n < 2 or not total > 0.0:
        return line, n
    mean_x, mean_y = mean_x / total, mean_y / total
    across, along = 0.0, 0.0
    for i in range(len(q2)):
        if intensity[i] > 0.0:
            share = weight[i] * intensity[i] ** 2
            across += share * (q2[i] - mean_x) * (math.log(intensity[i]) - mean_y)
            along += share * (q2[i] - mean_x) ** 2
    if along > 0.0:
        line[1] = across / along
        line[0] = mean_y - line[1] * mean_x
    return line, n


@compiled
def _errors(q2: Floats, intensity: Floats, weight: Floats, variance: Floats, line: Floats) -> Floats:
    """Variances of intercept and slope, propagated from the points' own, and chi squared, shape (3,)."""
    s0, s1, s2, chi2 = 0.0, 0.0, 0.0, 0.0
    for i in range(len(q2)):
        model = math.exp(min(line[0] + line[1] * q2[i], LARGEST_EXPONENT))
        pull = weight[i] * model * model
        s0 += pull
        s1 += pull * q2[i]
        s2 += pull * q2[i] * q2[i]
        chi2 += weight[i] * (intensity[i] - model) ** 2
    determinant, found = s0 * s2 - s1 * s1, np.array([0.0, 0.0, chi2])
    for i in range(len(q2)):
        pull = weight[i] * math.exp(min(line[0] + line[1] * q2[i], LARGEST_EXPONENT))
        found[0] += (pull * (s2 - s1 * q2[i]) / determinant) ** 2 * variance[i]
        found[1] += (pull * (s0 * q2[i] - s1) / determinant) ** 2 * variance[i]
    return found
