"""A deck is read with its units, and each mistake in it is answered in one line with a remedy."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.domain.axis import Axis
from models.domain.deck import ComponentSpec, DeckSpec, StockSpec
from models.domain.errors import BadInput
from models.domain.inputs import validated, validated_json
from models.domain.recipe import volume_text
from models.formulation.amounts import content, positive, quantity, share
from models.formulation.deck import read_deck
from models.formulation.solutions import read_component, read_solution
from tests.formulation.decks import COMPONENTS, STOCKS, axes, deck_spec, plain_deck


def solution(density: str | None = None, **holds: str):
    components = {one["name"]: read_component(ComponentSpec.model_validate(one)) for one in COMPONENTS}
    stock = StockSpec(name="B", holds=holds, volume="1 mL", where="A1", density=density)
    return read_solution(stock, components)


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("20 uL", "uL", 20.0),
        ("20µL", "uL", 20.0),
        ("1.5e-3 L", "uL", 1500.0),
        (".5 mL", "uL", 500.0),
        ("1050 kg/m^3", "g/mL", 1.05),
        ("0.288 kg/mol", "g/mol", 288.0),
    ],
)
def test_an_amount_is_read_in_the_unit_that_is_wanted(text, unit, value):
    assert quantity(text, unit, "here") == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("0.2 g/g", "mass fraction", 0.2),
        ("200 mg/g", "mass fraction", 0.2),
        ("20 uL/mL", "volume fraction", 0.02),
        ("150 mg/mL", "concentration", 0.15),
        ("150 g/L", "concentration", 0.15),
        ("100 mM", "molarity", 0.1),
        ("0.1 mol/L", "molarity", 0.1),
    ],
)
def test_a_content_says_what_it_is_a_ratio_of(text, kind, value):
    assert content(text, "here") == (kind, pytest.approx(value, rel=1e-12))


@pytest.mark.parametrize(
    ("read", "complaint"),
    [
        (lambda: quantity("20", "uL", "here"), "here: is '20', which is no number with a unit. Write a numb"),
        (lambda: quantity("20 g", "uL", "here"), "here: is '20 g', which does not convert to uL. Write it a"),
        (lambda: quantity("20 foo", "uL", "here"), "here: is '20 foo', which does not convert to uL. Write "),
        (lambda: quantity("-1 uL", "uL", "here"), "here: is '-1 uL', must be finite and at least 0. Correct"),
        (lambda: quantity("1e999 uL", "uL", "here"), "here: is '1e999 uL', must be finite and at least 0"),
        (lambda: positive("0 mL", "uL", "here"), "here: is '0 mL', must be above 0 uL. Give what there is"),
        (lambda: content("0.2", "here"), 'here: is \'0.2\', which is no number with a unit. Write such as "'),
        (lambda: content("20 %", "here"), "here: is '20 %', which is no fraction, concentration or molarity"),
        (lambda: content("1 m/m", "here"), "here: is '1 m/m', which is no fraction, concentration or molari"),
        (lambda: content("1 mol/kg", "here"), "here: is '1 mol/kg', which is no fraction, concentration or "),
        (lambda: share("0.01", "here"), "here: is '0.01', which is no number with a unit. Write such as \"1"),
        (lambda: share("1 uL", "here"), "here: is '1 uL', which is no percentage. Write it as \"1 %\""),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_answered_with_value_unit_and_remedy(read, complaint):
    with pytest.raises(BadInput) as caught:
        read()
    assert str(caught.value).startswith(complaint)


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("0123456789.eE+-/*^ gmLuµlo%()[]{}_µK#°kM;,"), max_size=12))
def test_no_text_is_answered_with_anything_but_a_number_or_a_line(text):
    for read in (content, share, lambda text, where: quantity(text, "uL", where)):
        with suppress(BadInput):
            read(text, "here")


@pytest.mark.parametrize(
    ("volume", "said"), [(7.3, "7.3 uL"), (99.96, "100 uL"), (410.0, "0.41 mL"), (0, "0 uL")]
)
def test_volumes_are_written_for_people(volume, said):
    assert volume_text(volume) == said


def test_volumes_of_components_add_up_where_no_density_is_given():
    made = solution(soap="0.4 g/g", water="rest")
    density = 1.0 / (0.4 / 1.05 + 0.6 / 0.998)
    assert made.density_g_ml == pytest.approx(density, rel=1e-12)
    assert made.mass_g_ml == pytest.approx({"soap": 0.4 * density, "water": 0.6 * density}, rel=1e-12)


@pytest.mark.parametrize(
    "holds", [{"soap": "0.105 g/mL"}, {"soap": "0.1 mL/mL"}, {"soap": "0.36407767 mol/L"}]
)
def test_the_same_solution_is_read_from_every_kind_of_content(holds):
    made = solution(**holds, water="rest")
    assert made.mass_g_ml == pytest.approx({"soap": 0.105, "water": 0.9 * 0.998}, rel=1e-6)


def test_a_density_that_was_measured_is_believed():
    made = solution("1.1 g/mL", soap="0.3 g/g", salt="50 mg/mL", water="rest")
    assert made.mass_g_ml == pytest.approx({"soap": 0.33, "salt": 0.05, "water": 0.72}, rel=1e-12)


@pytest.mark.parametrize(
    ("holds", "density", "complaint"),
    [
        ({"soap": "0.7 g/g", "oil": "0.4 g/g"}, None, "stock 'B': holds 1.1 of what it can, must be at most"),
        ({"soap": "0.7 mL/mL", "oil": "0.4 mL/mL"}, None, "stock 'B': holds 1.1 of what it can, must be at "),
        ({"soap": "2 g/mL", "water": "rest"}, None, "stock 'B': holds 1.905 of what it can, must be at most"),
        ({"soap": "1.5 g/mL", "water": "rest"}, "1.2 g/mL", "stock 'B': holds 1.25 of what it can, must be "),
        ({"soap": "0.4 g/g"}, "1 g/mL", "stock 'B': is filled to 0.4 of its mass. Say what fills it up, suc"),
        ({"soap": "0.4 g/g", "oil": "0.5 g/g"}, None, "stock 'B': is filled to 0.9 of its mass. Say what fi"),
        ({"soap": "0.4 mL/mL"}, None, "stock 'B': is filled to 0.4 of its volume. Say what fills it up, suc"),
        ({"soap": "0 g/g"}, None, "stock 'B': holds nothing. Say what fills it up, such as w"),
        ({"soap": "0.4 furlong", "water": "rest"}, None, "stock 'B', soap: is '0.4 furlong', which is no fr"),
    ],
)  # fmt: skip
def test_a_stock_that_is_too_full_or_not_full_is_refused(holds, density, complaint):
    with pytest.raises(BadInput) as caught:
        solution(density, **holds)
    assert str(caught.value).startswith(complaint)


def with_stock(**changes):
    return [STOCKS[0] | changes, *STOCKS[1:]]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"components": [*COMPONENTS, {"name": "dye"}]}, "component 'dye' is in no stock. Add a stock that"),
        ({"components": [*COMPONENTS, COMPONENTS[0]]}, "component 'soap' is used twice. Keep one"),
        ({"stocks": [*STOCKS, STOCKS[0] | {"where": "B1"}]}, "stock 'S' is used twice. Keep one"),
        ({"stocks": with_stock(where="a2 ")}, "well 'A2' is used twice. Give each its own"),
        ({"wells": ["B1", "A1"]}, "well 'A1' is used twice. Give each its own"),
        ({"wells": 0}, "wells names none. Give their names or how many there are"),
        ({"stocks": with_stock(holds={"soap": "rest", "water": "rest"})}, "soap and water are both 'rest'. "),
        ({"stocks": with_stock(holds={"soup": "1 g/g"})}, "stock 'S' holds 'soup', which is no component. A"),
        ({"tolerance": {"soup": "1 %"}}, "tolerance names 'soup', which is no component. Remove it"),
        ({"min_transfr": "20 uL"}, "is not a known key. Did you mean min_transfer?"),
    ],
)  # fmt: skip
def test_a_deck_that_contradicts_itself_is_refused(changes, complaint):
    values = {"components": COMPONENTS, "stocks": STOCKS, "sample_volume": "1 mL", "wells": 96} | changes
    with pytest.raises(BadInput) as caught:
        validated(DeckSpec, values, "campaign.toml: deck")
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"min_transfer": "2 mL"}, "min_transfer: is '2 mL', above sample_volume of 1 mL. Lower it, or make"),
        ({"max_transfer": "30 uL"}, "max_transfer: is '30 uL', must be at least twice min_transfer of 20 uL"),
        ({"sample_volume": "1 g"}, "sample_volume: is '1 g', which does not convert to uL. Write it as \"1 "),
        ({"stocks": with_stock(dead_volume="20 mL")}, "stock 'S', dead_volume: is '20 mL', must be below it"),
        ({"stocks": with_stock(volume="20 g")}, "stock 'S', volume: is '20 g', which does not convert to uL"),
        ({"stocks": with_stock(holds={"soap": "2 g/g", "water": "rest"})}, "stock 'S': holds 2 of what it c"),
        ({"tolerance": "0.01 mg/mL"}, "tolerance of 'soap': is '0.01 mg/mL', a concentration, but the axis "),
        ({"tolerance": "0 %"}, "tolerance of 'soap': is '0 %', must be above 0. Write it as \"1 %\""),
        ({"relative_error": "2"}, "relative_error: is '2', which is no number with a unit. Write such as \""),
        (
            {"components": [{"name": "soap"}, *COMPONENTS[1:]]},
            "component 'soap': has no density, which stock 'S' (or give the density of the stock) needs. Add",
        ),
    ],
)  # fmt: skip
def test_amounts_that_contradict_each_other_are_refused(changes, complaint):
    with pytest.raises(BadInput) as caught:
        plain_deck(**changes)
    assert str(caught.value).startswith(complaint)


@pytest.mark.parametrize(
    ("axis", "complaint"),
    [
        (
            {"unit": "1"},
            "axis 'soap', unit: is '1', which is no fraction, concentration or molarity. Write it ",
        ),
        (
            {"name": "sope", "unit": "g/g"},
            "axis 'sope': asks for g/g of what is no component. Did you mean soap?",
        ),
        ({"name": "heat", "unit": "degC"}, "axes: name no component. Name one of soap, oil, salt, water"),
        ({"low": -1.0}, "axis 'soap': is a component and has low = -1. Raise low to 0 or more"),
    ],
)
def test_an_axis_that_asks_for_no_content_is_refused(axis, complaint):
    values = {"name": "soap", "low": 0.0, "high": 1.0, "unit": "g/g"} | axis
    with pytest.raises(BadInput) as caught:
        read_deck(deck_spec(), (Axis.model_validate(values),))
    assert str(caught.value).startswith(complaint)


def test_a_molarity_needs_a_molar_mass():
    components = [{"name": one["name"], "density": one["density"]} for one in COMPONENTS]
    with pytest.raises(BadInput, match="component 'soap': has no molar mass, which an axis in mol/L needs"):
        plain_deck("mol/L", components=components)


def test_axes_that_are_no_component_are_left_to_others():
    deck = read_deck(deck_spec(), (*axes(), Axis(name="temperature", low=20, high=60, unit="degC")))
    assert deck.axes == ("soap", "oil", "salt")


def test_a_tolerance_is_relative_or_in_the_unit_of_the_axis():
    deck = plain_deck("mg/mL", tolerance={"soap": "2 g/L", "oil": "3 %"})
    wanted = deck.contents.max(axis=1) / 2.0
    assert deck.tolerance(wanted) == pytest.approx([2.0, 0.03 * wanted[1], 0.01 * wanted[2]])
    assert deck.tolerance(0.0 * wanted)[1] == pytest.approx(0.03 * 0.01 * 800.0), (
        "of a hundredth of the richest"
    )


def test_a_deck_comes_back_from_json():
    spec = deck_spec(wells=("B1", "B2"), tolerance={"soap": "1 %"})
    assert validated_json(DeckSpec, spec.model_dump_json(), "here") == spec
