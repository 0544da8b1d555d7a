"""Which compositions can still be made, asked of thousands at once, is what the search for a recipe says."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.domain.axis import Axis
from models.formulation.deck import read_deck
from models.formulation.reach import can_make
from models.formulation.recipes import nearest_recipe
from models.formulation.state import full_state
from tests.formulation.decks import axes, deck_spec, plain_deck, questions, state_with, wanted_of

EDGE = 1e-6
"""So near the tolerance, rounding decides."""


def targets_about(deck, seed, n_targets):
    """Mixtures of the stocks, those beside them, and anything else."""
    random = np.random.default_rng(seed)
    made = deck.made(random.dirichlet(np.full(len(deck.stocks), 0.5), n_targets))
    beside = made * (1.0 + 0.02 * random.standard_normal(made.shape))
    anything = random.uniform(0.0, 1.1, made.shape) * deck.contents.max(axis=1)
    return np.vstack([made, np.abs(beside), anything])


def agree(deck, state, targets):
    for target, is_made in zip(targets, can_make(deck, state, targets), strict=True):
        recipe = nearest_recipe(deck, state, dict(zip(deck.axes, target.tolist(), strict=True)))
        if recipe is None or abs(recipe.miss - 1.0) > EDGE:
            assert is_made == (recipe is not None and recipe.is_accepted), (target, recipe)


@settings(max_examples=25, deadline=None)
@given(questions(), st.integers(0, 2**32 - 1))
def test_it_agrees_with_the_search_for_a_recipe(question, seed):
    deck, state, _ = question
    agree(deck, state, targets_about(deck, seed, 5))


@pytest.mark.parametrize("seed", [1, 2])
def test_it_agrees_where_units_are_mixed(seed):
    units = ("g/g", "mg/mL", "mol/L")
    mixed = tuple(
        Axis(name=name, low=0.0, high=1e3, unit=unit)
        for name, unit in zip(("soap", "oil", "salt"), units, strict=True)
    )
    deck = read_deck(deck_spec(), mixed)
    agree(deck, state_with(deck, O=300.0, S=700.0), targets_about(deck, seed, 30))


def test_it_agrees_with_more_stocks_than_ways_are_tried():
    random = np.random.default_rng(5)
    stocks = [
        {
            "name": name, "where": name, "volume": f"{0.3 + 0.1 * index:.1f} mL",
            "holds": {
                "soap": f"{soap:.3f} g/g", "oil": f"{oil:.3f} g/g", "salt": "0.01 g/g", "water": "rest",
            },
        }
        for index, (name, (soap, oil)) in enumerate(
            zip("ABCDEFGH", random.uniform(0.0, 0.4, (8, 2)), strict=True)
        )
    ]  # fmt: skip
    deck = plain_deck(names=("soap", "oil"), stocks=stocks)
    agree(deck, full_state(deck), targets_about(deck, 3, 20))


def test_two_bottles_of_one_stock_are_told_apart_by_nothing_and_both_are_used():
    thick = {"soap": "0.1138 g/g", "oil": "0.0221 g/g", "salt": "0.3085 g/g", "water": "rest"}
    holds = {
        "rest": {"soap": "0.01 g/g", "oil": "0.01 g/g", "salt": "0.01 g/g", "water": "rest"},
        "other": {"soap": "0.3067 g/g", "oil": "0.2392 g/g", "salt": "0.0226 g/g", "water": "rest"},
        "first": thick, "second": thick,
    }  # fmt: skip
    stocks = [
        {"name": name, "where": name, "volume": "0.9 mL", "holds": held} for name, held in holds.items()
    ]
    deck = plain_deck(names=("soap", "oil", "salt"), stocks=stocks, min_transfer="80 uL")
    state = state_with(deck, first=500.0, second=500.0)
    agree(deck, state, targets_about(deck, 8, 40))
    both = wanted_of(deck, rest=200.0, first=400.0, second=400.0)
    assert can_make(deck, state, np.array([[both[name] for name in deck.axes]])).all()


def test_nothing_can_be_made_without_a_well():
    deck = plain_deck()
    targets = targets_about(deck, 1, 10)
    assert can_make(deck, full_state(deck), targets).any()
    assert not can_make(deck, full_state(deck).model_copy(update={"wells": ()}), targets).any()


def test_what_is_no_composition_cannot_be_made():
    deck = plain_deck()
    assert can_make(deck, full_state(deck), np.array([[np.nan, 0.0, 0.0], [-0.1, 0.0, 0.0]])).tolist() == [
        False, False,
    ]  # fmt: skip
    with pytest.raises(ValueError, match=r"targets have shape \(3,\), must be \(n, 3\)"):
        can_make(deck, full_state(deck), np.zeros(3))


@pytest.mark.parametrize("unit", ["g/g", "mg/mL"])
def test_ten_thousand_of_four_stocks_take_less_than_a_fifth_of_a_second(unit):
    deck = read_deck(deck_spec(), axes(unit))
    targets = targets_about(deck, 1, 3334)[:10_000]
    took_s = []
    for _ in range(3):
        before = time.process_time()
        is_made = can_make(deck, state_with(deck, O=400.0), targets)
        took_s.append(time.process_time() - before)
    assert 0.01 < is_made.mean() < 0.99
    assert min(took_s) < 0.2
