"""What samples are made of is used up: which points can still be made, and what to say when none can."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Protocol

import numpy as np

from agent.strategy.pool import gather_pool
from agent.strategy.problem import Problem
from agent.strategy.rations import needs_of, rationed
from models.domain.axis import Axis
from models.domain.decision import Reason
from models.domain.deck import DeckSpec
from models.domain.history import History
from models.domain.recipe import volume_text
from models.domain.scattering import Floats, Mask
from models.domain.seeds import derive_seed
from models.domain.stock import Stock
from models.formulation.deck import Deck, read_deck
from models.formulation.reach import can_make
from models.formulation.standing import state_after
from models.formulation.state import DeckState
from models.gp.encoding import Encoding

N_LOOKED_AT = 256
"""Points that are looked at to tell whether anything at all can be made."""


class Supply(Protocol):
    """What there is to make samples of."""

    def within(self, encoding: Encoding, history: History) -> Encoding:
        """The encoding of the part of its space that can still be made; itself where that is all of it."""
        ...

    def is_short(self, encoding: Encoding, history: History) -> bool:
        """True when what is left limits what can be made."""
        ...

    def why_none(self, encoding: Encoding, history: History) -> Reason:
        """Why no sample can be made any more."""
        ...


def supply_of(problem: Problem) -> Supply | None:
    """What a campaign's samples are made of; None where nothing is counted."""
    if problem.deck is not None:
        return OfDeck(the_deck(problem.deck, problem.space.axes), problem)
    return None if problem.stock is None else OfStock(problem.stock)


def the_deck(spec: DeckSpec, axes: tuple[Axis, ...]) -> Deck:
    """A deck in numbers, read once."""
    return _the_deck(spec.model_dump_json(), tuple(axis.model_dump_json() for axis in axes))


@lru_cache(maxsize=4)
def _the_deck(spec: str, axes: tuple[str, ...]) -> Deck:
    return read_deck(
        DeckSpec.model_validate_json(spec), tuple(Axis.model_validate_json(axis) for axis in axes)
    )


class OfStock:
    """Amounts of components, each an axis."""

    def __init__(self, stock: Stock) -> None:
        """Keep what there is."""
        self._stock = stock

    def within(self, encoding: Encoding, history: History) -> Encoding:
        """The part for which the stock is left."""
        space = self._stock.narrowed(encoding.space, history)
        return encoding if space is encoding.space else Encoding(space)

    def is_short(self, encoding: Encoding, history: History) -> bool:
        """True when the stock limits the space."""
        return self._stock.narrowed(encoding.space, history) is not encoding.space

    def why_none(self, encoding: Encoding, history: History) -> Reason:
        """What is left of the stock."""
        left = self._stock.text(self._stock.left(history), encoding.space)
        return Reason(code="stock", sentence=f"The stock that is left allows no further sample: {left}.")


class OfDeck:
    """A deck of stocks, tips, wells, rinse and waste."""

    def __init__(self, deck: Deck, problem: Problem) -> None:
        """Keep the deck, and the task, which tells for how many samples it must last."""
        self._deck, self._problem = deck, problem

    def within(self, encoding: Encoding, history: History) -> Encoding:
        """The part that the remaining stocks, tips, wells and waste can make, each within its tolerance.

        Of each stock is kept back what frugal samples to the end of the night need; where nothing could be
        made without it, all of it may be used.
        """
        deck, left = self._deck, state_after(self._deck, history)
        n_later = (self._problem.n_planned or 0) - history.n_measured - 1
        if n_later > 0:
            allowed = rationed(deck, left, needs_of(deck, self._problem.space), n_later)
            narrowed = self._made_of(encoding, allowed)
            if self._has_any(narrowed):
                return narrowed
        return self._made_of(encoding, left)

    def is_short(self, encoding: Encoding, history: History) -> bool:
        """True when nothing at all can be made of what is left."""
        return not self._has_any(self._made_of(encoding, state_after(self._deck, history)))

    def _made_of(self, encoding: Encoding, state: DeckState) -> Encoding:
        deck = self._deck

        def makes(values: Mapping[str, Floats]) -> Mask:
            return can_make(deck, state, np.column_stack([values[name] for name in deck.axes]))

        return Encoding(encoding.space, makes)

    def _has_any(self, encoding: Encoding) -> bool:
        """True when any of some points spread over the space can be made."""
        plain = Encoding(encoding.space)
        columns = gather_pool(plain, N_LOOKED_AT, derive_seed(self._problem.seed, "supply")).columns
        return bool(encoding.is_allowed(columns).any())

    def why_none(self, encoding: Encoding, history: History) -> Reason:
        """What is left on the deck."""
        del encoding
        state, pipetting = state_after(self._deck, history), self._deck.pipetting
        lacks = state.shortages_of_room(pipetting.sample_ul, pipetting.rinse_ul)
        why = "; ".join(lacks) if lacks else f"left are {left_text(state)}"
        return Reason(code="stock", sentence=f"No further sample can be made: {why}.")


def left_text(state: DeckState) -> str:
    """What is left, for people: ``0.4 mL of soap, 3 wells, 12 tips``."""
    parts = [f"{volume_text(state.drawable_ul(name))} of {name}" for name in state.left_ul]
    parts.append(f"{len(state.wells)} wells")
    if state.tips is not None:
        parts.append(f"{state.tips} tips")
    if state.rinse_ul is not None:
        parts.append(f"{volume_text(state.rinse_ul)} to rinse with")
    if state.waste_ul is not None:
        parts.append(f"room for {volume_text(state.waste_ul)} of waste")
    return ", ".join(parts)
