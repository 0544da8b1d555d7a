"""Checks of the blank: how much of a sample's low q is its own, and whether samples left something in it."""

import math

from models.saxs.checks.check import Check, Finding, Subject
from models.saxs.checks.trace import N_LOWEST, Trace, trace_of

SURE_SIGMA = 3.0
"""Two blanks differ when they do by so many sigma as well."""
SURE_RISE_SIGMA = 4.0
"""A rise at the few lowest rings is told when it is so many sigma; every sample asks for it."""
N_DIFFERENT = 64
"""Rings from the lowest q up by which blanks are compared; what stays in a cell scatters there."""


def stands_above_the_blank(subject: Subject) -> Finding | None:
    """Intensity of the blank over that of the sample at the lowest q that the campaign uses.

    Slits that have moved show long before that in the blank itself, beside the blank before it.
    """
    census, blank = subject.census, subject.earlier.blank
    if census is None or blank is None or subject.earlier.is_blank:
        return None
    pair = _intensities(trace_of(subject.frame, census), blank, subject.window_inv_nm, N_LOWEST)
    if pair is None:
        return None
    (sample, _), (empty, _) = pair
    share, limit = empty / sample, subject.limits.parasitic_share
    rise = _rise_of_blank(subject, blank)
    return rise if share <= limit and rise is not None else Finding(share <= limit, share, limit)


def _rise_of_blank(subject: Subject, blank: Trace) -> Finding | None:
    """Intensity of the blank at low q over that of the blank before it, less 1; None while it is low."""
    before = next((one for one in reversed(subject.earlier.blanks) if not one.is_same(blank)), None)
    pair = before and _intensities(blank, before, subject.window_inv_nm, N_LOWEST)
    if before is None or pair is None:
        return None
    (now, now_sigma), (then, then_sigma) = pair
    noise = math.hypot(now_sigma / now, then_sigma / then, blank.relative_sigma, before.relative_sigma)
    limit = max(subject.limits.parasitic_rise_share, SURE_RISE_SIGMA * noise * now / then)
    rise = now / then - 1
    remedy = (
        f"The blank scatters {100 * rise:.0f} % more at low q than the blank before: look at slits and "
        "windows, and wash the cell."
    )
    return None if rise <= limit else Finding(False, rise, limit, remedy)


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
