"""Look along a device for its best place: where to look next, or where it is; a function of the looks."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from models.domain.setup import Sweep

HALF = 0.5
"""A sample is where at least half of what it absorbs is absorbed."""
SAME_PLACE = 1e-6
"""Share of a step by which two places may differ that are the same."""


@dataclass(frozen=True)
class Look:
    """What was seen at one place."""

    place: float
    """Where the device stood, in its unit."""
    height: float | None
    """Absorbed share, or monitor rate; None where the look failed."""


@dataclass(frozen=True)
class Sought:
    """What the looks so far come to."""

    next_place: float | None
    """Where to look next; None when the search is over."""
    best_place: float | None = None
    """Where it is, once the search is over; None when it was not found."""


Seek = Callable[[Sequence[Look], Sweep], Sought]


def seek_middle(looks: Sequence[Look], sweep: Sweep, height: float) -> Sought:
    """Find the middle of a sample: outwards until it is met, then to both of its edges.

    An edge is where half of the greatest height is passed, between two looks, along a straight line. Where
    the sweep ends before the edge, the end counts as the edge.

    Parameters
    ----------
    looks
        What was seen; the first look gives the place from which the search starts.
    sweep
        Where one may look.
    height
        Absorbed share of a sample of which nothing is missed, as far as it is known beforehand.
    """
    seen = _by_step(looks, sweep)
    full = max((height, *(h for h in seen.values() if h is not None)))
    inside = [step for step, seen_height in seen.items() if _is_high(seen_height, full)]
    first, last = _ends(looks[0].place, sweep)
    if not inside:
        left = [step for step in range(first, last + 1) if step not in seen]
        return _at(looks, sweep, min(left, key=lambda step: (abs(step), -step), default=None))
    low = high = max(inside, key=lambda step: (seen[step] or 0.0, -abs(step)))
    while low > first and _is_high(seen.get(low, 0.0), full):
        low -= 1
    while high < last and _is_high(seen.get(high, 0.0), full):
        high += 1
    for step in (low, high):
        if step not in seen:
            return _at(looks, sweep, step)
    origin = looks[0].place
    edges = (
        origin + sweep.step * (low + _crossing(seen, low, low + 1, full)),
        origin + sweep.step * (high - _crossing(seen, high, high - 1, full)),
    )
    return Sought(None, 0.5 * sum(edges))


def seek_peak(looks: Sequence[Look], sweep: Sweep) -> Sought:
    """Find where the beam is strongest: uphill until a look on each side is lower.

    The peak follows from the three, as of a Gaussian: a parabola through the logarithms of their heights.

    Parameters
    ----------
    looks
        What was seen; the first look gives the place from which the search starts.
    sweep
        Where one may look.
    """
    seen = _by_step(looks, sweep)
    heights = {step: height for step, height in seen.items() if height is not None and height > 0}
    if not heights:
        return Sought(None)
    first, last = _ends(looks[0].place, sweep)
    top = max(heights, key=lambda step: (heights[step], -abs(step)))
    for step in (top + 1, top - 1):
        if first <= step <= last and step not in seen:
            return _at(looks, sweep, step)
    below, above = heights.get(top - 1), heights.get(top + 1)
    shift = 0.0 if below is None or above is None else _vertex(below, heights[top], above)
    return Sought(None, looks[0].place + sweep.step * (top + shift))


def _by_step(looks: Sequence[Look], sweep: Sweep) -> dict[int, float | None]:
    """Heights by how many steps from the first look; of two looks at one place the later counts."""
    return {round((look.place - looks[0].place) / sweep.step): look.height for look in looks}


def _ends(origin: float, sweep: Sweep) -> tuple[int, int]:
    """How many steps one may go down and up from a place."""
    down, up = (sweep.low - origin) / sweep.step, (sweep.high - origin) / sweep.step
    return math.ceil(down - SAME_PLACE), math.floor(up + SAME_PLACE)


def _at(looks: Sequence[Look], sweep: Sweep, step: int | None) -> Sought:
    return Sought(None if step is None else looks[0].place + step * sweep.step)


def _is_high(height: float | None, full: float) -> bool:
    return height is not None and height >= HALF * full


def _crossing(seen: dict[int, float | None], outside: int, inside: int, full: float) -> float:
    """Share of a step from the look outside to where half the height is passed; 0 where there is no edge."""
    low, high = seen.get(outside), seen.get(inside)
    if low is None or high is None or _is_high(low, full):
        return 0.0
    return (HALF * full - low) / (high - low)


def _vertex(below: float, top: float, above: float) -> float:
    """Where a Gaussian through three heights, one step apart, is highest; in steps from the middle one."""
    a, b, c = math.log(below), math.log(top), math.log(above)
    curvature = a - 2.0 * b + c
    return 0.0 if curvature >= 0 else max(-HALF, min(HALF, 0.5 * (a - c) / curvature))
