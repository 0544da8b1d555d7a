"""How long to count: until a feature is known as well as is asked, and no longer."""

from collections.abc import Sequence
from dataclasses import dataclass

GROWTH = 4.0
"""While the feature cannot be read, or hardly, so many times as long is counted in all."""
MOST_BLIND = 4
"""What could not be read after so many times of that is taken not to be there."""
WELL_KNOWN = 0.25
"""Relative sigma up to which a sigma is believed enough to be extrapolated as far as it leads."""
SPARE = 1.02
"""A little longer than is foretold: a sigma is itself an estimate."""
SHORTEST_SHARE = 0.1
"""A further exposure adds at least this share of what was counted."""
FLOOR_SHARE = 0.8
"""Where what counting does not take away is this share of the variance that is asked for, counting ends."""
LEVER = 1.5
"""Two sigmas tell of a floor when one was counted at least so many times as long as the other, and is no
guess itself; then it takes more."""


@dataclass(frozen=True)
class Counted:
    """A feature as it was read after some time of counting."""

    seconds: float
    """How long was counted in all, in seconds of the full beam."""
    value: float | None
    """The feature; None where it could not be read."""
    sigma: float | None
    """Its standard deviation, in the feature's unit; None where it could not be read."""


@dataclass(frozen=True)
class Wanted:
    """What to do next about counting."""

    more_s: float
    """How long to count on, in seconds of the full beam; 0 to stop."""
    code: str
    """``extend``; or why not: ``reached``, ``floor`` where counting does not help, ``absent``."""


def count_on(read: Sequence[Counted], aim: float | None) -> Wanted:
    """How long to count on.

    The variance of what is read off counts falls as one over their number: sigma^2 = a / t + b, b being what
    counting does not take away (the bias of a window, a correction). From two readings a and b follow, from
    one a with b = 0; then t = a / (aim^2 - b).

    Parameters
    ----------
    read
        The feature after each exposure, all that was counted before being added up.
    aim
        Sigma that is asked for, in the feature's unit; None where the feature was not read.

    Returns
    -------
    Wanted
        More seconds; none when the aim is reached, or cannot be.
    """
    last = read[-1]
    if last.value is None or last.sigma is None or aim is None:
        n_blind = sum(one.value is None for one in read)
        more_s = (GROWTH - 1.0) * last.seconds if n_blind <= MOST_BLIND else 0.0
        return Wanted(more_s, "extend" if more_s else "absent")
    if last.sigma <= aim:
        return Wanted(0.0, "reached")
    floors = _floors(read)
    floor, is_sure = min(floors, default=0.0), len(floors) > 1
    if is_sure and floor >= FLOOR_SHARE * aim**2:
        return Wanted(0.0, "floor")
    is_reachable = floor < FLOOR_SHARE * aim**2
    share = (last.sigma**2 - floor) / (aim**2 - floor) if is_reachable else GROWTH
    total_s = SPARE * last.seconds * share
    if last.sigma > WELL_KNOWN * abs(last.value):
        total_s = min(total_s, GROWTH * last.seconds)
    return Wanted(max(total_s - last.seconds, SHORTEST_SHARE * last.seconds), "extend")


def _floors(read: Sequence[Counted]) -> list[float]:
    """Variance that counting does not take away, from the last reading and each well before it.

    A first sigma is hardly known itself: one pair alone proves nothing.
    """
    last = read[-1]
    assert last.sigma is not None
    found: list[float] = []
    for one in read[:-1]:
        if one.sigma is None or one.value is None:
            continue
        lever = LEVER if one.sigma <= WELL_KNOWN * abs(one.value) else GROWTH**2
        if last.seconds >= lever * one.seconds:
            floor = (last.seconds * last.sigma**2 - one.seconds * one.sigma**2) / (last.seconds - one.seconds)
            found.append(min(max(floor, 0.0), last.sigma**2))
    return found
