"""How long what is on the deck lasts at the rate at which it has been used."""

from collections.abc import Iterator, Sequence
from math import floor

from models.domain.frozen import Frozen
from models.domain.recipe import Recipe, volume_text
from models.formulation.state import DeckState

ROUNDING = 1e-9
"""Samples by which a whole count may be missed and still be whole."""


class Lasting(Frozen):
    """How long one thing lasts."""

    name: str
    """What: ``stock soap``, ``tips``, ``wells``, ``rinse``, ``waste``."""
    left: float
    """What is left of it: uL, or a count."""
    per_sample: float
    """What a sample has used of it on average, in the same unit."""
    n_samples: int
    """How many more samples it is enough for."""
    sentence: str
    """The same in words."""


def forecast(
    state: DeckState, recipes: Sequence[Recipe], rate: str = "the present rate"
) -> tuple[Lasting, ...]:
    """How many more samples each thing lasts for, at the mean rate of some recipes.

    Parameters
    ----------
    state
        What is left.
    recipes
        What has been made so far, or what is likely to be made; wells are counted without any.
    rate
        What their rate is called in the sentences.

    Returns
    -------
    tuple of Lasting
        What runs out first comes first, and its sentence says so; what is not used is not listed.
    """
    found = sorted(_lasting(state, recipes, rate), key=lambda one: (one.n_samples, one.name))
    if not found:
        return ()
    first = found[0]
    said = f"{first.sentence}; it is what runs out first"
    return (first.model_copy(update={"sentence": said}), *found[1:])


def _lasting(state: DeckState, recipes: Sequence[Recipe], named: str) -> Iterator[Lasting]:
    for stock in state.left_ul:
        rate = _mean([recipe.volumes_ul.get(stock, 0.0) for recipe in recipes])
        if rate > 0.0:
            yield _volume(f"stock {stock}", "lasts", (state.drawable_ul(stock), rate), named)
    for name, verb, left, used in (
        ("rinse", "lasts", state.rinse_ul, [recipe.rinse_ul for recipe in recipes]),
        ("waste", "has room", state.waste_ul, [recipe.waste_ul for recipe in recipes]),
    ):
        rate = _mean(used)
        if left is not None and rate > 0.0:
            yield _volume(name, verb, (left, rate), named)
    rate = _mean([float(recipe.n_tips) for recipe in recipes])
    if state.tips is not None and rate > 0.0:
        yield _count("tips", state.tips, rate)
    yield _count("wells", len(state.wells), 1.0)


def _volume(name: str, verb: str, left_and_rate: tuple[float, float], named: str) -> Lasting:
    left, rate = left_and_rate
    n = floor(left / rate + ROUNDING)
    sentence = f"{name} {verb} for {_samples(n)} at {named} ({volume_text(rate)} a sample)"
    return Lasting(name=name, left=left, per_sample=rate, n_samples=n, sentence=sentence)


def _count(name: str, left: int, rate: float) -> Lasting:
    n = floor(left / rate + ROUNDING)
    sentence = f"{name} last for {_samples(n)} ({rate:.3g} a sample, {left} are left)"
    return Lasting(name=name, left=float(left), per_sample=rate, n_samples=n, sentence=sentence)


def _samples(n: int) -> str:
    return f"{n} more sample" if n == 1 else f"{n} more samples"


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0
