"""Turn a frame into a curve: corrected averages over pyFAI's bins, with their errors."""

import math

import numpy as np

from models.domain.check_limits import CheckLimits
from models.domain.errors import BadInput
from models.domain.geometry import Geometry
from models.domain.scattering import Curve, Frame
from models.saxs.bins import NOWHERE, Binning, bins_of
from models.saxs.corrections import NO_CORRECTIONS, Corrections, DarkFrame
from models.saxs.integrators import check_geometry
from models.saxs.sums import Sums, add_up

TRANSMISSION_MAX = CheckLimits().transmission_max_share
"""No sample transmits more; 1, and what its measurement may be off."""
CLEAR_EXCESS = 5.0
"""Dark counts that exceed those of a frame by so many sigma belong to another exposure."""


def integrate(
    frame: Frame,
    geometry: Geometry,
    binning: Binning | None = None,
    corrections: Corrections = NO_CORRECTIONS,
) -> Curve:
    """Average a frame over azimuth.

    Intensity is counts per pixel, corrected for dead time, dark counts, flat field, solid angle and
    polarisation, divided by monitor, transmission and thickness. sigma is Poisson's, at least one count for
    a bin that caught none, with what dark counts, dead time and flat field add. The errors of transmission
    and monitor, which all points share, are kept apart in `common_relative_sigma`. The errors of flat
    field, dark rate and dead time are the same in all frames that they correct; `sigma` takes them as new
    in each, which is too careful where two such curves are subtracted, and too little in an average of many.
    `Corrections.scale` is not applied: `models.saxs.correct.to_scale` does, behind all subtractions.

    Parameters
    ----------
    frame
        Counts, mask and what normalises them.
    geometry
        Where the detector stands.
    binning
        Bins; by default one per pixel of radius.
    corrections
        What is known of the detector.

    Returns
    -------
    Curve
        Without the bins that hold no pixel.

    Raises
    ------
    BadInput
        When the geometry or a correction is for another detector, the frame cannot be normalised, or no
        pixel is left.
    """
    check_geometry(geometry, frame.counts.shape, frame.source)
    per_count = 1.0 / normaliser(frame)
    binning = binning or Binning()
    sums = add_up_frame(frame, geometry, binning, 1, corrections)
    has_pixels = sums.n_pixels > 0
    weight = sums.weight[has_pixels]
    # pyFAI's own Poisson model gives every dark pixel a variance of 1, which drowns bins of few counts
    return Curve(
        q_inv_nm=bins_of(geometry, binning, 1, corrections).q_inv_nm[has_pixels],
        intensity=per_count * sums.counts[has_pixels] / weight,
        sigma=per_count * np.sqrt(sums.variance[has_pixels]) / weight,
        common_relative_sigma=common_error(frame),
        source=frame.source,
    )


def add_up_frame(
    frame: Frame, geometry: Geometry, binning: Binning, n_azimuths: int, corrections: Corrections
) -> Sums:
    """Add a frame up over its bins; refuse one of which nothing is left.

    Parameters
    ----------
    frame, geometry, binning, n_azimuths, corrections
        As of `bins_of`; the geometry is the frame's.

    Raises
    ------
    BadInput
        When no pixel is left, a pixel is too fast, or the dark counts are another exposure's.
    """
    bins = bins_of(geometry, binning, n_azimuths, corrections)
    try:
        sums = add_up(frame.counts, frame.mask, bins, frame.exposure_s)
    except BadInput as error:
        raise error.within(frame.source) from None
    if not np.any(sums.n_pixels):
        n_masked, n_inside = np.count_nonzero(frame.mask), np.count_nonzero(bins.of_pixel != NOWHERE)
        raise BadInput(
            frame.source,
            f"has no pixel left: {n_masked} of {frame.mask.size} are masked, "
            f"{n_inside} lie in the window of q and the sector",
            "Check the mask, the window and the sector",
        )
    if isinstance(corrections.dark, DarkFrame):
        noise = math.sqrt(float(sums.variance.sum()))
        if sums.counts.sum() < -CLEAR_EXCESS * noise:
            raise BadInput(
                corrections.dark.source,
                f"makes {sums.dark_counts:.4g} dark counts in {frame.exposure_s:g} s, {frame.source} holds "
                f"{sums.counts.sum() + sums.dark_counts:.4g} in all",
                "Give a dark frame of this detector, with its exposure time",
            )
    return sums


def normaliser(frame: Frame) -> float:
    """Monitor times transmission times thickness, monitor counts mm; refuse what cannot be one."""
    for name, value, unit in (
        ("exposure time", frame.exposure_s, "s"),
        ("monitor", frame.monitor, "monitor counts"),
        ("thickness", frame.thickness_mm, "mm"),
    ):
        if not 0 < value < math.inf:
            raise BadInput(f"{frame.source}: {name}", f"is {value:g} {unit}, must be above 0", "Correct it")
    if not 0 < frame.transmission <= TRANSMISSION_MAX:
        raise BadInput(
            f"{frame.source}: transmission",
            f"is {frame.transmission:g}, must be above 0 and at most {TRANSMISSION_MAX:g}",
            "Check the beamstop diode and the incident monitor",
        )
    return frame.monitor * frame.transmission * frame.thickness_mm


def common_error(frame: Frame) -> float:
    """One standard deviation of what all points share, transmission and monitor, relative."""
    return math.hypot(frame.transmission_sigma / frame.transmission, frame.monitor_sigma / frame.monitor)
