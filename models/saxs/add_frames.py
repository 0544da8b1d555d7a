"""Add exposures of one sample up: what two short ones say together is what one long one would have said."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from models.domain.action import Exposure
from models.domain.errors import BadInput, FrameRejected
from models.domain.scattering import Frame, Mask


def add_frames(one: Frame, other: Frame) -> Frame:
    """One frame of two exposures of the same sample with the detector in the same place.

    Counts, exposure times and monitor counts add up; the sum of Poisson counts is Poisson's. The
    transmission is the mean, weighted by the monitor. A pixel that either frame does not use is not used.

    Parameters
    ----------
    one, other
        Frames of one shape.

    Returns
    -------
    Frame
        Named after the first; its attenuation is the mean over the time.

    Raises
    ------
    BadInput
        When the shapes differ.
    """
    if one.counts.shape != other.counts.shape:
        raise BadInput(
            other.source,
            f"has {other.counts.shape} pixels, {one.source} {one.counts.shape}",
            "Add frames of one detector only",
        )
    mask = one.mask | other.mask | (one.counts < 0) | (other.counts < 0)
    counts = one.counts.astype(np.int64) + other.counts
    counts[mask] = -1
    monitor, exposure_s = one.monitor + other.monitor, one.exposure_s + other.exposure_s
    shares = np.array([one.monitor, other.monitor]) / monitor
    return replace(
        one,
        counts=counts,
        mask=mask,
        overflow=_either(one.overflow, other.overflow),
        exposure_s=exposure_s,
        monitor=monitor,
        attenuation=(one.attenuation * one.exposure_s + other.attenuation * other.exposure_s) / exposure_s,
        transmission=float(shares @ [one.transmission, other.transmission]),
        transmission_sigma=float(np.hypot(*(shares * [one.transmission_sigma, other.transmission_sigma]))),
        saturation_counts=None,
    )


def _either(one: Mask | None, other: Mask | None) -> Mask | None:
    """Pixels that overflowed in one or the other."""
    if one is None or other is None:
        return other if one is None else one
    return one | other


def frame_path(exposure: Exposure) -> Path:
    """Where an exposure's frame lies.

    Raises
    ------
    FrameRejected
        When it has none: curves cannot be added up.
    """
    path = next((asset.path for asset in exposure.assets if asset.role == "frame"), None)
    if path is None:
        raise FrameRejected(f"decision {exposure.seq}: it has no frame to add; measure it as a whole")
    return Path(path)
