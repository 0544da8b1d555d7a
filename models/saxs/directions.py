"""Turn a frame into intensity against azimuth over one window of q."""

from dataclasses import dataclass

import numpy as np

from models.domain.geometry import Geometry
from models.domain.scattering import Floats, Frame
from models.saxs.bins import Binning, bins_of
from models.saxs.corrections import NO_CORRECTIONS, Corrections
from models.saxs.integrate import add_up_frame, common_error, normaliser
from models.saxs.integrators import check_geometry

N_AZIMUTHS = 72
"""Bins over a whole turn, where none are asked for."""
N_RINGS = 2
"""Bins of q in the window; they are added up."""


@dataclass(frozen=True, eq=False)
class Directions:
    """Intensity against azimuth, over a whole turn."""

    azimuth_deg: Floats
    """Middle of each bin, increasing, -180 to 180, from the columns' axis (fast, x) towards the rows' (slow,
    y), shape (n,), deg; bins without pixels are left out."""
    intensity: Floats
    """Intensity, as of `models.saxs.integrate`, shape (n,)."""
    sigma: Floats
    """One standard deviation, independent from bin to bin, shape (n,)."""
    common_relative_sigma: float
    """One standard deviation of a factor that all bins share (transmission, monitor), relative."""
    source: str
    """Where it came from, for messages."""


def integrate_directions(
    frame: Frame,
    geometry: Geometry,
    window_inv_nm: tuple[float, float],
    n_azimuths: int = N_AZIMUTHS,
    corrections: Corrections = NO_CORRECTIONS,
) -> Directions:
    """Average a frame over a window of q, for each direction.

    It is a plain mean over the pixels that are there: where gaps hide other q in one direction than in
    another, a steep curve shows as a pattern. `models.saxs.azimuth.profile_of` sees through that, and gives
    what each direction scatters over the mean of all.

    Parameters
    ----------
    frame, geometry, corrections
        As of `models.saxs.integrate.integrate`.
    window_inv_nm
        Lower and upper end of q, 1/nm.
    n_azimuths
        Bins over a whole turn, above 1.

    Raises
    ------
    BadInput
        When `integrate` would refuse the frame.
    """
    check_geometry(geometry, frame.counts.shape, frame.source)
    per_count = 1.0 / normaliser(frame)
    low, high = window_inv_nm
    binning = Binning(n_bins=N_RINGS, q_min_inv_nm=low, q_max_inv_nm=high)
    sums = add_up_frame(frame, geometry, binning, n_azimuths, corrections)
    counts, variance, weight, n_pixels = (
        values.reshape(n_azimuths, N_RINGS).sum(axis=1)
        for values in (sums.counts, sums.variance, sums.weight, sums.n_pixels)
    )
    seen = n_pixels > 0
    return Directions(
        azimuth_deg=bins_of(geometry, binning, n_azimuths, corrections).azimuth_deg[seen],
        intensity=per_count * counts[seen] / weight[seen],
        sigma=per_count * np.sqrt(variance[seen]) / weight[seen],
        common_relative_sigma=common_error(frame),
        source=frame.source,
    )
