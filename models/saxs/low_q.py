"""Continue a curve from its first points to q = 0."""

from dataclasses import dataclass

import numpy as np

from models.domain.scattering import Floats
from models.saxs.bent_fit import bend_of
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
    solved = _solve(part, scale) if scale > 0 else None
    if solved is None:  # nothing that falls: constant, a third of it uncertain
        operator[:n] = q0**3 / 3 * part.weight / part.weight.sum()
        value = float(operator @ points.curve.intensity)
        return Below(value, operator, abs(value) / 3)
    found, inverse = solved
    t = 0.5 * (NODES + 1)
    inner, inner_jacobian = _law(t**2, found)
    to_integral = scale * q0**3 * (0.5 * SHARES * t**2)
    gradient = to_integral @ inner_jacobian
    _, jacobian = _law((part.curve.q_inv_nm / q0) ** 2, found)
    step = inverse @ (jacobian * part.weight[:, None]).T * scale
    operator[:n] = gradient @ step
    leans = step @ jacobian[:, 2] * scale - np.array([0.0, 0.0, 1.0])
    return Below(float(to_integral @ inner), operator, float(gradient @ leans) * BEND[1])


def _solve(part: Steady, scale: float) -> tuple[Floats, Floats] | None:
    """Fit ln I0, fall and bend to I over a scale: the parameters, and the inverse of the normal matrix."""
    x = (part.curve.q_inv_nm / part.curve.q_inv_nm[0]) ** 2
    intensity, weight = part.curve.intensity / scale, part.weight * scale**2
    found = np.array([0.0, 0.05, BEND[0]])
    for _ in range(N_STEPS):
        model, jacobian = _law(x, found)
        weighted = jacobian * weight[:, None]
        normal = weighted.T @ jacobian + np.diag([0.0, 0.0, BEND[1] ** -2])
        inverse = np.asarray(np.linalg.inv(normal), dtype=np.float64)
        pull = weighted.T @ (intensity - model)
        pull[2] -= (found[2] - BEND[0]) / BEND[1] ** 2
        step = np.clip(inverse @ pull, -0.5, 0.5)
        moved = found + step
        moved[1:] = np.clip(moved[1:], (FALLS[0], BENDS[0]), (FALLS[1], BENDS[1]))
        if np.max(np.abs(moved - found)) < SETTLED:
            return moved, inverse
        found = moved
    return None


def _law(x: Floats, found: Floats) -> tuple[Floats, Floats]:
    """Intensity over its scale, shape (n,), and its derivatives, shape (n, 3)."""
    y = found[1] * x
    z, log, by_bend = bend_of(found[2] * y)
    model = np.exp(np.clip(found[0] - y * log, -700, 700))
    return model, np.stack([model, -model * x / (1 + z), model * y**2 * by_bend], axis=1)
