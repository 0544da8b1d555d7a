"""A robot beside a deck: the deck's stocks are its own, and what it cannot pipette is refused beforehand."""

from pathlib import Path
from typing import Any

import pytest

from instruments.kinds import BuildContext, build_beamline
from instruments.opentrons import build
from instruments.virtual_sample import JOURNAL
from models.domain.deck import DeckSpec
from models.domain.errors import BadInput
from models.domain.transfers import Transfer, Transfers
from tests.instruments.robot_decks import DECK

ROBOT = {key: value for key, value in DECK.items() if key != "stocks"}
TOLD: dict[str, Any] = {
    "components": [{"name": "surfactant", "density": "1.1 g/mL"}, {"name": "water", "density": "1 g/mL"}],
    "stocks": [
        {"name": "soap", "holds": {"surfactant": "0.5 g/g", "water": "rest"}, "volume": "5 mL",
         "dead_volume": "500 uL", "where": "tubes/A1"},
        {"name": "water", "holds": {"water": "rest"}, "volume": "40 mL", "where": "tubes/B1"},
    ],
    "sample_volume": "1 mL", "min_transfer": "20 uL", "max_transfer": "300 uL",
    "wells": ["plate/A1", "plate/B1"], "absolute_error": "0 uL", "relative_error": "0 %",
}  # fmt: skip


def beamline(folder: Path, robot: dict[str, Any] | None = None, **changes: Any):
    deck = DeckSpec.model_validate(TOLD | changes)
    context = BuildContext("night", 1, folder, ("surfactant", "water"), deck)
    return build_beamline(build, ROBOT | (robot or {}), context)


def test_the_beam_sees_what_the_stocks_hold_and_not_the_stocks(tmp_path):
    dispenser = beamline(tmp_path).dispenser
    told = Transfers(
        sample="S1",
        well="plate/A1",
        transfers=(
            Transfer(stock="soap", volume_ul=400, steps=2),
            Transfer(stock="water", volume_ul=600, steps=2),
        ),
    )
    dispenser._tags.seq.put(1)
    dispenser.transfers.set(told.model_dump_json())
    dispenser.mix.set("night-00001-1prepare-1").wait(20.0)
    (vial,) = dispenser._journal.begun
    density = 1 / (0.5 / 1.1 + 0.5 / 1.0)  # of the soap, g/mL
    assert vial.fractions["surfactant"] == pytest.approx(0.5 * 0.4 * density / (0.4 * density + 0.6))
    assert vial.volumes_ul == {"soap": 400.0, "water": 600.0}
    assert (tmp_path / JOURNAL).exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"wells": 24}, r'deck\.wells: is 24, a count.* \["plate/A1", ..., "plate/H3"\]'),
        ({"wells": ["plate/Z1"]}, r"deck\.wells: 'plate/Z1' is no well of a plate"),
        (
            {"min_transfer": "5 uL"},
            r'deck\.min_transfer: is 5 uL, the finest pipette takes up 20 uL.*"20 uL"',
        ),
        ({"max_transfer": None}, r'max_transfer: is missing, so that up to 1 mL would.*Write "300 uL"'),
        ({"max_transfer": "0.5 mL"}, r"max_transfer: is above what a pipette holds: 0.5 mL would"),
        ({"sample_volume": "3 mL"}, r"deck\.sample_volume: is 3 mL, plate/A1 holds 2000 uL"),
    ],
)
def test_a_deck_that_a_robot_could_not_follow_is_refused_before_anything_moves(tmp_path, changes, said):
    with pytest.raises(BadInput, match=said):
        beamline(tmp_path, **changes)


def test_stocks_that_both_name_must_be_the_same(tmp_path):
    same = {"soap": {"where": "tubes/A1", "volume_ul": 5000.0, "dead_volume_ul": 500.0}}
    beamline(tmp_path, {"stocks": same})
    for stocks in ({"soap": same["soap"] | {"volume_ul": 4000.0}}, {"oil": same["soap"]}):
        with pytest.raises(BadInput, match=r"Remove \[instrument.stocks\]"):
            beamline(tmp_path, {"stocks": stocks})


def test_a_used_well_is_refused(tmp_path):
    with pytest.raises(BadInput, match="is one of wells_used"):
        beamline(tmp_path, {"wells_used": ["plate/B1"]})
