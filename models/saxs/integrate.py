"""Turn a frame into a curve: azimuthal averages by pyFAI, normalised, with Poisson errors."""

import math

import numpy as np
from pydantic import Field

from models.domain.frozen import Frozen
from models.domain.geometry import Geometry
from models.domain.scattering import Counts, Curve, Frame, Mask
from models.saxs.geometry_files import check_geometry, to_pyfai

METHOD = ("no", "csr", "cython")
"""Each pixel goes into one bin: neighbouring bins stay independent, as `Curve.sigma` promises."""
MIN_VARIANCE_COUNTS = 1.0
"""Variance of a bin that caught no photon, counts squared: one count more would have made it one."""


class Binning(Frozen):
    """How a frame is divided into bins of q."""

    n_bins: int | None = Field(default=None, ge=2)
    """Count of bins; None makes one for every pixel of radius, from the beam to the farthest corner."""
    q_min_inv_nm: float = Field(default=0.0, ge=0)
    """Lower edge of the first bin, 1/nm."""
    q_max_inv_nm: float = Field(default=math.inf, gt=0, allow_inf_nan=True)
    """Upper edge of the last bin, 1/nm; no farther than the farthest corner."""
    polarisation: float | None = Field(default=None, ge=-1, le=1)
    """Horizontal polarisation of the beam to correct for; None corrects nothing."""


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
    binning = binning or Binning()
    check_geometry(geometry, frame.counts.shape, frame.source)
    counts, is_void = usable_counts(frame, geometry)
    n_bins, q_range = radial_bins(binning, geometry)
    result = to_pyfai(geometry).integrate1d_ng(
        counts,
        n_bins,
        radial_range=q_range,
        mask=is_void,
        method=METHOD,
        unit="q_nm^-1",
        correctSolidAngle=True,
        polarization_factor=binning.polarisation,
    )
    has_pixels = np.asarray(result.count) > 0
    weight = np.asarray(result.sum_normalization, dtype=np.float64)[has_pixels]
    total = np.asarray(result.sum_signal, dtype=np.float64)[has_pixels]
    # pyFAI's own Poisson model gives every dark pixel a variance of 1, which drowns bins of few counts
    variance = np.maximum(total, MIN_VARIANCE_COUNTS)
    per_count = scale / (frame.monitor * frame.transmission * frame.thickness_mm)
    return Curve(
        q_inv_nm=np.asarray(result.radial, dtype=np.float64)[has_pixels],
        intensity=per_count * total / weight,
        sigma=per_count * np.sqrt(variance) / weight,
        common_relative_sigma=frame.transmission_sigma / frame.transmission,
        source=frame.source,
    )


def radial_bins(binning: Binning, geometry: Geometry) -> tuple[int, tuple[float, float]]:
    """Count of bins, and where the first begins and the last ends, 1/nm."""
    q_edge_inv_nm, n_radial = farthest_corner(geometry)
    return binning.n_bins or n_radial, (binning.q_min_inv_nm, min(binning.q_max_inv_nm, q_edge_inv_nm))


def usable_counts(frame: Frame, geometry: Geometry) -> tuple[Counts, Mask]:
    """Counts as the geometry sees them, and which of them must not be used, shape (n_rows, n_columns)."""
    step = -1 if geometry.is_flipped_left_right else 1
    counts: Counts = np.ascontiguousarray(frame.counts[:, ::step])  # pyright: ignore[reportAssignmentType]
    return counts, np.ascontiguousarray(frame.mask[:, ::step]) | (counts < 0)


def farthest_corner(geometry: Geometry) -> tuple[float, int]:
    """Where one bin per pixel of radius ends.

    Parameters
    ----------
    geometry
        Where the detector stands.

    Returns
    -------
    q_inv_nm : float
        q at that whole number of pixels from the beam, 1/nm, as of a detector that is not tilted.
    n_radial : int
        Whole pixels from the direct beam to the farthest corner of the frame.
    """
    columns = max(abs(geometry.beam_column_px), abs(geometry.n_columns - geometry.beam_column_px))
    rows = max(abs(geometry.beam_row_px), abs(geometry.n_rows - geometry.beam_row_px))
    n_radial = int(math.hypot(columns, rows))
    radius_mm = n_radial * geometry.pixel_width_um * 1e-3
    theta_rad = 0.5 * math.atan2(radius_mm, geometry.distance_mm)
    return 4 * math.pi * math.sin(theta_rad) / geometry.wavelength_nm, n_radial
