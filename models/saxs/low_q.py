"""Continue a curve from its first points to q = 0."""

from dataclasses import dataclass

import numpy as np

from models.compiled import compiled
from models.domain.scattering import Floats
from models.saxs.bend import shape_bent
from models.saxs.normal_equations import invert_positive, solve, sum_up
from models.saxs.steady import Steady

REACH = 3.0
"""The points up to so many times the first q are used."""
MIN_POINTS = 8
"""And so many at least."""
BEND = (1.0, 1.0)
"""Bend that is expected, and one standard deviation of it: -1/7 a sphere, 2 a random two-phase medium."""
FALLS = (-0.05, 1e3)
"""Between these, ln I may fall by, from q = 0 to the first point."""
BENDS = (-0.9, 5.0)
"""Bends between which the curve is fitted."""
N_STEPS = 40
"""Gauss-Newton steps at most."""
SETTLED = 1e-6
"""Steps end when no parameter moves by more."""
FIRST_FALL, MAX_STEP = 0.05, 0.5
"""The fall to begin with; the largest change of a parameter in one step."""
NODES, SHARES = np.polynomial.legendre.leggauss(12)
"""A Gauss-Legendre rule from -1 to 1."""


@dataclass(frozen=True, eq=False)
class Below:
    """The integral of q^2 I from q = 0 to a curve's first point."""

    value: float
    """The integral, intensity times 1/nm^3."""
    operator: Floats
    """What each intensity's change adds to it, shape (n_q,)."""
    lean: float
    """What one standard deviation of what was expected of the bend adds to it."""


def continue_down(points: Steady) -> Below:
    """Continue with I0 (1 + g y)^(-1/g), y as q^2, fitted to the first points.

    A curve that begins behind its Guinier region does not tell its bend g; it is then expected between those
    of compact particles and of random media, and that uncertainty is passed on.

    Parameters
    ----------
    points
        The curve, q above 0, weighed.
    """
    q0, n_q = float(points.curve.q_inv_nm[0]), len(points)
    n = min(max(int(np.searchsorted(points.curve.q_inv_nm, REACH * q0)), MIN_POINTS), n_q)
    part = points.rows(0, n)
    scale = float(np.sum(part.weight * part.curve.intensity) / np.sum(part.weight))
    operator = np.zeros(n_q)
    x = (part.curve.q_inv_nm / q0) ** 2
    found, inverse = _settle(x, part.curve.intensity, part.weight, scale)
    if not np.all(np.isfinite(found)):  # nothing that falls: constant, a third of it uncertain
        operator[:n] = q0**3 / 3 * part.weight / part.weight.sum()
        value = float(operator @ points.curve.intensity)
        return Below(value, operator, abs(value) / 3)
    t = 0.5 * (NODES + 1)
    inner, inner_jacobian = shape_bent(t**2, found)
    to_integral = scale * q0**3 * (0.5 * SHARES * t**2)
    gradient = to_integral @ inner_jacobian
    _, jacobian = shape_bent(x, found)
    step = inverse @ (jacobian * part.weight[:, None]).T * scale
    operator[:n] = gradient @ step
    leans = step @ jacobian[:, 2] * scale - np.array([0.0, 0.0, 1.0])
    return Below(float(to_integral @ inner), operator, float(gradient @ leans) * BEND[1])


@compiled
def _settle(x: Floats, intensity: Floats, weight: Floats, scale: float) -> tuple[Floats, Floats]:
    """Fit ln I0, fall and bend by Gauss-Newton steps; NaN where they do not settle.

    Parameters
    ----------
    x
        q over the first q, squared, shape (n,).
    intensity, weight
        Of each point, shape (n,).
    scale
        What intensities are divided by.

    Returns
    -------
    tuple of Floats
        The parameters, shape (3,), and the inverse of the normal matrix, shape (3, 3).
    """
    nothing = np.full(3, np.nan), np.full((3, 3), np.nan)
    if not scale > 0:
        return nothing
    found, intensity, weight = np.array([0.0, FIRST_FALL, BEND[0]]), intensity / scale, weight * scale**2
    for _ in range(N_STEPS):
        model, jacobian = shape_bent(x, found)
        normal, pull = sum_up(jacobian, weight, intensity - model)
        normal[2, 2] += BEND[1] ** -2
        pull[2] -= (found[2] - BEND[0]) / BEND[1] ** 2
        step = solve(normal, pull, 0.0)
        moved = found + np.minimum(np.maximum(step, -MAX_STEP), MAX_STEP)
        moved[1] = min(max(moved[1], FALLS[0]), FALLS[1])
        moved[2] = min(max(moved[2], BENDS[0]), BENDS[1])
        if np.max(np.abs(moved - found)) < SETTLED:
            return moved, invert_positive(normal)
        found = moved
    return nothing
