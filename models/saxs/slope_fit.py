"""Fit the slope of a curve at high q beside a constant background, both free."""

import math
from dataclasses import dataclass

import numpy as np

from models.compiled import compiled
from models.domain.scattering import Floats
from models.saxs.normal_equations import invert_positive, solve, sum_up
from models.saxs.porod_fit import PorodFit

SLOPE_LIMITS = (-9.0, 0.0)
"""A slope is looked for between these."""
N_STEPS = 100
"""Steps at most: slope, next term and background pull at each other along a narrow valley."""
SETTLED = 1e-10
"""Steps end where the way to the least chi squared is, to first order and squared, so short in sigma."""
FIRST_DAMPING, SOFTER, HARDER, MOST_DAMPING = 1e-3, 0.2, 5.0, 1e8
"""Damping of the first step; its factors after a step that succeeds and one that fails; where it gives up."""
MAX_TURN, MAX_BEND = 1.0, 10.0
"""Largest changes of slope and c in one step: the minimum nearest to Porod's law is looked for."""
MAX_SLOPE_SIGMA = 1.5
"""A slope that is less certain is none."""
TINY = 1e-300
"""Stands for 0 where it divides."""


@dataclass(frozen=True)
class Slope:
    """The slope of a curve at high q."""

    value: float
    """The slope; where its fit does not settle, where that was when it ended."""
    sigma: float
    """One standard deviation; infinite where nothing is known of it."""
    why_untold: str
    """Why it is no feature; empty where it is one."""
    has_settled: bool
    """Whether its fit settled. Where a curve falls as a logarithm, slope and background run away together."""


def fit_slope(fit: PorodFit) -> Slope:
    """Fit A q^s (1 + c / q^2) + B to the window of a Porod fit, c as uncertain as there.

    Parameters
    ----------
    fit
        What `fit_porod` found.
    """
    part, q = fit.part, fit.part.curve.q_inv_nm
    # c in units of what is expected of it; intensities in units of the first point's
    unit = max(abs(fit.constant) * q[0] ** -4.0, TINY)
    expected = fit.next_sigma / max(abs(fit.constant), TINY) / q[0] ** 2
    weight, log_x = part.weight * unit**2, np.log(q / q[0])
    points = np.stack([log_x, part.curve.intensity / unit, weight])
    found, has_settled = _settle(points, expected, np.array([1.0, -4.0, 0.0, fit.background / unit]))
    jacobian = _power_law(log_x, found, expected)[1]
    stiffness = np.diag([0.0, 0.0, 1.0, 0.0])
    inverse = invert_positive(sum_up(jacobian, weight, weight)[0] + stiffness)
    weighted = jacobian * weight[:, None]
    noise = (weighted.T * (part.variance / unit**2)) @ weighted * fit.excess
    variance = float((inverse @ (noise + stiffness) @ inverse)[1, 1])
    value, sigma = float(found[1]), math.sqrt(variance) if variance > 0 else math.inf
    why = ""
    if not has_settled:
        why = "the points do not tell a slope from a background: its fit does not settle"
    elif not sigma < MAX_SLOPE_SIGMA or not SLOPE_LIMITS[0] < value < SLOPE_LIMITS[1]:
        why = (
            f"the slope is {value:.2f} +- {sigma:.2g} beside a free background; "
            f"it is told up to a sigma of {MAX_SLOPE_SIGMA:g}"
        )
    return Slope(value, sigma, why, has_settled)


@compiled
def _settle(points: Floats, expected: float, begin: Floats) -> tuple[Floats, bool]:
    """Damped Newton steps to the least chi squared (Marquardt 1963); and whether they settled.

    Parameters
    ----------
    points
        ln x, intensity and weight, shape (3, n).
    expected
        What c is counted in.
    begin
        A, s, c and B, shape (4,).
    """
    found, damping = begin.copy(), FIRST_DAMPING
    model, jacobian = _power_law(points[0], found, expected)
    cost = _cost(points, model, found)
    for _ in range(N_STEPS):
        normal, pull = sum_up(jacobian, points[2], points[1] - model)
        normal[2, 2] += 1.0
        pull[2] -= found[2]
        bent = normal - _bend(points, model, jacobian, found)
        if (found[1] <= SLOPE_LIMITS[0] and pull[1] < 0) or (found[1] >= SLOPE_LIMITS[1] and pull[1] > 0):
            pull[1], bent[1, :], bent[:, 1], bent[1, 1] = 0.0, 0.0, 0.0, 1.0
        if np.sum(pull * solve(normal, pull, 0.0)) <= SETTLED * max(1.0, cost / len(model)):
            return found, True
        while True:
            step = solve(bent + damping * np.diag(np.diag(normal)), pull, 0.0)
            moved = found + step * min(1.0, 1 / max(abs(step[1]) / MAX_TURN, abs(step[2]) / MAX_BEND, 1e-30))
            moved[1] = min(max(moved[1], SLOPE_LIMITS[0]), SLOPE_LIMITS[1])
            new_model, new_jacobian = _power_law(points[0], moved, expected)
            new_cost = _cost(points, new_model, moved)
            if new_cost <= cost:
                break
            damping *= HARDER
            if damping > MOST_DAMPING:
                return found, False
        found, model, jacobian, cost, damping = moved, new_model, new_jacobian, new_cost, damping * SOFTER
    return found, False


@compiled
def _bend(points: Floats, model: Floats, jacobian: Floats, found: Floats) -> Floats:
    """What the model's own bend takes off the normal matrix, shape (4, 4): far from the points it is much."""
    bend = np.zeros((4, 4))
    for i in range(len(model)):
        pull = points[2, i] * (points[1, i] - model[i])
        bend[0, 1] += pull * points[0, i] * jacobian[i, 0]
        bend[0, 2] += pull * jacobian[i, 2] / found[0]
        bend[1, 1] += pull * points[0, i] * jacobian[i, 1]
        bend[1, 2] += pull * points[0, i] * jacobian[i, 2]
    for j in range(3):
        for k in range(j):
            bend[j, k] = bend[k, j]
    return bend


@compiled
def _cost(points: Floats, model: Floats, found: Floats) -> float:
    """Chi squared, and what is expected of c."""
    cost = found[2] ** 2
    for i in range(len(model)):
        cost += points[2, i] * (points[1, i] - model[i]) ** 2
    return cost


@compiled
def _power_law(log_x: Floats, found: Floats, expected: float) -> tuple[Floats, Floats]:
    """A x^s (1 + c / x^2) + B, shape (n,), and its derivatives, shape (n, 4)."""
    model, jacobian = np.empty(len(log_x)), np.empty((len(log_x), 4))
    for i in range(len(log_x)):
        power = math.exp(found[1] * log_x[i])
        bend = power * expected * math.exp(-2.0 * log_x[i])
        shape = power + found[2] * bend
        model[i] = found[0] * shape + found[3]
        jacobian[i, 0], jacobian[i, 1] = shape, found[0] * log_x[i] * shape
        jacobian[i, 2], jacobian[i, 3] = found[0] * bend, 1.0
    return model, jacobian
