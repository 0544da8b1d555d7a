"""Turn a frame into a curve: azimuthal averages over pyFAI's bins, normalised, with Poisson errors."""

import numpy as np

from models.domain.geometry import Geometry
from models.domain.scattering import Curve, Frame
from models.saxs.bins import Binning, bins_of
from models.saxs.integrators import check_geometry
from models.saxs.sums import add_up

MIN_VARIANCE_COUNTS = 1.0
"""Variance of a bin that caught no photon, counts squared: one count more would have made it one."""


def integrate(frame: Frame, geometry: Geometry, binning: Binning | None = None, scale: float = 1.0) -> Curve:
    """Average a frame over azimuth.

    Intensity is counts per pixel, corrected for solid angle, divided by monitor, transmission and
    thickness. sigma is Poisson's: the square root of a bin's counts over its normalisation, at least one
    count for a bin that caught none. The error of the transmission, which all points share, is kept apart in
    `common_relative_sigma`; the monitor is taken as exact, as frames do not state its error.

    Parameters
    ----------
    frame
        Counts, mask and what normalises them.
    geometry
        Where the detector stands.
    binning
        Bins; by default one per pixel of radius.
    scale
        Factor from normalised counts to the unit wanted.

    Returns
    -------
    Curve
        Without the bins that hold no pixel.

    Raises
    ------
    BadInput
        When the geometry is for another detector.
    """
    check_geometry(geometry, frame.counts.shape, frame.source)
    bins = bins_of(geometry, binning or Binning())
    sums = add_up(frame.counts, frame.mask, bins)
    has_pixels = sums.n_pixels > 0
    weight, total = sums.weight[has_pixels], sums.counts[has_pixels]
    # pyFAI's own Poisson model gives every dark pixel a variance of 1, which drowns bins of few counts
    variance = np.maximum(total, MIN_VARIANCE_COUNTS)
    per_count = scale / (frame.monitor * frame.transmission * frame.thickness_mm)
    return Curve(
        q_inv_nm=bins.q_inv_nm[has_pixels],
        intensity=per_count * total / weight,
        sigma=per_count * np.sqrt(variance) / weight,
        common_relative_sigma=frame.transmission_sigma / frame.transmission,
        source=frame.source,
    )
