"""What is said to stand in the way does: without it alone the recipe is made, or comes nearer."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from models.domain.recipe import Recipe
from models.formulation.explaining import explain
from models.formulation.limits import ample_limits, limits_of
from models.formulation.mixing import recipe_within
from models.formulation.recipes import nearest_recipe
from models.formulation.state import full_state
from tests.formulation.decks import plain_deck, questions, state_with, wanted_of


def is_made_or_nearer(recipe: Recipe | None, than: Recipe | None) -> bool:
    return recipe is not None and (recipe.is_accepted or than is None or recipe.miss < than.miss)


def without(deck, limits, bound, values):
    """The nearest recipe when only what is named no longer binds."""
    stocks = (
        [deck.stocks.index(name) for name in bound.names] if bound.kind not in ("content", "mixture") else []
    )
    most, least, n_most = limits.most.copy(), limits.least.copy(), limits.n_most
    if bound.kind in ("stock", "several", "volume"):
        most[stocks] = 1.0
    if bound.kind in ("transfer", "several"):
        least[stocks] = 0.0
    if bound.kind == "tips" or (bound.kind == "several" and "tips" in bound.sentence):
        n_most = len(deck.stocks)
    return recipe_within(deck, values, replace(limits, most=most, least=least, n_most=n_most))


@settings(max_examples=50, deadline=None)
@given(questions())
def test_what_is_named_is_what_binds(question):
    deck, state, wanted = question
    said = explain(deck, state, wanted)
    assert said.nearest == nearest_recipe(deck, state, wanted)
    is_made = said.nearest is not None and said.nearest.is_accepted
    assert is_made == (not said.binds)
    limits, values = limits_of(deck, state), np.array([wanted[name] for name in deck.axes])
    for bound in said.binds:
        if bound.kind in ("content", "mixture"):
            ample = recipe_within(deck, values, ample_limits(deck))
            assert ample is not None
            assert not ample.is_accepted, "no filling of stocks, and no finer pipette, would help"
            continue
        freed = without(deck, limits, bound, values)
        assert is_made_or_nearer(freed, said.nearest), bound
        assert freed is not None
        assert freed.is_accepted == bound.is_enough, bound


@settings(max_examples=50, deadline=None)
@given(questions())
def test_a_content_that_is_named_is_beyond_every_stock_and_one_that_is_not_comes_nearer(question):
    deck, state, wanted = question
    values = np.array([wanted[name] for name in deck.axes])
    for bound in explain(deck, state, wanted).binds:
        if bound.kind != "content":
            continue
        axis = deck.axes.index(bound.names[0])
        contents, tolerance = deck.contents[axis], deck.tolerance(values)[axis]
        assert values[axis] > contents.max() + tolerance or values[axis] < contents.min() - tolerance
        eased = values.copy()
        eased[axis] = np.clip(values[axis], contents.min(), contents.max())
        before = recipe_within(deck, values, ample_limits(deck))
        after = recipe_within(deck, eased, ample_limits(deck))
        assert after.miss < before.miss


@settings(max_examples=50, deadline=None)
@given(questions())
def test_what_is_said_to_be_needed_of_a_stock_is_enough_and_a_little_less_is_not(question):
    deck, state, wanted = question
    values, limits = np.array([wanted[name] for name in deck.axes]), limits_of(deck, state)
    for bound in explain(deck, state, wanted).binds:
        if bound.kind != "stock" or not bound.is_enough:
            continue
        for share, is_made in ((1.0, True), (0.999, False)):
            most = limits.most.copy()
            most[deck.stocks.index(bound.names[0])] = bound.needed_ul / deck.pipetting.sample_ul * share
            recipe = recipe_within(deck, values, replace(limits, most=most))
            assert (recipe is not None and recipe.is_accepted) == is_made


def test_a_stock_that_is_used_up_is_named_with_what_is_left_and_what_is_needed():
    deck = plain_deck()
    said = explain(deck, state_with(deck, O=400.0), wanted_of(deck, S=200.0, O=620.0, N=80.0, W=100.0))
    assert said.sentences == ("stock O has 0.4 mL left above its dead volume, 0.615 mL are needed",)
    assert said.nearest.volumes_ul["O"] == pytest.approx(400.0)


def test_dead_volume_is_not_counted_as_left():
    stocks = [stock | {"dead_volume": "1 mL"} for stock in plain_deck().spec.model_dump()["stocks"]]
    deck = plain_deck(stocks=stocks)
    said = explain(deck, state_with(deck, O=1400.0), wanted_of(deck, S=200.0, O=620.0, N=80.0, W=100.0))
    assert said.sentences[0].startswith("stock O has 0.4 mL left above its dead volume")


def test_a_transfer_that_is_too_small_is_named_with_the_least():
    deck = plain_deck()
    said = explain(deck, full_state(deck), wanted_of(deck, S=300.0, O=300.0, N=7.3, W=392.7))
    assert said.sentences == ("would need 7.3 uL of N, the least that is pipetted is 20 uL",)
    assert said.nearest.volumes_ul["N"] in (0.0, pytest.approx(20.0))


def test_a_content_that_no_stock_has_is_named_with_the_richest():
    deck = plain_deck()
    said = explain(deck, full_state(deck), {"soap": 0.55, "oil": 0.1, "salt": 0.03})
    assert said.sentences == ("soap 0.55 g/g: the richest stock (S) holds 0.4 g/g",)


def test_contents_that_cannot_be_had_together_are_named_with_what_can():
    deck = plain_deck(names=("soap", "oil"))
    said = explain(deck, full_state(deck), {"soap": 0.3, "oil": 0.6})
    assert said.sentences[0].startswith(
        "soap 0.3 g/g: with oil as wanted, mixtures of the stocks hold 0 to 0.16"
    )
    edge = explain(deck, full_state(deck), {"soap": 0.16, "oil": 0.6})
    assert edge.text() == "it can be made"


def test_what_is_too_little_in_all_is_said_of_all():
    deck = plain_deck()
    state = state_with(deck, S=100.0, O=200.0, N=100.0, W=50.0)
    said = explain(deck, state, wanted_of(deck, S=300.0, O=500.0, N=80.0, W=120.0))
    assert said.nearest is None
    assert said.binds[0].kind in ("stock", "volume")
    few = state_with(deck, S=1.0, O=1.0, N=1.0, W=1.0).model_copy(update={"tips": 1})
    said = explain(deck, few, {"soap": 0.1, "oil": 0.1, "salt": 0.02})
    assert said.text().endswith("no sample can be made of what is left, refill the stocks")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"wells": ()}, "no well is left; load a new plate"),
        ({"tips": 0}, "no tip is left; load a new rack"),
        ({"rinse_ul": 500.0}, "0.5 mL are left to rinse with, 3 mL are needed; refill it"),
        ({"waste_ul": 3900.0}, "the waste can take 3.9 mL, 4 mL come of a sample; empty it"),
        ({"tips": 3}, "3 tips are left, would need 4"),
    ],
)
def test_wells_tips_rinse_and_waste_are_named(changes, sentence):
    deck = plain_deck(rinse_volume="3 mL")
    state = full_state(deck).model_copy(update=changes)
    said = explain(deck, state, wanted_of(deck, S=300.0, O=300.0, N=100.0, W=300.0))
    assert said.sentences == (sentence,)
