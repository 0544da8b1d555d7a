"""Curves to be smoothed: what was measured, and how its variance follows the intensity that is there."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from models.domain.errors import BadInput
from models.domain.scattering import Curve, Floats

N_SLOPE = 41
"""Points over which it is found how the squared sigma follows the intensity."""
LEAST_VARIANCE = 0.1
"""Smallest variance that is believed, in that of one count, or of the point itself."""
FEWEST_POINTS = 8
"""A curve with fewer points has nothing to smooth."""


@dataclass(frozen=True, eq=False)
class Measured:
    """A curve as it was measured."""

    q_inv_nm: Floats
    """q, increasing, above 0, shape (n_q,), 1/nm."""
    intensity: Floats
    """Intensity, shape (n_q,), in `unit`."""
    variance: Floats
    """Variance at the intensity that was measured, shape (n_q,), in the square of `unit`."""
    slope: Floats
    """What one unit of intensity more adds to the variance, shape (n_q,), in `unit`."""
    least_variance: Floats
    """Smallest variance, above 0, shape (n_q,), in the square of `unit`."""
    unit: str = "a.u."
    """Unit of the intensity."""
    common_relative_sigma: float = 0.0
    """One standard deviation of a factor that all points share, relative."""
    source: str = ""
    """Where it came from, for messages."""

    def __post_init__(self) -> None:
        """Refuse what cannot be smoothed."""
        where = self.source or "the curve"
        if len(self.q_inv_nm) < FEWEST_POINTS:
            raise BadInput(
                where, f"has {len(self.q_inv_nm)} points, needs {FEWEST_POINTS}", "Give a longer one"
            )
        if self.q_inv_nm[0] <= 0 or not (np.diff(self.q_inv_nm) > 0).all():
            raise BadInput(
                where, "has q that is 0 or does not rise; it is smoothed in ln q", "Cut it at q > 0"
            )
        arrays = (self.intensity, self.variance, self.slope, self.least_variance)
        if not all(np.isfinite(one).all() for one in arrays) or not (self.least_variance > 0).all():
            raise BadInput(where, "has a point without intensity or sigma", "Leave such points out")

    @classmethod
    def of_curve(cls, curve: Curve) -> Self:
        """Take a reduced curve with its sigma.

        Sigma by counting statistics comes from the very counts that came out: a point that is low by chance
        has the smaller sigma, and a fit that weighs by it leans to low intensities. How the square of sigma
        follows the intensity from point to point is therefore found by regression of differences, and the
        variance is taken at the smoothed intensity later on; where sigma does not follow, nothing changes.
        """
        keep = curve.q_inv_nm > 0
        q, intensity, variance = curve.q_inv_nm[keep], curve.intensity[keep], curve.sigma[keep] ** 2
        slope = _slope(intensity, variance) if (variance > 0).all() else np.zeros_like(q)
        return cls(
            q,
            intensity,
            variance,
            slope,
            LEAST_VARIANCE * variance,
            curve.unit,
            curve.common_relative_sigma,
            curve.source,
        )

    @classmethod
    def of_counts(cls, q_inv_nm: Floats, counts: Floats, per_intensity: Floats, background: Floats) -> Self:
        """Take counts: their likelihood is Poisson's, whose mean and variance are one.

        Parameters
        ----------
        q_inv_nm
            q, shape (n_q,), 1/nm.
        counts
            Photons in each bin, shape (n_q,); may be 0.
        per_intensity
            Counts that one unit of intensity gives in each bin, above 0, shape (n_q,).
        background
            Intensity beside that of the sample, known without error, shape (n_q,).
        """
        intensity = counts / per_intensity - background
        return cls(
            q_inv_nm,
            intensity,
            counts / per_intensity**2,
            1.0 / per_intensity,
            LEAST_VARIANCE / per_intensity**2,
        )

    def variance_at(self, expected: Floats) -> Floats:
        """Variance of points where that intensity is there, shape (n_q,)."""
        return np.maximum(self.variance + self.slope * (expected - self.intensity), self.least_variance)


def _slope(intensity: Floats, variance: Floats) -> Floats:
    """Regression of differences of the variance on those of the intensity, over a running window."""
    steps, risen = np.diff(intensity), np.diff(variance)
    weights = 1.0 / (variance[1:] + variance[:-1])
    window = np.ones(min(N_SLOPE, len(steps)))
    both = np.convolve(steps * risen * weights, window, mode="same")
    own = np.convolve(steps**2 * weights, window, mode="same")
    slope = np.where(own > 0, both / np.maximum(own, 1e-300), 0.0)
    return np.interp(np.arange(len(intensity)), np.arange(len(steps)) + 0.5, np.maximum(slope, 0.0))
