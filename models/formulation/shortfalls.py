"""Which limits of what is left, and of the pipette, stand in the way of a recipe."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from models.domain.recipe import Recipe, volume_text
from models.domain.scattering import Floats
from models.formulation.binding import Binding, BindingKind
from models.formulation.deck import Deck
from models.formulation.limits import Limits
from models.formulation.mixing import recipe_within

NEARER = 1e-6
"""A recipe is nearer when its miss is less by this share of it."""
N_BISECTIONS = 20
"""Halvings of the interval in which lies the least that is needed of a stock."""


def volume_bindings(
    deck: Deck, wanted: Floats, limits: Limits, nearest: Recipe | None
) -> tuple[Binding, ...]:
    """Limits that stand in the way of what full stocks could make.

    Parameters
    ----------
    deck
        The deck.
    wanted
        Value on each axis, shape (n_axes,).
    limits
        The limits.
    nearest
        The nearest recipe within them; None when there is none.

    Returns
    -------
    tuple of Binding
        Limits without which, each alone, the recipe could be made; else those without which it would come
        nearer, the most telling first; else the few that only together stand in the way.
    """
    found: list[tuple[float, Binding]] = []
    for kind, stock, wider in _each(limits):
        recipe = recipe_within(deck, wanted, wider)
        if recipe is None or not _is_nearer(recipe, nearest):
            continue
        if recipe.is_accepted and kind == "stock":
            found.append((0.0, _used_up(deck, wanted, limits, stock, recipe)))
        else:
            rank = 0.0 if recipe.is_accepted else recipe.miss
            found.append((rank, _in_words(deck, limits, (kind, stock), recipe)))
    binds = [bound for _, bound in sorted(found, key=lambda one: one[0])]
    enough = tuple(bound for bound in binds if bound.is_enough)
    return enough or tuple(binds) or (_together(deck, wanted, limits, nearest),)


def _is_nearer(recipe: Recipe, than: Recipe | None) -> bool:
    return than is None or recipe.is_accepted or recipe.miss < than.miss * (1.0 - NEARER)


def _each(limits: Limits) -> Iterator[tuple[BindingKind, int, Limits]]:
    """Every limit, with the limits that there are without it."""
    for stock in np.flatnonzero(limits.most < 1.0).tolist():
        yield "stock", stock, limits.without_most(stock)
    for stock in np.flatnonzero(limits.least > 0.0).tolist():
        yield "transfer", stock, limits.without_least(stock)
    if limits.n_most < len(limits.least):
        yield "tips", 0, limits.without_count()


def _used_up(deck: Deck, wanted: Floats, limits: Limits, stock: int, enough: Recipe) -> Binding:
    """A stock of which too little is left, with the least that is enough: found by halving."""
    name, sample_ul = deck.stocks[stock], deck.pipetting.sample_ul
    low, high = float(limits.most[stock]), enough.volumes_ul[name] / sample_ul
    for _ in range(N_BISECTIONS):
        middle = (low + high) / 2.0
        most = limits.most.copy()
        most[stock] = middle
        recipe = recipe_within(deck, wanted, replace(limits, most=most))
        is_enough = recipe is not None and recipe.is_accepted
        low, high = (low, middle) if is_enough else (middle, high)
    sentence = f"{_left(deck, limits, stock)}, {volume_text(high * sample_ul)} are needed"
    return Binding("stock", (name,), sentence, is_enough=True, needed_ul=high * sample_ul)


def _in_words(deck: Deck, limits: Limits, bound: tuple[BindingKind, int], recipe: Recipe) -> Binding:
    """A limit in words, with the recipe that there would be without it."""
    kind, stock = bound
    makes = "would need" if recipe.is_accepted else "would come nearer with"
    if kind == "tips":
        left = f"{limits.n_most} tip is left" if limits.n_most == 1 else f"{limits.n_most} tips are left"
        return Binding(kind, (), f"{left}, {makes} {recipe.n_tips}", recipe.is_accepted)
    name = deck.stocks[stock]
    volume_ul = recipe.volumes_ul[name]
    if kind == "stock":
        sentence = f"{_left(deck, limits, stock)}; with {volume_text(volume_ul)} one would come nearer"
    else:
        least = volume_text(deck.pipetting.least_ul)
        sentence = f"{makes} {volume_text(volume_ul)} of {name}, the least that is pipetted is {least}"
    return Binding(kind, (name,), sentence, recipe.is_accepted, volume_ul)


def _left(deck: Deck, limits: Limits, stock: int) -> str:
    left = volume_text(float(limits.most[stock]) * deck.pipetting.sample_ul)
    return f"stock {deck.stocks[stock]} has {left} left above its dead volume"


def _together(deck: Deck, wanted: Floats, limits: Limits, nearest: Recipe | None) -> Binding:
    """What stands in the way when no limit does so alone."""
    n_stocks, sample_ul = len(deck.stocks), deck.pipetting.sample_ul
    drawable = float(np.where(limits.can_use, limits.most, 0.0).sum()) * sample_ul
    if nearest is None and drawable < sample_ul:
        sentence = (
            f"{volume_text(drawable)} can be drawn from all stocks, a sample takes {volume_text(sample_ul)}"
        )
        return Binding("volume", deck.stocks, sentence)
    filled, fine = np.maximum(limits.most, 1.0), np.zeros(n_stocks)
    for wider in (
        replace(limits, most=filled),
        replace(limits, least=fine),
        replace(limits, most=filled, least=fine),
        Limits(fine, filled, n_stocks),
    ):
        recipe = recipe_within(deck, wanted, wider)
        if recipe is not None and _is_nearer(recipe, nearest):
            return _several(deck, limits, recipe)
    return Binding("several", deck.stocks, "what is left of the stocks is too little together")


def _several(deck: Deck, limits: Limits, recipe: Recipe) -> Binding:
    """The limits that a recipe would break, in one sentence."""
    sample_ul, least_ul = deck.pipetting.sample_ul, deck.pipetting.least_ul
    said: list[str] = []
    names: list[str] = []
    for name, most in zip(deck.stocks, limits.most.tolist(), strict=True):
        volume_ul = recipe.volumes_ul[name]
        if volume_ul > most * sample_ul:
            said.append(f"{volume_text(volume_ul)} of {name} ({volume_text(most * sample_ul)} left)")
        elif 0.0 < volume_ul < least_ul:
            said.append(f"{volume_text(volume_ul)} of {name} (below {volume_text(least_ul)})")
        else:
            continue
        names.append(name)
    if recipe.n_tips > limits.n_most:
        said.append(f"{recipe.n_tips} tips ({limits.n_most} left)")
    makes = "would need" if recipe.is_accepted else "would come nearer with"
    return Binding("several", tuple(names), f"{makes} {' and '.join(said)}", recipe.is_accepted)
