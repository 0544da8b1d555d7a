"""What a robot would do is checked before anything moves: simulators accept all of it."""

import json
from pathlib import Path

import pytest

from instruments.journal import Vial
from instruments.labware import SHIPPED, labware_named
from instruments.robot_deck import RobotDeckSpec, read_deck
from instruments.robot_steps import plan_pipetting
from models.domain.errors import BadInput, UnreachablePoint
from models.domain.transfers import Transfer, Transfers
from tests.instruments.robot_decks import DECK, deck, sample

P1000 = {
    "labware": DECK["labware"] | {"large": {"slot": 4, "definition": "opentrons_96_tiprack_1000ul"}},
    "pipettes": DECK["pipettes"] | {"right": {"name": "p1000_single_gen2", "tips": ["large"]}},
}


def made(name: str, well: str, tips: tuple[str, ...] = (), **volumes_ul: float) -> Vial:
    return Vial(name, {}, well, volumes_ul, tips)


def test_a_large_volume_is_pipetted_in_as_few_equal_steps_as_the_pipette_can():
    soap, water = plan_pipetting(deck(), sample(), ())
    assert (soap.step_ul, len(soap.heights_mm)) == (300.0, 1)
    assert (water.step_ul, len(water.heights_mm)) == (pytest.approx(700 / 3), 3)
    assert (soap.tip, water.tip) == ("tips/A1", "tips/B1"), "a fresh tip for each stock"


def test_the_pipette_that_needs_fewer_steps_is_taken_and_of_two_the_finer():
    for volume, tip, n_steps in (
        (50, "tips/A1", 1),
        (250, "tips/A1", 1),
        (900, "large/A1", 1),
        (1500, "large/A1", 2),
    ):
        (step,) = plan_pipetting(deck(**P1000), sample(water=volume), ())
        assert (step.tip, len(step.heights_mm)) == (tip, n_steps), volume


def test_liquid_is_taken_up_below_its_surface_and_the_pipette_stays_above_it():
    (full,) = plan_pipetting(deck(), sample(water=300.0), ())
    (low,) = plan_pipetting(deck(), sample(water=300.0), [made("S0", "plate/B1", water=39_000.0)])
    area_mm2 = 3.14159265 / 4 * 26.45**2
    assert full.heights_mm[0] == pytest.approx((40_000 - 300) / area_mm2 - 3.0)
    assert low.heights_mm == (1.0,)


@pytest.mark.parametrize(
    ("volumes", "said"),
    [
        (
            {"soap": 500.1},
            r"soap has 500 uL above its dead volume of 500 uL, 500\.1 uL are wanted; refill it",
        ),
        ({"water": 2000.1}, r"S1 has 2000\.1 uL, well plate/A1 holds 2000 uL; make less"),
        (
            {"soap": 19.9},
            r"19\.9 uL of soap is outside .*\(p300_single_gen2 20 to 300 uL\); change the volume",
        ),
        ({"oil": 100.0}, r"there is no stock 'oil'; the deck has soap, water"),
    ],
)
def test_a_volume_that_cannot_be_had_is_refused_in_one_line(volumes, said):
    with pytest.raises(UnreachablePoint, match=said) as refused:
        plan_pipetting(deck(), sample(**volumes), [made("S0", "plate/B1", soap=4000.0)])
    assert "\n" not in str(refused.value)


def test_what_was_taken_before_is_gone_even_when_the_mix_was_never_ended():
    begun = [made("S1", "plate/A1", ("tips/A1",), soap=4300.0)]
    with pytest.raises(UnreachablePoint, match="has 200 uL above"):
        plan_pipetting(deck(), sample("S2", "plate/B1", soap=201.0), begun)
    (step,) = plan_pipetting(deck(), sample("S2", "plate/B1", soap=199.0), begun)
    assert step.tip == "tips/B1"


def test_a_well_is_used_once():
    with pytest.raises(UnreachablePoint, match="plate/A1 is not free: it holds S1"):
        plan_pipetting(deck(), sample("S2"), [made("S1", "plate/A1")])
    with pytest.raises(UnreachablePoint, match="not free: it holds what was there before"):
        plan_pipetting(deck(wells_used=["plate/A1"]), sample(), ())
    with pytest.raises(UnreachablePoint, match="'plate/Z9' is no well of a plate; use one such as plate/A1"):
        plan_pipetting(deck(), sample(well="plate/Z9"), ())


def test_a_robot_without_tips_says_so():
    used = {"pipettes": {"left": {"name": "p300_single_gen2", "tips": ["tips"], "tips_used": 95}}}
    assert plan_pipetting(deck(**used), sample(soap=100.0), ())[0].tip == "tips/H12"
    with pytest.raises(UnreachablePoint, match=r"has 0 of 1 tips left, water takes 1; put another box"):
        plan_pipetting(deck(**used), sample(soap=100.0, water=100.0), ())


def test_steps_that_were_asked_for_are_kept():
    asked = Transfers(
        sample="S1", well="plate/A1", transfers=(Transfer(stock="soap", volume_ul=300, steps=4),)
    )
    assert len(plan_pipetting(deck(), asked, ())[0].heights_mm) == 4
    tiny = asked.model_copy(update={"transfers": (Transfer(stock="soap", volume_ul=60, steps=4),)})
    with pytest.raises(UnreachablePoint, match="60 uL of soap in 4 steps is outside"):
        plan_pipetting(deck(), tiny, ())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"labware": DECK["labware"] | {"b": {"slot": 1, "definition": "nest_96_wellplate_2ml_deep"}}},
         r"labware.b.slot: is 1, where 'tips' stands"),
        ({"labware": DECK["labware"] | {"b": {"slot": 5, "definition": "a_plate"}}}, "no labware that ships"),
        ({"plates": ["tips"]}, "'tips' is no plate or rack"),
        ({"pipettes": {"left": {"name": "p300_single_gen2", "tips": ["plate"]}}}, "is no box of tips"),
        ({"pipettes": {"left": {"name": "p1000_single_gen2", "tips": ["tips"]}}}, "its tips hold 300 uL"),
        ({"pipettes": {"left": {"name": "p9000", "tips": ["tips"]}}}, "'p9000' is no pipette"),
        ({"stocks": {"soap": {"where": "tubes/A9", "volume_ul": 1.0}}}, "'tubes/A9' is no place"),
        ({"stocks": {"soap": {"where": "tubes/A1", "volume_ul": 50_001.0}}}, "tubes/A1 holds 50000 uL"),
        ({"wells_used": ["plate/Z1"]}, "'plate/Z1' is no well"),
    ],
)  # fmt: skip
def test_a_deck_that_cannot_be_is_a_users_mistake(changes, said):
    with pytest.raises(BadInput, match=said):
        deck(**changes)


def test_labware_of_ones_own_is_an_opentrons_definition_file(tmp_path):
    ours = SHIPPED["opentrons_96_tiprack_300ul"]
    wells = {
        name: {"x": p.centre_mm[0], "y": p.centre_mm[1], "z": 10.48, "depth": 54.0, "shape": "circular",
               "diameter": 5.0, "totalLiquidVolume": 300}
        for name, p in ours.places.items()
    }  # fmt: skip
    said = {
        "ordering": [list(wells)[i : i + 8] for i in range(0, 96, 8)], "wells": wells,
        "dimensions": dict(zip(("xDimension", "yDimension", "zDimension"), ours.size_mm, strict=True)),
        "parameters": {"isTiprack": True, "tipLength": 59.17, "tipOverlap": 7.47, "loadName": "ours"},
    }  # fmt: skip
    (tmp_path / "ours.json").write_text(json.dumps(said))
    read = labware_named("ours.json", tmp_path, "there")
    assert list(read.places) == list(ours.places)
    assert read.places["H12"].centre_mm == pytest.approx(ours.places["H12"].centre_mm)
    (tmp_path / "ours.json").write_text("{}")
    with pytest.raises(BadInput, match="is no labware definition"):
        labware_named("ours.json", tmp_path, "there")
    with pytest.raises(BadInput, match=r"none\.json cannot be read"):
        labware_named("none.json", tmp_path, "there")


def test_all_labware_that_ships_lies_inside_its_own_size():
    for labware in SHIPPED.values():
        for name, place in labware.places.items():
            (x, y, z), half = place.centre_mm, place.width_mm / 2
            rim_mm = z + place.depth_mm
            assert half - 1 <= x <= labware.size_mm[0] - half + 1, (labware.definition, name)
            assert half - 1 <= y <= labware.size_mm[1] - half + 1, (labware.definition, name)
            assert rim_mm == pytest.approx(labware.size_mm[2], abs=4.0), (labware.definition, name)
            assert place.area_mm2 * place.depth_mm >= 0.99 * place.capacity_ul or labware.tip_length_mm


def test_a_stock_may_stand_in_a_plate_and_then_no_sample_is_made_there():
    stocks = {"soap": {"where": "plate/A1", "volume_ul": 2000.0}}
    assert "plate/A1" not in read_deck(RobotDeckSpec.model_validate(DECK | {"stocks": stocks}), Path()).wells
