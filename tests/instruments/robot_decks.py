"""A deck with two stocks, a plate and a box of tips, that tests of the robot share."""

from pathlib import Path
from typing import Any

from instruments.robot_deck import RobotDeck, RobotDeckSpec, read_deck
from models.domain.transfers import Transfer, Transfers

DECK: dict[str, Any] = {
    "labware": {
        "tips": {"slot": 1, "definition": "opentrons_96_tiprack_300ul"},
        "tubes": {"slot": 2, "definition": "opentrons_6_tuberack_falcon_50ml_conical"},
        "plate": {"slot": 3, "definition": "nest_96_wellplate_2ml_deep"},
    },
    "pipettes": {"left": {"name": "p300_single_gen2", "tips": ["tips"]}},
    "stocks": {
        "soap": {"where": "tubes/A1", "volume_ul": 5000.0, "dead_volume_ul": 500.0},
        "water": {"where": "tubes/B1", "volume_ul": 40000.0, "dead_volume_ul": 500.0},
    },
    "plates": ["plate"],
}


def deck(**changes: Any) -> RobotDeck:
    return read_deck(RobotDeckSpec.model_validate(DECK | changes), Path())


def sample(name: str = "S1", well: str = "plate/A1", **volumes_ul: float) -> Transfers:
    volumes = volumes_ul or {"soap": 300.0, "water": 700.0}
    steps = tuple(Transfer(stock=stock, volume_ul=volume) for stock, volume in volumes.items())
    return Transfers(sample=name, well=well, transfers=steps)
