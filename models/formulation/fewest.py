"""The same mixture from as few stocks as can be."""

from itertools import combinations

import numpy as np

from models.domain.scattering import Floats
from models.formulation.deck import Deck
from models.formulation.limits import CLOSE, Limits

SAME = 1e-7
"""Compositions that differ by less of their tolerance are the same."""
INDEPENDENT = 1e-9
"""Ratio of singular values above which the stocks of a subset tell their shares apart."""


def fewest_shares(deck: Deck, wanted: Floats, limits: Limits) -> Floats | None:
    """Shares of the fewest stocks that make exactly what is wanted.

    Subsets of one more stock than there are axes, at most, are looked at: their shares follow from the
    composition. Of several as small, the one is taken that draws least on what is left of any stock.

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
        Shape (n_stocks,); None when no such subset makes it.
    """
    usable = np.flatnonzero(limits.can_use)
    largest = min(len(deck.axes) + 1, len(usable), limits.n_most)
    for size in range(1, largest + 1):
        subsets = np.array(list(combinations(usable.tolist(), size)))
        shares = _solved(deck, wanted, subsets)
        is_within = np.all((shares >= limits.least[subsets] - CLOSE) & (shares > 0.0), axis=1)
        is_within &= np.all(shares <= limits.most[subsets] + CLOSE, axis=1)
        found: list[tuple[float, Floats]] = []
        for subset, share in zip(subsets[is_within], shares[is_within], strict=True):
            whole = np.zeros(len(deck.stocks))
            whole[subset] = np.clip(share, limits.least[subset], limits.most[subset])
            whole /= whole.sum()
            if deck.miss(whole, wanted) <= SAME:
                found.append((float((share / limits.most[subset]).max()), whole))
        if found:
            least = min(drawn for drawn, _ in found)
            # subsets rise in order, so that of equals the one with the first names is taken
            return next(whole for drawn, whole in found if drawn <= least + CLOSE)
    return None


def _solved(deck: Deck, wanted: Floats, subsets: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Floats:
    """Shares by which each subset makes what is wanted, by least squares; NaN where they do not follow."""
    rows = (deck.content - wanted[:, None] * deck.weight) / deck.tolerance(wanted)[:, None]
    rows /= max(float(np.abs(rows).max()), np.finfo(float).tiny)
    system = np.vstack([rows, np.ones(len(deck.stocks))])[:, subsets].transpose(1, 0, 2)
    left, sizes, right = np.linalg.svd(system, full_matrices=False)
    is_unique = sizes[:, -1] > INDEPENDENT * sizes[:, 0]
    inverse = 1.0 / np.where(is_unique[:, None], sizes, np.nan)
    return np.einsum("mji,mj,mj->mi", right, inverse, left[:, -1, :])
