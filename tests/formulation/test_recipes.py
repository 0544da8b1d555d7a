"""A recipe makes what is asked for, from what is left, in transfers that the pipette can do."""

import time
from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from models.domain.errors import BadInput, UnreachablePoint
from models.formulation.deck import read_deck
from models.formulation.limits import limits_of
from models.formulation.recipes import find_recipe, nearest_recipe
from models.formulation.state import full_state
from tests.formulation.decks import UNITS, axes, deck_spec, plain_deck, questions, state_with, wanted_of


def volumes_of(deck, recipe):
    return np.array([recipe.volumes_ul[name] for name in deck.stocks])


@pytest.mark.parametrize("unit", UNITS)
def test_a_mixture_of_the_stocks_is_made_from_the_same_volumes_in_every_unit(unit):
    deck = plain_deck(unit)
    volumes = {"S": 300.0, "O": 500.0, "N": 80.0, "W": 120.0}
    recipe = find_recipe(deck, full_state(deck), wanted_of(deck, **volumes))
    assert recipe.volumes_ul == pytest.approx(volumes, rel=1e-9)
    assert recipe.errors == pytest.approx(dict.fromkeys(deck.axes, 0.0), abs=1e-9)


def test_a_mass_fraction_is_what_a_balance_would_say():
    deck = plain_deck(names=("soap",))
    recipe = find_recipe(deck, full_state(deck), {"soap": 0.1})
    # 0.4 g/g of soap in water, volumes adding up: 1 / (0.4 / 1.05 + 0.6 / 0.998) g/mL
    density = {"S": 1.0 / (0.4 / 1.05 + 0.6 / 0.998), "O": 0.8, "W": 0.998}
    density["N"] = 1.0 / (0.2 / 2.16 + 0.8 / 0.998)
    mass = {name: volume * density[name] for name, volume in recipe.volumes_ul.items()}
    assert 0.4 * mass["S"] / sum(mass.values()) == pytest.approx(0.1, rel=1e-9)
    assert recipe.n_tips == 2, "two stocks are enough for one axis"


@settings(max_examples=50, deadline=None)
@given(questions())
def test_volumes_add_up_stay_within_what_is_left_and_are_none_or_no_less_than_the_least(question):
    deck, state, wanted = question
    recipe = nearest_recipe(deck, state, wanted)
    if recipe is None:
        return
    volumes, sample_ul = volumes_of(deck, recipe), deck.pipetting.sample_ul
    assert volumes.sum() == pytest.approx(sample_ul, rel=1e-9)
    drawable = np.array([state.drawable_ul(name) for name in deck.stocks])
    assert np.all(volumes <= drawable + 1e-6)
    used = volumes[volumes != 0.0]
    assert np.all(used > 0.0)
    assert np.all(used >= deck.pipetting.least_ul - 1e-6)
    assert len(used) == recipe.n_tips <= limits_of(deck, state).n_most


@settings(max_examples=50, deadline=None)
@given(questions(("g/g",)))
def test_mass_is_conserved(question):
    deck, state, wanted = question
    every = tuple(component.name for component in deck.spec.components)
    whole = read_deck(deck.spec, axes("g/g", every))
    recipe = nearest_recipe(deck, state, wanted)
    assume(recipe is not None)
    volumes = volumes_of(whole, recipe)
    fractions = whole.made(volumes)
    assert fractions.sum() == pytest.approx(1.0, rel=1e-9), "everything is some component"
    assert fractions * (whole.weight[0] @ volumes) == pytest.approx(whole.content @ volumes, rel=1e-9)
    concentrations = read_deck(deck.spec, axes("g/mL", every)).made(volumes)
    assert concentrations == pytest.approx(fractions * (whole.weight[0] @ volumes) / volumes.sum(), rel=1e-9)


@settings(max_examples=50, deadline=None)
@given(questions(), st.integers(0, 2**32 - 1))
def test_no_other_recipe_comes_nearer(question, seed):
    deck, state, wanted = question
    recipe = nearest_recipe(deck, state, wanted)
    limits = limits_of(deck, state)
    random = np.random.default_rng(seed)
    is_used = random.random((3000, len(deck.stocks))) < 0.6
    shares = np.where(is_used, random.dirichlet(np.ones(len(deck.stocks)), 3000), 0.0)
    if recipe is not None:  # mixtures near the one that was found are the ones that may be better
        own = volumes_of(deck, recipe) / recipe.volume_ul
        near = own * np.exp(random.normal(0.0, 0.05, (1000, len(deck.stocks))))
        shares = np.vstack([shares, near])
    shares = shares[shares.sum(axis=1) > 0.0]
    shares /= shares.sum(axis=1, keepdims=True)
    is_allowed = np.all((shares == 0.0) | ((shares >= limits.least) & (shares <= limits.most)), axis=1)
    is_allowed &= np.count_nonzero(shares, axis=1) <= limits.n_most
    if not is_allowed.any():
        return
    assert recipe is not None
    others = deck.miss(shares[is_allowed], np.array([wanted[name] for name in deck.axes]))
    assert recipe.miss <= others.min() * (1.0 + 1e-9) + 1e-9


@settings(max_examples=50, deadline=None)
@given(questions(), st.integers(0, 10_000))
def test_the_order_of_stocks_changes_nothing(question, which):
    deck, state, wanted = question
    orders = list(permutations(deck.spec.stocks))
    other = read_deck(
        deck.spec.model_copy(update={"stocks": orders[which % len(orders)]}),
        tuple(axes(deck.units[0], deck.axes)),
    )
    assert nearest_recipe(other, full_state(other), wanted) == nearest_recipe(deck, state, wanted)


@settings(max_examples=50, deadline=None)
@given(questions())
def test_the_same_deck_in_other_units_gives_the_same_volumes(question):
    deck, state, wanted = question
    recipe = nearest_recipe(deck, state, wanted)
    assume(recipe is not None)
    volumes = volumes_of(deck, recipe)
    every = tuple(component.name for component in deck.spec.components)
    found = []
    for unit in UNITS:
        whole = read_deck(deck.spec, axes(unit, every))
        made = dict(zip(every, whole.made(volumes).tolist(), strict=True))
        found.append(volumes_of(whole, find_recipe(whole, state, made)))
    for other in found[1:]:
        assert other == pytest.approx(found[0], abs=1e-4)


def test_of_two_stocks_alike_the_fuller_is_used():
    twins = [*deck_spec().model_dump()["stocks"]]
    twins.append(twins[0] | {"name": "S2", "where": "B1"})
    deck = plain_deck(stocks=twins)
    wanted = wanted_of(deck, S=300.0, O=500.0, N=80.0, W=120.0)
    assert find_recipe(deck, state_with(deck, S=5000.0), wanted).volumes_ul["S"] == 0.0
    assert find_recipe(deck, state_with(deck, S2=5000.0), wanted).volumes_ul["S2"] == 0.0


def test_two_stocks_alike_that_are_nearly_used_up_are_used_together():
    twins = [*deck_spec().model_dump()["stocks"]]
    twins.append(twins[0] | {"name": "S2", "where": "B1"})
    deck = plain_deck(stocks=twins)
    wanted = wanted_of(deck, S=300.0, O=500.0, N=80.0, W=120.0)
    recipe = find_recipe(deck, state_with(deck, S=200.0, S2=150.0), wanted)
    assert recipe.volumes_ul["S"] + recipe.volumes_ul["S2"] == pytest.approx(300.0)
    assert recipe.miss < 1e-6


def test_the_stated_sigma_is_what_pipetting_scatters():
    deck = plain_deck(relative_error="2 %", absolute_error="3 uL", max_transfer="200 uL")
    recipe = find_recipe(deck, full_state(deck), wanted_of(deck, S=300.0, O=450.0, N=50.0, W=200.0))
    assert recipe.steps == {"N": 1, "O": 3, "S": 2, "W": 1}
    random = np.random.default_rng(7)
    volumes = volumes_of(deck, recipe)
    n_steps = np.array([recipe.steps[name] for name in deck.stocks])
    drawn = volumes * (1.0 + 0.02 * random.standard_normal((20_000, 4)))
    drawn += 3.0 * np.sqrt(n_steps) * random.standard_normal((20_000, 4))
    assert deck.made(drawn).std(axis=0) == pytest.approx([recipe.sigma[name] for name in deck.axes], rel=0.03)


def test_a_step_is_never_more_than_the_pipette_takes_nor_less_than_it_can():
    deck = plain_deck(max_transfer="300 uL")
    for volume, n in ((0.0, 0), (20.0, 1), (300.0, 1), (300.1, 2), (900.0, 3), (900.1, 4)):
        assert deck.pipetting.n_steps(volume) == n


def test_a_recipe_that_cannot_be_made_is_refused_with_what_binds_and_the_nearest():
    deck = plain_deck()
    with pytest.raises(UnreachablePoint) as caught:
        find_recipe(deck, full_state(deck), {"soap": 0.55, "oil": 0.1, "salt": 0.005})
    assert str(caught.value).startswith("soap 0.55 g/g: the richest stock (S) holds 0.4 g/g; the nearest ")


@pytest.mark.parametrize(
    ("wanted", "complaint"),
    [
        ({"soap": 0.1, "oil": 0.1}, "wanted salt: is missing. Give it in g/g"),
        ({"soap": -0.1, "oil": 0.1, "salt": 0.0}, "wanted soap: is -0.1 g/g, must be at least 0"),
        ({"soap": float("nan"), "oil": 0.1, "salt": 0.0}, "wanted soap: is nan g/g, must be at least 0"),
    ],
)
def test_what_is_no_composition_is_refused(wanted, complaint):
    deck = plain_deck()
    with pytest.raises(BadInput) as caught:
        find_recipe(deck, full_state(deck), wanted)
    assert str(caught.value).startswith(complaint)


def test_eight_stocks_take_less_than_twenty_milliseconds():
    random = np.random.default_rng(0)
    components = [{"name": f"c{index}", "density": f"{0.8 + 0.1 * index} g/mL"} for index in range(5)]
    stocks = [
        {
            "name": name, "where": name, "dead_volume": "0.9 mL",
            "volume": "1.2 mL" if name < "D" else "20 mL",
            "holds": {f"c{index}": f"{0.9 * part:.3f} g/g" for index, part in enumerate(parts[:4])}
            | {"c4": "rest"},
        }
        for name, parts in zip("ABCDEFGH", random.dirichlet(np.ones(5), 8), strict=True)
    ]  # fmt: skip
    spec = deck_spec(components=components, stocks=stocks)
    deck = read_deck(spec, axes("g/g", ("c0", "c1", "c2")))
    state = full_state(deck)
    took_s = []
    for parts in random.dirichlet(np.ones(5), 60):
        before = time.process_time()
        nearest_recipe(deck, state, dict(zip(deck.axes, parts[:3].tolist(), strict=True)))
        took_s.append(time.process_time() - before)
    assert np.median(took_s) < 0.02
