"""The steps that bring a peak's parameters to the points, compiled: each is small, and there are many."""

import math

import numpy as np

from models.compiled import compiled
from models.domain.scattering import Floats
from models.saxs.normal_equations import solve, sum_up
from models.saxs.peak_model import shape_peaks

N_STEPS = 30
"""Levenberg-Marquardt steps at most."""
SETTLED = 1e-6
"""Steps end when chi squared, in relation to itself, falls by less."""
FIRST_DAMPING, SOFTER, HARDER, MOST_DAMPING = 1e-3, 0.2, 5.0, 1e8
"""Damping of the first step; its factors after a step that succeeds and one that fails; where it gives up."""
EDGE = 0.999
"""A fit begins within this part of the limits."""


@compiled
def settle(points: Floats, frame: Floats, rules: Floats, guess: Floats) -> tuple[Floats, bool]:
    """Fit the free parameters; the others keep their guess (Marquardt 1963).

    Parameters
    ----------
    points
        q, intensity and weight, shape (3, n_q).
    frame
        As for `shape_peaks`.
    rules
        For each parameter: 1 where it is free, what is expected of it, how stiffly, and its largest value,
        shape (4, n).
    guess
        Where to begin, shape (n,).

    Returns
    -------
    Floats, bool
        The parameters, and whether they settled.
    """
    q, intensity, weight = points[0], points[1], points[2]
    is_free, limits = rules[0], rules[3]
    found = np.minimum(np.maximum(guess, -EDGE * limits), EDGE * limits)
    model, jacobian = np.empty(len(q)), np.empty((len(q), len(guess)))
    new_model, new_jacobian = np.empty(len(q)), np.empty((len(q), len(guess)))
    shape_peaks(q, frame, found, model, jacobian)
    cost, damping = _cost(points, model, found, rules), FIRST_DAMPING
    for _ in range(N_STEPS):
        normal, pull = sum_up(jacobian, weight, intensity - model)
        _hold(normal, pull, found, rules)
        while True:
            step = solve(normal, pull, damping)
            moved = np.where(is_free > 0, np.minimum(np.maximum(found + step, -limits), limits), found)
            shape_peaks(q, frame, moved, new_model, new_jacobian)
            new_cost = _cost(points, new_model, moved, rules)
            if new_cost <= cost or damping > MOST_DAMPING:
                break
            damping *= HARDER
        gained, damping = cost - new_cost, damping * SOFTER
        if not gained >= 0:
            return found, True
        found, cost = moved, new_cost
        model, new_model, jacobian, new_jacobian = new_model, model, new_jacobian, jacobian
        if gained <= SETTLED * cost:
            return found, True
    return found, False


@compiled
def _hold(normal: Floats, pull: Floats, found: Floats, rules: Floats) -> None:
    """Add what is expected; hold what is not free, and what is at a limit and pushed beyond."""
    is_free, expected, stiffness, limits = rules[0], rules[1], rules[2], rules[3]
    for j in range(len(found)):
        pull[j] -= (found[j] - expected[j]) * stiffness[j]
        normal[j, j] += stiffness[j]
        if is_free[j] == 0.0 or (abs(found[j]) >= limits[j] and pull[j] * found[j] > 0):
            normal[j, :], normal[:, j], pull[j] = 0.0, 0.0, 0.0
            normal[j, j] = 1.0


@compiled
def _cost(points: Floats, model: Floats, found: Floats, rules: Floats) -> float:
    """Chi squared, and what is expected beforehand."""
    cost = 0.0
    for i in range(len(model)):
        cost += points[2, i] * (points[1, i] - model[i]) ** 2
    for j in range(len(found)):
        cost += rules[2, j] * (found[j] - rules[1, j]) ** 2
    return cost if math.isfinite(cost) else math.inf
