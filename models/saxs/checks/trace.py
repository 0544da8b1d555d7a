"""What is kept of a frame for the frames after it: its rings, and what normalises them."""

from dataclasses import dataclass

import numpy as np

from models.domain.scattering import Floats, Frame
from models.saxs.checks.census import Census

N_LOWEST = 8
"""Rings that low q means: the innermost ones that the window holds."""


@dataclass(frozen=True, eq=False)
class Trace:
    """A frame in rings of one pixel."""

    q_inv_nm: Floats
    """Middle of each ring, shape (n_rings,), 1/nm."""
    counts: Floats
    """Counts of each ring, shape (n_rings,)."""
    n_pixels: Floats
    """Usable pixels of each ring, shape (n_rings,)."""
    per_pixel: float
    """What counts per pixel are divided by to become intensity: monitor, transmission and thickness."""
    relative_sigma: float
    """One standard deviation of `per_pixel` (transmission), relative."""

    def rings_between(self, q_min_inv_nm: float, q_max_inv_nm: float) -> np.ndarray:
        """Where the usable rings of a window are, increasing, shape (n,)."""
        is_inside = (self.q_inv_nm >= q_min_inv_nm) & (self.q_inv_nm <= q_max_inv_nm)
        return np.flatnonzero(is_inside & (self.n_pixels > 0))

    def intensity(self, rings: np.ndarray) -> tuple[float, float]:
        """Mean intensity over rings, and one standard deviation of it by its counts."""
        counts, weight = float(self.counts[rings].sum()), float(self.n_pixels[rings].sum()) * self.per_pixel
        return counts / weight, float(np.sqrt(max(counts, 1.0))) / weight

    def is_same(self, other: "Trace") -> bool:
        """True when both are of one frame."""
        return self is other or (self.is_like(other) and np.array_equal(self.counts, other.counts))

    def is_like(self, other: "Trace") -> bool:
        """True when both are of one detector in one place."""
        return self.q_inv_nm.shape == other.q_inv_nm.shape and np.array_equal(self.q_inv_nm, other.q_inv_nm)


def trace_of(frame: Frame, census: Census) -> Trace:
    """What is kept of a frame."""
    return Trace(
        q_inv_nm=census.q_inv_nm,
        counts=census.ring_counts,
        n_pixels=census.ring_pixels,
        per_pixel=frame.monitor * frame.transmission * frame.thickness_mm,
        relative_sigma=frame.transmission_sigma / frame.transmission,
    )
