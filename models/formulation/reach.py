"""Which of many compositions can be made of what is left.

A composition that lies farther than its tolerance outside the outline of all mixtures of the stocks, whatever
the least transfer, is out of reach. For the others, each way is tried in which some stocks are left out, some
stay at their least or their most, and the rest follows by least squares: the nearest mixture is one of these.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from models.domain.recipe import ROUNDING
from models.domain.scattering import Floats, Mask
from models.formulation.deck import Deck
from models.formulation.limits import CLOSE, Limits, limits_of
from models.formulation.nearest import nearest_shares
from models.formulation.state import DeckState

MOST_WAYS = 4**6
"""With more ways than these, compositions that are not made by the plain ones are solved one by one."""
N_ROUNDS = 4
"""Linearisations of mass fractions; one, and one that refines it, are enough for volumes."""
RIDGE = 1e-12
"""Added to the squares of a least-squares problem, relative to their sum, so that it has one answer."""
ALIKE = 1e-7
"""Differences of stocks below which they are one, relative to what they hold."""
FLAT = 1e-9
"""Extent below which an outline is flat, relative to its largest."""
FAR = 1e-3
"""By how much a bound on the miss must exceed what is accepted: far more than rounding."""
Indices = np.ndarray[tuple[int, ...], np.dtype[np.int64]]
"""Indices of stocks."""


@dataclass(frozen=True, eq=False)
class _Way:
    """One way to mix: which stocks follow by least squares, and where the others stand."""

    free: Indices
    """Indices of the stocks that follow."""
    fixed: Floats
    """Share of each other stock, shape (n_stocks,); 0 for those that follow."""


def can_make(deck: Deck, state: DeckState, targets: Floats) -> Mask:
    """Which compositions can be made of what is left, each within its tolerance.

    Parameters
    ----------
    deck
        The deck.
    state
        What is left on it.
    targets
        Wanted values in the order of the deck's axes, shape (n_targets, n_axes).

    Returns
    -------
    Mask
        True where `find_recipe` finds one, shape (n_targets,).
    """
    targets = np.asarray(targets, dtype=float)
    if targets.ndim != 2 or targets.shape[1] != len(deck.axes):
        raise ValueError(f"targets have shape {targets.shape}, must be (n, {len(deck.axes)})")
    is_made: Mask = np.zeros(len(targets), dtype=np.bool_)
    limits = limits_of(deck, state)
    pipetting = deck.pipetting
    if state.shortages_of_room(pipetting.sample_ul, pipetting.rinse_ul) or not limits.can_use.any():
        return is_made
    is_open: Mask = np.all(np.isfinite(targets) & (np.nan_to_num(targets) >= 0.0), axis=1)
    is_open[is_open] = ~_is_outside(deck, limits, targets[is_open])
    stands = _stands(limits)
    is_complete = prod(map(len, stands)) <= MOST_WAYS
    ways = _ways(deck, limits, stands if is_complete else [stand[:2] for stand in stands])
    for way in sorted(ways, key=lambda way: (np.count_nonzero(way.fixed), -len(way.free))):
        index = np.flatnonzero(is_open)
        if not len(index):
            break
        index = index[_makes(deck, limits, way, targets[index])]
        is_made[index], is_open[index] = True, False
    if not is_complete:
        for index in np.flatnonzero(is_open):
            is_made[index] = _is_near(deck, targets[index], limits)
    return is_made


def _is_near(deck: Deck, wanted: Floats, limits: Limits) -> bool:
    shares = nearest_shares(deck, wanted, limits)
    return shares is not None and bool(deck.miss(shares, wanted) <= 1.0 + ROUNDING)


def _is_outside(deck: Deck, limits: Limits, targets: Floats) -> Mask:
    """True for compositions that surely no mixture comes near enough to, least transfers aside."""
    most = np.where(limits.can_use, np.minimum(limits.most, 1.0), 0.0)
    corners = np.array(list(_corners(most))).reshape(-1, len(deck.stocks))
    if not len(corners):
        return np.ones(len(targets), dtype=np.bool_)
    made = deck.made(corners)
    normals = np.vstack([np.eye(len(deck.axes)), -np.eye(len(deck.axes))])
    ratios = deck.weight / deck.weight[:1]
    if np.ptp(ratios, axis=1).max() <= CLOSE:
        # all axes are shares of the same total: mixtures of compositions lie between them
        normals = np.vstack([normals, _normals(made)])
    highest = (normals @ made.T).max(axis=1)
    # a plane's distance is counted in tolerances, which may differ from target to target
    tolerances = np.sqrt(deck.tolerance(targets) ** 2 @ (normals**2).T)
    return np.any(targets @ normals.T > highest + (1.0 + CLOSE) * tolerances, axis=1)


def _corners(most: Floats) -> Iterator[Floats]:
    """The extreme mixtures with shares from 0 to the most: all but one share at one of its ends."""
    ends = [(0.0, high) if high > 0.0 else (0.0,) for high in most]
    for last in np.flatnonzero(most > 0.0):
        for corner in product(*(end if index != last else (0.0,) for index, end in enumerate(ends))):
            shares = np.array(corner)
            shares[last] = 1.0 - shares.sum()
            if -CLOSE <= shares[last] <= most[last] + CLOSE:
                yield shares


def _normals(points: Floats) -> Floats:
    """Normals of the planes that bound some points, shape (n_planes, n_axes)."""
    extent = np.ptp(points, axis=0)
    scale = np.where(extent > 0.0, extent, 1.0)
    centred = (points - points.mean(axis=0)) / scale
    _, sizes, directions = np.linalg.svd(centred, full_matrices=True)
    rank = int(np.count_nonzero(sizes > FLAT * max(float(sizes.max()), FLAT)))
    across = directions[rank:]
    found = [across, -across, directions[:rank], -directions[:rank]]
    if rank > 1:
        try:
            hull = ConvexHull(centred @ directions[:rank].T)
            found.append(hull.equations[:, :-1] @ directions[:rank])
        except QhullError:
            pass  # the planes across the main directions bound them as well, only less closely
    return np.vstack(found) / scale


def _stands(limits: Limits) -> list[list[float | None]]:
    """Where each stock may stand: None when it follows, out, at its least, at its most."""
    return [
        list(dict.fromkeys([None, 0.0, least, *([most] if most < 1.0 else [])])) if can_use else [0.0]
        for least, most, can_use in zip(
            limits.least.tolist(), limits.most.tolist(), limits.can_use, strict=True
        )
    ]


def _ways(deck: Deck, limits: Limits, stands: list[list[float | None]]) -> Iterator[_Way]:
    """Every way to mix in which as many shares follow as the axes tell apart, at most."""
    for way in product(*stands):
        is_free = np.array([stand is None for stand in way])
        fixed = np.array([stand or 0.0 for stand in way])
        room = 1.0 - float(fixed.sum())
        n_free = int(is_free.sum())
        if (
            (0 < n_free <= len(deck.axes) + 1)
            and n_free + np.count_nonzero(fixed) <= limits.n_most
            and (limits.least[is_free].sum() - CLOSE <= room <= limits.most[is_free].sum() + CLOSE)
        ):
            yield _Way(np.flatnonzero(is_free), fixed)


def _makes(deck: Deck, limits: Limits, way: _Way, targets: Floats) -> Mask:
    """True for targets that this way makes, shape (n_targets,)."""
    is_made: Mask = np.zeros(len(targets), dtype=np.bool_)
    free, n_free = way.free, len(way.free)
    start = way.fixed.copy()
    start[free] = (1.0 - way.fixed.sum()) / n_free
    # changes that keep the sum, shape (n_stocks, n_free - 1)
    moves = np.zeros((len(start), n_free - 1))
    moves[free] = np.linalg.svd(np.ones((1, n_free)))[2][1:].T
    index = np.arange(len(targets))
    shares, at, tolerance = np.tile(start, (len(targets), 1)), targets, deck.tolerance(targets)
    varies = np.ptp(deck.weight, axis=1).max() > 0.0
    for n_round in range(N_ROUNDS if varies else 2):
        if n_free > 1:
            shares = _moved(deck, (targets[index], at, tolerance[index]), shares, moves)
        # a step may lead to where there is nothing below the line
        is_left = (shares @ deck.weight.T > 0.0).all(axis=1)
        if n_round == 0:
            is_left &= ~_is_too_far(deck, (targets, tolerance), start, shares)
        index, shares = index[is_left], shares[is_left]
        is_near = deck.miss(shares, targets[index]) <= 1.0 + ROUNDING
        is_made[index] |= is_near & _is_within(limits, shares, free)
        is_left = ~is_made[index]
        index, shares = index[is_left], shares[is_left]
        if not len(index) or n_free == 1:
            break
        at = deck.made(shares)
    return is_made


def _is_within(limits: Limits, shares: Floats, free: Indices) -> Mask:
    """True where the shares that follow stay within their limits."""
    inside = shares[:, free]
    low, high = np.maximum(limits.least[free], 0.0) - CLOSE, limits.most[free] + CLOSE
    return np.all((inside >= low) & (inside <= high), axis=1)


def _is_too_far(deck: Deck, wanted: tuple[Floats, Floats], start: Floats, shares: Floats) -> Mask:
    """True where no shares along a way come within the tolerance, as the first step shows.

    The step made least what the miss has above the line, over what was below the line at its start; and no
    mixture has more below the line than the heaviest stock.
    """
    targets, tolerance = wanted
    above = shares @ deck.content.T - targets * (shares @ deck.weight.T)
    squares = np.sum((above / tolerance / (deck.weight @ start)) ** 2, axis=1)
    least_factor = float(np.min(deck.weight @ start / deck.weight.max(axis=1)))
    return np.sqrt(squares) * least_factor > 1.0 + FAR


def _moved(deck: Deck, about: tuple[Floats, Floats, Floats], shares: Floats, moves: Floats) -> Floats:
    """Shares after one least-squares step; `about`: targets, values to linearise at, and tolerances."""
    targets, at, tolerance = about
    below = shares @ deck.weight.T
    scale = 1.0 / (below * tolerance)
    rows = (deck.content @ moves - at[:, :, None] * (deck.weight @ moves)) * scale[:, :, None]
    right = (targets - at) / tolerance - (shares @ deck.content.T - at * below) * scale
    across = rows.transpose(0, 2, 1)
    squares = across @ rows
    size = np.trace(squares, axis1=1, axis2=2)
    # a move between two bottles that hold the same changes nothing but by rounding
    most = (deck.content @ np.abs(moves) + at[:, :, None] * (deck.weight @ np.abs(moves))) * scale[:, :, None]
    ridge = RIDGE * size + ALIKE**2 * np.sum(most**2, axis=(1, 2)) + np.finfo(float).tiny
    squares += ridge[:, None, None] * np.eye(moves.shape[1])
    steps = np.linalg.solve(squares, across @ right[:, :, None])[:, :, 0]
    return shares + steps @ moves.T
