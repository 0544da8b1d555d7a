"""Checks of what normalises a frame: numbers, beam, flux, transmission, bubbles and precipitates."""

import math

import numpy as np

from models.domain.scattering import Frame
from models.saxs.checks.check import Check, Finding, Subject

SURE_SIGMA = 3.0
"""A transmission differs from another when it does by so many sigma of both."""


def has_numbers(subject: Subject) -> Finding:
    """Count the numbers that normalise a frame and cannot."""
    frame = subject.frame
    numbers = (
        frame.exposure_s, frame.monitor, frame.transmission, frame.transmission_sigma, frame.thickness_mm,
    )  # fmt: skip
    n_bad = sum(not np.isfinite(x) for x in numbers)
    return Finding(n_bad == 0, n_bad, 0.0)


def transmits(subject: Subject) -> Finding:
    """A transmission is above 0, and not far above 1."""
    limit = subject.limits.transmission_max_share
    return Finding(0 < subject.frame.transmission <= limit, subject.frame.transmission, limit)


def has_beam(subject: Subject) -> Finding:
    """Monitor rate beside the blank's, else the last frame's, else none."""
    known = subject.earlier.rate_hz if subject.blank is None else _rate_hz(subject.blank)
    limit = 0.0 if known is None or not np.isfinite(known) else subject.limits.beam_share * known
    rate_hz = _rate_hz(subject.frame)
    return Finding(rate_hz > limit, rate_hz, limit)


def keeps_flux(subject: Subject) -> Finding | None:
    """Relative change of the monitor rate since the last accepted frame."""
    before_hz = subject.earlier.rate_hz
    if before_hz is None or not np.isfinite(before_hz) or before_hz <= 0:
        return None
    step = _rate_hz(subject.frame) / before_hz - 1
    return Finding(abs(step) <= subject.limits.flux_step_share, step, subject.limits.flux_step_share)


def has_no_bubble(subject: Subject) -> Finding | None:
    """Transmission above the blank's, or above what frames of the same sample had."""
    known = [*_before(subject), *_of_blank(subject.blank)]
    limits = [_beyond(subject.frame, one, subject.limits.bubble_rise_share) for one in known]
    if not limits:
        return None
    return Finding(subject.frame.transmission <= min(limits), subject.frame.transmission, min(limits))


def has_no_precipitate(subject: Subject) -> Finding | None:
    """Transmission below what frames of the same sample had."""
    limits = [_beyond(subject.frame, x, -subject.limits.precipitate_fall_share) for x in _before(subject)]
    if not limits:
        return None
    return Finding(subject.frame.transmission >= limits[0], subject.frame.transmission, limits[0])


def _rate_hz(frame: Frame) -> float:
    """Monitor counts per second."""
    return frame.monitor / (frame.exposure_s * frame.attenuation) if frame.exposure_s > 0 else 0.0


def _before(subject: Subject) -> list[tuple[float, float]]:
    """The middle transmission of the same sample's frames, and one standard deviation of one of them."""
    known = [x for x in subject.earlier.transmissions if np.isfinite(x[0]) and x[0] > 0]
    return [sorted(known)[(len(known) - 1) // 2]] if known else []


def _of_blank(blank: Frame | None) -> list[tuple[float, float]]:
    """The blank's transmission and its standard deviation."""
    if blank is None or not np.isfinite(blank.transmission) or blank.transmission <= 0:
        return []
    return [(blank.transmission, blank.transmission_sigma)]


def _beyond(frame: Frame, known: tuple[float, float], share: float) -> float:
    """What a transmission must not pass: another by a share, or by what their sigmas leave open."""
    value, sigma = known
    noise = SURE_SIGMA * math.hypot(sigma / value, frame.transmission_sigma / frame.transmission)
    return value * (1 + math.copysign(max(abs(share), noise), share))


CHECKS = (
    Check(
        "finite", "numbers", "Check monitor, transmission and thickness: one of them is not a number.",
        has_numbers,
    ),
    Check("transmission", "1", "Check the beamstop diode and the incident monitor.", transmits),
    Check("beam", "monitor counts/s", "Wait for the beam, and check shutter and monitor.", has_beam),
    Check(
        "flux", "1", "The beam is normalised by it; if this was no top-up, look at the optics.", keeps_flux,
        is_warning=True,
    ),
    Check("bubble", "1", "Push the sample on by a little and measure again.", has_no_bubble),
    Check("precipitate", "1", "Look at the cell for what has settled, rinse it and load again.",
          has_no_precipitate),
)  # fmt: skip
"""In the order in which they are made; the others need the first two to pass."""
