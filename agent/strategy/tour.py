"""In which order to visit places, so that the journeys take little time."""

import numpy as np

from models.domain.scattering import Floats

LEAST_SAVED_S = 1e-9
"""Smaller savings are rounding, s."""

MOST_FIRSTS = 8
"""Places from which a way is begun, at most."""


def short_tour(from_here_s: Floats, between_s: Floats) -> list[int]:
    """An order of places with short journeys: the nearest next, then stretches turned round to save time.

    Nearest neighbour and 2-opt, for a way that need not return (Croes, Oper. Res. 6 (1958) 791): the shortest
    of the ways that begin at one of the nearest places.

    Parameters
    ----------
    from_here_s
        Journey to each place from where the way begins, shape (n,), s.
    between_s
        Journey from each place to each, the same both ways, shape (n, n), s.

    Returns
    -------
    list of int
        Places in order.
    """
    legs_s = np.zeros((len(from_here_s) + 1,) * 2)
    legs_s[0, 1:] = legs_s[1:, 0] = from_here_s
    legs_s[1:, 1:] = between_s
    firsts = np.argsort(from_here_s, kind="stable")[:MOST_FIRSTS] + 1
    ways = [_untangled(np.array(_nearest_next(legs_s, int(first))), legs_s) for first in firsts]
    best = min(ways, key=lambda way: float(legs_s[way[:-1], way[1:]].sum()))
    return [stop - 1 for stop in best.tolist()[1:]]


def _nearest_next(legs_s: Floats, first: int) -> list[int]:
    """Stops that begin with a given one, then each time the nearest that is left."""
    way, left = [0, first], [stop for stop in range(1, len(legs_s)) if stop != first]
    while left:
        way.append(left.pop(int(np.argmin(legs_s[way[-1], left]))))
    return way


def _untangled(way: np.ndarray, legs_s: Floats) -> np.ndarray:
    """The way with stretches turned round as long as that saves time; it begins where it began."""
    is_shorter = True
    while is_shorter:
        is_shorter = False
        for first in range(1, len(way) - 1):
            before, start, ends = way[first - 1], way[first], way[first + 1 :]
            saved_s = legs_s[before, start] - legs_s[before, ends]
            saved_s[:-1] += legs_s[ends[:-1], ends[1:]] - legs_s[start, ends[1:]]
            best = int(np.argmax(saved_s))
            if saved_s[best] > LEAST_SAVED_S:
                way[first : first + best + 2] = way[first : first + best + 2][::-1].copy()
                is_shorter = True
    return way
