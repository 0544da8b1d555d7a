"""Checks of what a frame says of itself: its pixels, its clock, and whether it is a frame of its own."""

import hashlib
from datetime import UTC, datetime

from models.saxs.checks.check import Check, Finding, Subject
from models.saxs.integrators import pixel_mismatch

FINGERPRINT_BYTES = 6
"""A float holds so many exactly; two of 10,000 frames share one by chance once in 5 million campaigns."""
MIN_FINGERPRINT_COUNTS = 1000
"""Emptier frames may well be alike."""


def has_pixels_of_its_detector(subject: Subject) -> Finding | None:
    """The pixel size of the geometry beside that of the detector that it names."""
    geometry = subject.geometry
    if geometry is None:
        return None
    mismatch = pixel_mismatch(geometry)
    if mismatch is None:
        return Finding(True, geometry.pixel_width_um, geometry.pixel_width_um)
    (height_um, width_um), (named_height_um, named_width_um) = mismatch
    remedy = f"Correct the pixel size, or the detector's name, {geometry.detector}{_of(subject)}."
    if width_um == named_width_um:
        return Finding(False, height_um, named_height_um, remedy)
    return Finding(False, width_um, named_width_um, remedy)


def comes_after(subject: Subject) -> Finding | None:
    """When it was taken by its own clock, beside the frame before it."""
    taken_s, before = subject.frame.taken_s, subject.earlier.taken
    if taken_s is None:
        return None
    if before is None:
        return Finding(True, taken_s, taken_s)
    seq, before_s = before
    limit = before_s - subject.limits.time_back_s
    remedy = (
        f"By its clock it was taken on {_shown(taken_s)}, {before_s - taken_s:.0f} s before the frame of "
        f"decision {seq}: set the detector's clock, and see that it is no old file{_of(subject)}."
    )
    return Finding(taken_s >= limit, taken_s, limit, remedy)


def is_its_own(subject: Subject) -> Finding | None:
    """A fingerprint of its counts, which no frame before may have."""
    census = subject.census
    if census is None or census.total < MIN_FINGERPRINT_COUNTS:
        return None
    digest = hashlib.blake2b(census.tiles.tobytes(), digest_size=FINGERPRINT_BYTES).digest()
    value = float(int.from_bytes(digest, "big"))
    seq = subject.earlier.fingerprints.get(value)
    if seq is None:
        return Finding(True, value, 0.0)
    remedy = (
        f"It holds the counts of decision {seq} once more: look at the detector's readout, and measure "
        f"again{_of(subject)}."
    )
    return Finding(False, value, value, remedy)


def _of(subject: Subject) -> str:
    """The file, where it is known, as the end of a sentence."""
    return f" (file {subject.frame.source})" if subject.frame.source else ""


def _shown(taken_s: float) -> str:
    """A moment as people write it."""
    return datetime.fromtimestamp(taken_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


CHECKS = (
    Check("pixel_size", "um", "Correct the pixel size, or the detector's name.", has_pixels_of_its_detector),
    Check("time", "s since 1970", "Set the detector's clock.", comes_after),
    Check("duplicate", "fingerprint", "Look at the detector's readout, and measure again.", is_its_own),
)
"""In the order in which they are made."""
