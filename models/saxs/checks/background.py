"""Checks of the blank: how much of a sample's low q is its own, and whether samples left something in it."""

import math

from models.saxs.checks.check import Check, Finding, Subject
from models.saxs.checks.trace import N_LOWEST, Trace, trace_of

SURE_SIGMA = 3.0
"""Two blanks differ when they do by so many sigma as well."""
N_DIFFERENT = 64
"""Rings from the lowest q up by which blanks are compared; what stays in a cell scatters there."""


def stands_above_the_blank(subject: Subject) -> Finding | None:
    """Intensity of the blank over that of the sample at the lowest q that the campaign uses."""
    census, blank = subject.census, subject.earlier.blank
    if census is None or blank is None or subject.earlier.is_blank:
        return None
    pair = _intensities(trace_of(subject.frame, census), blank, subject.window_inv_nm, N_LOWEST)
    if pair is None:
        return None
    (sample, _), (empty, _) = pair
    share, limit = empty / sample, subject.limits.parasitic_share
    return Finding(share <= limit, share, limit)


def left_nothing_behind(subject: Subject) -> Finding | None:
    """Intensity of this blank at low q over that of the one before, less 1."""
    census, blank = subject.census, subject.earlier.blank
    if census is None or blank is None or not subject.earlier.is_blank:
        return None
    after = trace_of(subject.frame, census)
    pair = _intensities(after, blank, subject.window_inv_nm, N_DIFFERENT)
    if pair is None:
        return None
    (now, now_sigma), (before, before_sigma) = pair
    noise = math.hypot(now_sigma / now, before_sigma / before, after.relative_sigma, blank.relative_sigma)
    limit = max(subject.limits.carry_over_share, SURE_SIGMA * noise)
    return Finding(abs(now / before - 1) <= limit, now / before - 1, limit)


Intensity = tuple[float, float]
"""A mean intensity and its standard deviation."""


def _intensities(
    one: Trace, other: Trace, window_inv_nm: tuple[float, float], n_rings: int
) -> tuple[Intensity, Intensity] | None:
    """Both intensities on the lowest rings of a window; None where there is nothing to compare."""
    rings = one.rings_between(*window_inv_nm)[:n_rings]
    if not one.is_like(other) or not len(rings) or not float(other.n_pixels[rings].sum()):
        return None
    pair = one.intensity(rings), other.intensity(rings)
    return None if min(pair[0][0], pair[1][0]) <= 0 else pair


CHECKS = (
    Check(
        "parasitic", "1",
        "Most of the light at low q is the blank's: tighten the guard slits, or take a larger contrast.",
        stands_above_the_blank, is_warning=True,
    ),
    Check(
        "carry_over", "1", "The blank is not what it was before: wash the cell, and measure it again.",
        left_nothing_behind,
    ),
)  # fmt: skip
"""In the order in which they are made."""
