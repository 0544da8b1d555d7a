"""Narrow features that a smooth curve has missed: points that stand out of it together."""

from dataclasses import dataclass

import numpy as np

from models.domain.scattering import Floats

WIDTHS = (1, 2, 3, 5, 8, 13, 21)
"""So many neighbouring points are looked at together."""
STANDS_OUT = 4.0
"""Their sum, in standard deviations, that is hardly chance: once in ten curves of 400 points of noise."""
ROOM = 3
"""Points beside a feature in which the curve may still change fast."""
MOST_AT_ONCE = 4
"""Features that are taken up at a time, the clearest first."""


@dataclass(frozen=True)
class Dip:
    """A place where the correlation length may fall."""

    middle: float
    """Logarithm of q in the middle."""
    half_width: float
    """How far it reaches to either side, in ln q."""

    def shape_at(self, u: Floats) -> Floats:
        """1 in the middle, falling straight to 0 at the ends."""
        return np.maximum(0.0, 1.0 - np.abs(u - self.middle) / self.half_width)


def find_dips(u: Floats, residuals: Floats) -> tuple[Dip, ...]:
    """Find where points stand out of a curve.

    Parameters
    ----------
    u
        Logarithm of q, shape (n_q,).
    residuals
        Points less curve, in standard deviations of the points, shape (n_q,).
    """
    found: list[Dip] = []
    sums = np.array(
        [np.convolve(residuals, np.ones(m), mode="same") / np.sqrt(m) for m in WIDTHS if m <= len(u)]
    )
    heights = np.abs(sums)
    places = np.arange(len(u))
    while len(found) < MOST_AT_ONCE:
        which, place = np.unravel_index(np.argmax(heights), heights.shape)
        if heights[which, place] < STANDS_OUT:
            break
        reach = WIDTHS[which] // 2 + 1 + ROOM
        first, last = max(place - reach, 0), min(place + reach, len(u) - 1)
        found.append(Dip(float(u[place]), float(max(u[last] - u[place], u[place] - u[first]))))
        heights[:, np.abs(places - place) <= 2 * reach] = 0.0
    return tuple(found)
