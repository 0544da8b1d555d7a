"""What a recipe takes is gone afterwards; what is too little is refused; what runs out first is foretold."""

import pytest
from hypothesis import given, settings

from models.domain.errors import UnreachablePoint
from models.domain.inputs import validated_json
from models.domain.recipe import Recipe
from models.formulation.forecasting import forecast
from models.formulation.recipes import find_recipe, nearest_recipe
from models.formulation.state import DeckState, full_state
from tests.formulation.decks import STOCKS, plain_deck, questions, state_with, wanted_of

MIX = {"S": 300.0, "O": 410.0, "N": 90.0, "W": 200.0}


def counted_deck():
    stocks = [stock | {"dead_volume": "0.5 mL"} for stock in STOCKS]
    return plain_deck(
        stocks=stocks, wells=["B1", "B2", "B3"], tips=9, rinse_volume="2 mL", rinse_supply="50 mL",
        waste_room="0.1 L",
    )  # fmt: skip


def test_a_recipe_takes_stock_tips_a_well_rinse_and_room_in_the_waste():
    deck = counted_deck()
    state = full_state(deck)
    after = state.after(find_recipe(deck, state, wanted_of(deck, **MIX)))
    assert after.left_ul == pytest.approx({name: 20_000.0 - volume for name, volume in MIX.items()})
    assert after.wells == ("B2", "B3")
    assert after.tips == 5
    assert after.rinse_ul == 48_000.0
    assert after.waste_ul == pytest.approx(97_000.0)
    assert state == full_state(deck), "the state before stays as it was"


@settings(max_examples=30, deadline=None)
@given(questions())
def test_stocks_never_go_below_their_dead_volume(question):
    deck, state, wanted = question
    for _ in range(6):
        recipe = nearest_recipe(deck, state, wanted)
        if recipe is None or state.shortages(recipe):
            break
        after = state.after(recipe)
        for name in deck.stocks:
            assert after.left_ul[name] >= deck_dead(state, name)
            taken = state.left_ul[name] - after.left_ul[name]
            assert taken == pytest.approx(recipe.volumes_ul[name], abs=1e-6)
        state = after
    else:
        pytest.fail("four wells are enough for four samples")


def deck_dead(state, name):
    return min(state.dead_ul[name], state.left_ul[name])


def used(**changes) -> Recipe:
    values = {
        "volumes_ul": MIX, "steps": dict.fromkeys(MIX, 1), "wanted": {}, "made": {}, "sigma": {}, "miss": 0.0,
        "rinse_ul": 2000.0,
    }  # fmt: skip
    return Recipe.model_validate(values | changes)


@pytest.mark.parametrize(
    ("left", "complaint"),
    [
        ({"wells": ()}, "no well is left; load a new plate"),
        ({"tips": 3}, "3 tips are left, the recipe takes 4; load a new rack"),
        ({"tips": 0}, "no tip is left; load a new rack"),
        ({"rinse_ul": 1500.0}, "1.5 mL are left to rinse with, 2 mL are needed; refill it"),
        ({"waste_ul": 2500.0}, "the waste can take 2.5 mL, 3 mL come of a sample; empty it"),
    ],
)
def test_what_is_too_little_is_refused_in_words(left, complaint):
    state = full_state(counted_deck()).model_copy(update=left)
    with pytest.raises(UnreachablePoint) as caught:
        state.after(used())
    assert str(caught.value) == complaint


def test_a_stock_that_would_go_below_its_dead_volume_is_refused():
    state = state_with(counted_deck(), O=600.0)
    with pytest.raises(
        UnreachablePoint, match=r"stock O has 0\.1 mL left above its dead volume, 0\.41 mL are"
    ):
        state.after(used())
    with pytest.raises(UnreachablePoint, match="there is no stock 'X' on the deck; put it there"):
        state.after(used(volumes_ul={"X": 100.0}, steps={"X": 1}))


def test_what_runs_out_first_is_foretold():
    deck = plain_deck(tips=200)
    state = state_with(deck, O=0.41e3 * 23 + 5.0)
    said = forecast(state, [used(rinse_ul=0.0)])
    assert said[0].sentence == (
        "stock O lasts for 23 more samples at the present rate (0.41 mL a sample); it is what runs out first"
    )
    assert [one.n_samples for one in said] == sorted(one.n_samples for one in said)
    assert {one.name: one.n_samples for one in said}["tips"] == 50
    assert {one.name: one.n_samples for one in said}["wells"] == 96


def test_a_forecast_comes_true():
    deck = plain_deck(names=("soap", "oil"))
    state = state_with(deck, O=3000.0)
    recipe = find_recipe(deck, state, wanted_of(deck, S=300.0, O=410.0, W=290.0))
    n_samples = forecast(state, [recipe])[0].n_samples
    for _ in range(n_samples):
        state = state.after(recipe)
    with pytest.raises(UnreachablePoint, match="stock O has"):
        state.after(recipe)


def test_the_rate_is_the_mean_of_what_was_made_and_wells_need_none():
    state = full_state(counted_deck())
    (only,) = forecast(state, [])
    assert (
        only.sentence == "wells last for 3 more samples (1 a sample, 3 are left); it is what runs out first"
    )
    said = {one.name: one for one in forecast(state, [used(), used(volumes_ul=MIX | {"S": 500.0})])}
    assert said["stock S"].per_sample == 400.0
    assert said["stock S"].n_samples == 48, "19.5 mL above the dead volume"
    assert said["rinse"].n_samples == 25
    assert said["waste"].sentence.startswith("waste has room for 32 more samples")


def test_recipes_and_states_come_back_from_json():
    state = full_state(counted_deck())
    assert validated_json(DeckState, state.model_dump_json(), "here") == state
    assert validated_json(Recipe, used().model_dump_json(), "here") == used()
