"""The mixture nearest to what is wanted, where each stock is left out or stays within its limits.

Whether a stock is left out is a choice, so that this is no single least-squares problem. Stocks are first
allowed any share from 0 upwards, which can only come nearer. Where the outcome breaks the least transfer of a
stock, both choices are tried, and what cannot come nearer than the best so far is dropped (branch and bound;
A. H. Land and A. G. Doig, Econometrica 28, 497 (1960)).
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import lsq_linear

from models.domain.scattering import Floats, Mask
from models.formulation.deck import Deck
from models.formulation.limits import CLOSE, Limits

N_ROUNDS = 30
"""Linearisations of a mass fraction at most; two or three are enough where it can be made."""
N_HALVINGS = 12
"""How often a step that leads away is halved."""
SETTLED = 1e-11
"""Relative fall of the squares below which linearising ends."""
EXACT = 1e-16
"""Squares of errors over tolerances below which a mixture is what is wanted."""
TOTAL_WEIGHT = 1e5
"""Weight of the shares' sum over that of the largest other row: what it misses is then closed by hand."""


@dataclass(frozen=True, eq=False)
class Mixture:
    """Shares of the stocks, and how far their mixture is from what is wanted."""

    shares: Floats
    """Share of each stock, shape (n_stocks,), adds up to 1."""
    squares: float
    """Errors over their tolerances, squared and added."""


def nearest_shares(deck: Deck, wanted: Floats, limits: Limits) -> Floats | None:
    """Shares of the stocks whose mixture is nearest to what is wanted, each error over its tolerance.

    Parameters
    ----------
    deck
        The deck.
    wanted
        Value on each axis, shape (n_axes,).
    limits
        Limits of each stock.

    Returns
    -------
    Floats or None
        Shape (n_stocks,); None when the limits leave no sample at all. Where mass fractions stand beside
        other units, and stocks differ in density, it is the nearest in its neighbourhood.
    """
    best: Mixture | None = None
    open_nodes = [(np.zeros(len(limits.least)), np.where(limits.can_use, limits.most, 0.0))]
    while open_nodes:
        low, high = open_nodes.pop()
        if np.count_nonzero(low) > limits.n_most:
            continue
        found = _relaxed(deck, wanted, low, high)
        if found is None or (best is not None and found.squares >= best.squares - SETTLED * best.squares):
            continue
        doubt = _doubtful(found.shares, low, limits)
        if doubt is None:
            best = found
            if best.squares < EXACT:
                break
            continue
        without, with_it = (low, high.copy()), (low.copy(), high)
        without[1][doubt] = 0.0
        with_it[0][doubt] = max(limits.least[doubt], CLOSE)
        is_nearer_to_none = found.shares[doubt] < limits.least[doubt] / 2.0
        # the last is looked at first
        open_nodes += [with_it, without] if is_nearer_to_none else [without, with_it]
    return None if best is None else best.shares


def _doubtful(shares: Floats, low: Floats, limits: Limits) -> int | None:
    """The stock to decide about next; None when all is as it must be."""
    is_used = shares > CLOSE
    short = np.where(is_used, limits.least - shares, 0.0)
    if short.max() > CLOSE:
        return int(np.argmax(short))
    if np.count_nonzero(is_used) <= limits.n_most:
        return None
    return int(np.argmin(np.where(is_used & (low == 0.0), shares, np.inf)))


def _relaxed(deck: Deck, wanted: Floats, low: Floats, high: Floats) -> Mixture | None:
    """The nearest mixture with every share from its low to its high end; None when they make no sample."""
    if low.sum() > 1.0 + CLOSE or high.sum() < 1.0 - CLOSE or (low > high + CLOSE).any():
        return None
    is_free = high > low
    shares = low + (high - low) * _even(low, high)
    if not is_free.any():
        return Mixture(shares, float(deck.miss(shares, wanted) ** 2))
    best = Mixture(shares, np.inf)
    at = wanted
    for _ in range(N_ROUNDS):
        step = _least_squares(deck, wanted, at, best.shares, (low, high, is_free))
        found = _searched(deck, wanted, best, step)
        fall = best.squares - found.squares
        is_linear = np.ptp(deck.weight, axis=1).max() == 0.0
        if fall > 0.0:
            best = found
        if is_linear or best.squares < EXACT or fall <= SETTLED * best.squares:
            break
        at = deck.made(best.shares)
    return best


def _even(low: Floats, high: Floats) -> float:
    """How far to go from the low to the high ends for shares that add up to 1."""
    room = float((high - low).sum())
    return min(max((1.0 - float(low.sum())) / room, 0.0), 1.0) if room > 0.0 else 0.0


def _searched(deck: Deck, wanted: Floats, before: Mixture, shares: Floats) -> Mixture:
    """What lies nearest on the way to new shares, halving it until it leads nearer."""
    for n_halved in range(N_HALVINGS):
        tried = before.shares + (shares - before.shares) * 0.5**n_halved
        squares = float(deck.miss(tried, wanted) ** 2)
        if squares < before.squares:
            return Mixture(tried, squares)
    return before


def _least_squares(
    deck: Deck, wanted: Floats, at: Floats, shares: Floats, ends: tuple[Floats, Floats, Mask]
) -> Floats:
    """One bounded linear least-squares problem: axes linearised about the values `at`, shares add up to 1."""
    low, high, is_free = ends
    free = np.flatnonzero(is_free)
    below = deck.weight @ shares
    scale = 1.0 / (below * deck.tolerance(wanted))
    rows = (deck.content - at[:, None] * deck.weight) * scale[:, None]
    right = (wanted - at) / deck.tolerance(wanted) - rows @ np.where(is_free, 0.0, low)
    heavy = TOTAL_WEIGHT * max(float(np.abs(rows).max()), 1.0)
    room = 1.0 - float(low[~is_free].sum())
    found = lsq_linear(
        np.vstack([rows[:, free], np.full(len(free), heavy)]),
        np.append(right, heavy * room),
        bounds=(low[free], high[free]),
        method="bvls",
        tol=1e-14,
        max_iter=200,
    )
    outcome = low.copy()
    outcome[free] = np.clip(found.x, low[free], high[free])
    return _closed(outcome, low, high)


def _closed(shares: Floats, low: Floats, high: Floats) -> Floats:
    """Shares that add up to 1, from shares that nearly do: what is missing goes where there is room."""
    shares = np.where(shares < low + CLOSE, low, np.where(shares > high - CLOSE, high, shares))
    for _ in range(len(shares)):
        missing = 1.0 - float(shares.sum())
        room = high - shares if missing > 0.0 else shares - low
        # an end at which a share rests is not left unless nothing else can give
        inside = np.where((shares > low) & (shares < high), room, 0.0)
        room = inside if inside.sum() >= abs(missing) else room
        if missing == 0.0 or room.sum() <= 0.0:
            break
        shares = np.clip(shares + missing * room / room.sum(), low, high)
    return shares
