"""Within what each stock of a sample must stay: nothing, or from the least transfer to what can be drawn."""

from dataclasses import dataclass, replace

import numpy as np

from models.domain.scattering import Floats, Mask
from models.formulation.deck import Deck
from models.formulation.state import DeckState

CLOSE = 1e-9
"""Shares of a sample that differ by less are the same."""


@dataclass(frozen=True, eq=False)
class Limits:
    """Limits on the share of a sample that each stock makes up, beside 0."""

    least: Floats
    """The least, shape (n_stocks,)."""
    most: Floats
    """The most, shape (n_stocks,): above 1 where it is enough for several samples, below the least where a
    stock is used up."""
    n_most: int
    """How many stocks a sample may use: there is a tip for each."""

    def without_most(self, stock: int) -> "Limits":
        """The same, with as much of one stock as a sample can take."""
        most = self.most.copy()
        most[stock] = max(float(most[stock]), 1.0)
        return replace(self, most=most)

    def without_least(self, stock: int) -> "Limits":
        """The same, with any little of one stock."""
        least = self.least.copy()
        least[stock] = 0.0
        return replace(self, least=least)

    def without_count(self) -> "Limits":
        """The same, with a tip for every stock."""
        return replace(self, n_most=len(self.least))

    @property
    def can_use(self) -> Mask:
        """True for stocks of which the least can still be had, shape (n_stocks,)."""
        return (self.most >= self.least - CLOSE) & (self.most > 0.0)


def limits_of(deck: Deck, state: DeckState) -> Limits:
    """The limits that what is left sets."""
    pipetting = deck.pipetting
    drawable = np.array([state.drawable_ul(name) for name in deck.stocks])
    return Limits(
        least=np.full(len(deck.stocks), pipetting.least_ul / pipetting.sample_ul),
        most=drawable / pipetting.sample_ul,
        n_most=len(deck.stocks) if state.tips is None else min(state.tips, len(deck.stocks)),
    )


def ample_limits(deck: Deck) -> Limits:
    """No limit at all: full stocks, and a pipette that transfers any little."""
    n_stocks = len(deck.stocks)
    return Limits(np.zeros(n_stocks), np.ones(n_stocks), n_stocks)
