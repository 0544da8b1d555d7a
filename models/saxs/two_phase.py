"""Porod's constant and the invariant of one curve, from one fit, with what their errors share."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from models.domain.errors import FitFailed
from models.domain.scattering import Curve, Floats
from models.saxs.low_q import Below, continue_down
from models.saxs.porod_fit import PorodFit, fit_porod
from models.saxs.steady import Steady, steady

MIN_POINTS = 20
"""A curve has at least so many points with q above 0."""
MAX_EXTRAPOLATED = 0.5
"""Largest part of the invariant that may come from beyond the measured window."""
N_ROUNDS = 2
"""How often the length that sets the next term of Porod's law is worked out again."""


@dataclass(frozen=True, eq=False)
class Reading:
    """A number that is linear in the intensities, and its errors."""

    value: float
    """The number."""
    noise: Floats
    """What each point's noise adds to it, one standard deviation of each, shape (n_q,)."""
    lean: float
    """What one standard deviation of the next term of Porod's law, and of the continuation, adds to it."""

    @property
    def sigma(self) -> float:
        """One standard deviation, without the error that all points share."""
        return float(np.hypot(np.linalg.norm(self.noise), self.lean))


@dataclass(frozen=True, eq=False)
class TwoPhase:
    """What a curve says of two phases and the surface between them."""

    fit: PorodFit
    """The fit of the upper part."""
    constant: Reading
    """Porod's constant, intensity times 1/nm^4."""
    invariant: Reading | str
    """Integral of q^2 (I - B) from 0 to infinity, intensity times 1/nm^3; or why there is none."""

    def ratio_sigma(self) -> float:
        """Relative standard deviation of the ratio of both; what they share cancels."""
        if isinstance(self.invariant, str):
            raise FitFailed(f"the invariant is absent: {self.invariant}")
        one, other = self.constant, self.invariant
        noise = float(np.linalg.norm(one.noise / one.value - other.noise / other.value))
        return float(np.hypot(noise, one.lean / one.value - other.lean / other.value))


@lru_cache(maxsize=1)
def read_two_phases(curve: Curve) -> TwoPhase:
    """Fit Porod's law and integrate q^2 (I - B).

    Measured points by the trapezoidal rule; below them as `continue_down` says; above them the law, which
    adds P / q_max. Beside what is continued down, every term is linear in the intensities. The last answer is
    kept: several features are read from it.

    Parameters
    ----------
    curve
        The curve.

    Raises
    ------
    FitFailed
        When there are too few points.
    """
    part = curve.between(float(np.nextafter(0, 1)), np.inf)
    if len(part) < MIN_POINTS:
        raise FitFailed(f"{len(part)} points, needs {MIN_POINTS}")
    points = steady(part)
    below = continue_down(points)
    fit = fit_porod(points)
    for _ in range(N_ROUNDS):
        total = below.value + float(_integrate(points, fit)[0] @ part.intensity)
        if not (total > 0 and fit.constant > 0):
            break
        fit = fit_porod(points, float(4 / np.pi * total / fit.constant), fit.constant)
    noise = np.sqrt(points.variance)
    upper = np.zeros(len(part))
    upper[fit.first :] = fit.operator[0] * np.sqrt(fit.excess)
    constant = Reading(fit.constant, upper * noise, float(fit.lean[0]))
    return TwoPhase(fit, constant, _invariant(points, fit, below))


def _invariant(points: Steady, fit: PorodFit, below: Below) -> Reading | str:
    """Integrate, or say why too much is not measured."""
    operator, lean = _integrate(points, fit)
    value = below.value + float(operator @ points.curve.intensity)
    beyond = abs(below.value) + abs(fit.constant / float(points.curve.q_inv_nm[-1]))
    if value <= 0 or beyond > MAX_EXTRAPOLATED * value:
        return (
            f"{beyond:.3g} of {value:.3g} lies beyond the measured window, at most {MAX_EXTRAPOLATED:.0%} may"
        )
    noise = operator + below.operator
    return Reading(value, noise * np.sqrt(points.variance), float(np.hypot(lean, below.lean)))


def _integrate(points: Steady, fit: PorodFit) -> tuple[Floats, float]:
    """What takes intensities to all but what lies below, shape (n_q,); what the next term's error adds."""
    q = points.curve.q_inv_nm
    operator = _trapezoid(q) * q**2
    to_invariant = np.array([1 / q[-1], 1 / (3 * q[-1] ** 3), -(float(operator.sum()) + q[0] ** 3 / 3)])
    operator[fit.first :] += to_invariant @ fit.operator
    return operator, float(to_invariant @ fit.lean)


def _trapezoid(q: Floats) -> Floats:
    """Weights of the trapezoidal rule with Gregory's first correction at both ends, shape (n_q,), 1/nm."""
    weight, step = np.zeros_like(q), np.diff(q)
    weight[:-1] += 0.5 * step
    weight[1:] += 0.5 * step
    weight[[0, 1]] += np.array([-1.0, 1.0]) * step[0] / 12
    weight[[-1, -2]] += np.array([-1.0, 1.0]) * step[-1] / 12
    return weight
