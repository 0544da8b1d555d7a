"""Smooth a curve: alone along q, or with what its neighbours in the campaign show.

A curve is, in softened log-intensity, a power law plus the smoothed curves of its neighbours, each with a
share that is learned, plus a Gaussian process along q for all that is its own. Where neighbours tell nothing,
their shares come out near zero and the curve stands alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.domain.bands import Z_95
from models.domain.scattering import Floats
from models.domain.smooth_curve import SmoothCurve
from models.domain.soft_log import harden, soften
from models.gp.smoothing.latent import find_floor
from models.gp.smoothing.learn import Task, learn
from models.gp.smoothing.measured import Measured

N_NEAREST = 6
"""Neighbours that a curve may borrow from."""
ALLOWED_GAP = 0.02
"""Share of a curve's range in ln q that a neighbour need not cover."""


@dataclass(frozen=True, eq=False)
class Smoothed:
    """A curve as it is believed to be without noise."""

    curve: Measured
    """What was measured."""
    floor: Floats
    """Where the logarithm gives way, shape (n_q,)."""
    mean: Floats
    """Softened log-intensity, shape (n_q,)."""
    variance: Floats
    """Its variance, shape (n_q,)."""
    n_borrowed: int = 0
    """Neighbours that it was smoothed with."""

    def band(self) -> SmoothCurve:
        """The curve with its band, which holds the error of the factor that all points share, too."""
        curve = self.curve
        middle = harden(self.mean, self.floor)
        common = curve.common_relative_sigma * middle / np.hypot(middle, 2.0 * self.floor)
        sigma = np.sqrt(self.variance + common**2)
        low, high = (harden(self.mean + z * sigma, self.floor) for z in (-Z_95, Z_95))
        return SmoothCurve(curve.q_inv_nm, middle, low, high, curve.unit, curve.source)

    def seen_from(self, other: "Smoothed") -> tuple[Floats, Floats]:
        """Mean, less its average, and variance on the points of another curve, brought to its scale first."""
        u, own = np.log(other.curve.q_inv_nm), np.log(self.curve.q_inv_nm)
        intensity = np.interp(u, own, harden(self.mean, self.floor))
        rise = np.interp(u, own, np.hypot(harden(self.mean, self.floor), 2.0 * self.floor))
        weights = 1.0 / np.maximum(other.curve.variance, other.curve.least_variance)
        alike = float((weights * intensity * other.curve.intensity).sum())
        square = float((weights * intensity**2).sum())
        factor = alike / square if alike > 0 and square > 0 else 1.0
        mean = soften(factor * intensity, other.floor)
        slope = factor * rise / np.hypot(factor * intensity, 2.0 * other.floor)
        return mean - mean.mean(), np.interp(u, own, self.variance) * slope**2

    def covers(self, other: "Smoothed") -> bool:
        """True when it tells all of another curve's range."""
        mine, theirs = np.log(self.curve.q_inv_nm[[0, -1]]), np.log(other.curve.q_inv_nm[[0, -1]])
        gap = ALLOWED_GAP * (theirs[1] - theirs[0])
        return bool(mine[0] <= theirs[0] + gap and mine[1] >= theirs[1] - gap)


def smooth_alone(curve: Measured) -> Smoothed:
    """Smooth a curve along q.

    Parameters
    ----------
    curve
        What was measured.

    Returns
    -------
    Smoothed
        Its mean, and a variance that holds the noise. A feature that stands out of the points beside it by
        less than about `features.STANDS_OUT` standard deviations may be taken for noise.
    """
    floor = find_floor(curve)
    solved = learn(Task(curve, floor, np.zeros((0, len(floor)))))
    return Smoothed(curve, floor, solved.mean, solved.variance)


def smooth_among(own: Smoothed, neighbours: Sequence[Smoothed]) -> Smoothed:
    """Smooth a curve with what others show.

    Parameters
    ----------
    own
        The curve, smoothed alone.
    neighbours
        Others, smoothed alone, so that none of them holds its noise. Those that do not cover its range are
        left out; their order has no say.

    Returns
    -------
    Smoothed
        The variance holds that of the neighbours, times the square of the share of each.
    """
    seen = [one.seen_from(own) for one in neighbours if one.covers(own)]
    if not seen:
        return own
    shapes, variances = (np.array(part) for part in zip(*seen, strict=True))
    solved = learn(Task(own.curve, own.floor, shapes))
    borrowed = solved.shares[-len(seen) :] ** 2 @ variances
    return Smoothed(own.curve, own.floor, solved.mean, solved.variance + borrowed, len(seen))


def find_nearest(curves: Sequence[Smoothed], which: int, positions: Floats | None = None) -> tuple[int, ...]:
    """Choose whom a curve may borrow from, nearest first.

    Parameters
    ----------
    curves
        All curves, smoothed alone.
    which
        Place of the curve among them.
    positions
        Where each was measured in scaled coordinates, shape (n, n_columns); None chooses by how alike they
        look.
    """
    others = [row for row in range(len(curves)) if row != which and curves[row].covers(curves[which])]
    if positions is None:
        own, shapes = curves[which], [curves[row].seen_from(curves[which])[0] for row in others]
        level = own.mean - own.mean.mean()
        apart = np.array([float(((shape - level) ** 2).mean()) for shape in shapes])
    else:
        apart = ((positions[others] - positions[which]) ** 2).sum(axis=1)
    return tuple(others[place] for place in np.argsort(apart, kind="stable")[:N_NEAREST].tolist())
