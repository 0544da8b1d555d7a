"""Make a deck last: what a sample may take of each stock, so that the night need not end before its time."""

from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from agent.strategy.pool import gather_pool
from models.domain.errors import UnreachablePoint
from models.domain.recipe import Recipe
from models.domain.scattering import Floats
from models.domain.seeds import derive_seed
from models.domain.space import SearchSpace
from models.formulation.deck import Deck
from models.formulation.recipes import find_recipe
from models.formulation.state import DeckState, full_state
from models.gp.design import choose_spread
from models.gp.encoding import Encoding

N_TYPICAL = 48
"""Samples, spread over the space, whose recipes tell what is typical."""
N_POOL = 512
"""Points that they are chosen from."""
FRUGAL = 0.25
"""For each later sample, what this share of typical ones can do with is kept back of each stock."""
SHARES = 4.0
"""Where there is not enough of a stock for that, a sample may take so many even shares of what is left; the
least that each later one needs is kept back in any case. With fewer, a rich corner is never seen; with more,
the end of a night sees nothing else: tried with 1.5 to 8 on the simulated diagram."""


def typical_recipes(deck: Deck, space: SearchSpace) -> tuple[Recipe, ...]:
    """Recipes of samples that are spread over the space, made from a full deck."""
    return _typical_recipes(_Key(deck, space))


@dataclass(frozen=True, eq=False)
class Needs:
    """What samples take of each stock, uL."""

    least: Floats
    """The one that can do with least of it, shape (n_stocks,)."""
    frugal: Floats
    """A frugal one: the lower quartile, shape (n_stocks,)."""


def needs_of(deck: Deck, space: SearchSpace) -> Needs:
    """What typical samples take of each stock."""
    recipes = typical_recipes(deck, space)
    if not recipes:
        nothing = np.zeros(len(deck.stocks))
        return Needs(nothing, nothing)
    taken = np.array([[recipe.volumes_ul[name] for name in deck.stocks] for recipe in recipes])
    return Needs(taken.min(axis=0), np.quantile(taken, FRUGAL, axis=0))


def rationed(deck: Deck, state: DeckState, needs: Needs, n_later: int) -> DeckState:
    """What one sample may take of the deck when others are still to be made.

    Parameters
    ----------
    deck
        The deck.
    state
        What is left on it.
    needs
        What samples take of each stock.
    n_later
        How many samples are to be made after this one.

    Returns
    -------
    DeckState
        The same with less in each stock: what is kept back is not in it.
    """
    if n_later <= 0:
        return state
    there = np.array([state.drawable_ul(name) for name in deck.stocks])
    shares = min(SHARES / (n_later + 1), 1.0) * there
    allowed = np.minimum(there - n_later * needs.least, np.maximum(there - n_later * needs.frugal, shares))
    kept = there - np.maximum(allowed, 0.0)
    left = {name: state.left_ul[name] - back for name, back in zip(deck.stocks, kept.tolist(), strict=True)}
    return state.model_copy(update={"left_ul": left})


class _Key:
    """A deck and a space, told apart by what they say."""

    def __init__(self, deck: Deck, space: SearchSpace) -> None:
        self.deck, self.space = deck, space
        self._said = deck.spec.model_dump_json() + space.model_dump_json()

    def __hash__(self) -> int:
        return hash(self._said)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self._said == other._said


@lru_cache(maxsize=4)
def _typical_recipes(key: _Key) -> tuple[Recipe, ...]:
    deck, encoding = key.deck, Encoding(key.space)
    columns = gather_pool(encoding, N_POOL, derive_seed(0, "rations")).columns
    rows = choose_spread(columns, columns[:0], min(N_TYPICAL, len(columns)))
    found: list[Recipe] = []
    for point in encoding.decode(columns[rows]):
        with suppress(UnreachablePoint):
            found.append(find_recipe(deck, full_state(deck), point.numbers))
    return tuple(found)
