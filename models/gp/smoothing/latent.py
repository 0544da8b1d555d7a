"""Curves as softened logarithms, and measurements made straight around where a curve is believed to be."""

from dataclasses import dataclass

import numpy as np

from models.domain.scattering import Floats
from models.domain.soft_log import harden, soften
from models.gp.smoothing.measured import Measured
from models.gp.smoothing.prior import Prior, Solved

MOST_ROUNDS = 60
"""Rounds in which measurements are made straight anew."""
LARGEST_STEP = 2.0
"""A point pulls the softened logarithm by no more than this in one round."""
SETTLED = 1e-4
"""Rounds end when no value moves by more than this."""
LEAST_FLOOR = 1e-6
"""Smallest softening, relative to the largest intensity: where curves come without noise."""


@dataclass(frozen=True, eq=False)
class Straight:
    """Measurements as they act on a curve that is near to where they were made straight."""

    values: Floats
    """Softened logarithm, shape (n_q,)."""
    weights: Floats
    """Inverse variance, shape (n_q,)."""


def find_floor(curve: Measured) -> Floats:
    """Where the logarithm gives way: a power law through the noise, shape (n_q,)."""
    u = np.log(curve.q_inv_nm)
    variance = np.maximum(curve.variance, curve.least_variance)
    slope, start = np.polyfit(u - u.mean(), 0.5 * np.log(variance), 1)
    least = LEAST_FLOOR * np.abs(curve.intensity).max() + np.finfo(float).tiny
    return np.maximum(np.exp(start + slope * (u - u.mean())), least)


def straighten(curve: Measured, floor: Floats, believed: Floats) -> Straight:
    """Make measurements straight around a believed curve, shape (n_q,)."""
    expected = harden(believed, floor)
    rise = np.hypot(expected, 2.0 * floor)
    step = np.clip((curve.intensity - expected) / rise, -LARGEST_STEP, LARGEST_STEP)
    return Straight(believed + step, rise**2 / curve.variance_at(expected))


def settle(curve: Measured, floor: Floats, prior: Prior, believed: Floats) -> tuple[Solved, Straight]:
    """Find the most probable curve: Newton's way with the expected curvature, until nothing moves."""
    straight = straighten(curve, floor, believed)
    solved = prior.solve(straight.values, straight.weights)
    for _ in range(MOST_ROUNDS):
        straight = straighten(curve, floor, solved.mean)
        before, solved = solved.mean, prior.solve(straight.values, straight.weights)
        if np.abs(solved.mean - before).max() < SETTLED:
            break
    return solved, straight


def begin(curve: Measured, floor: Floats) -> Floats:
    """A power law through the points: where the search begins, shape (n_q,)."""
    u = np.log(curve.q_inv_nm)
    values, weights = (
        soften(curve.intensity, floor),
        1.0 / np.sqrt(1.0 + (floor / np.maximum(np.abs(curve.intensity), floor)) ** 2),
    )
    slope, level = np.polyfit(u - u.mean(), values, 1, w=weights)
    return level + slope * (u - u.mean())
