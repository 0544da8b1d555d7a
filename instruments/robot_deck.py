"""What stands on a robot's deck, as a campaign file says it, and what of it is used up."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field

from instruments.journal import Vial
from instruments.labware import Labware, Place, labware_named
from models.domain.errors import BadInput
from models.domain.frozen import Frozen

PIPETTES_UL: dict[str, tuple[float, float]] = {
    "p20_single_gen2": (1.0, 20.0),
    "p300_single": (30.0, 300.0),
    "p300_single_gen2": (20.0, 300.0),
    "p1000_single": (100.0, 1000.0),
    "p1000_single_gen2": (100.0, 1000.0),
}
"""Least and most that a pipette takes up, as its maker says, uL."""
Mount = Literal["left", "right"]


class PipetteSpec(Frozen):
    """A pipette, and the boxes of tips that it uses."""

    name: str
    """Name, such as ``p300_single_gen2``."""
    tips: tuple[str, ...] = Field(min_length=1)
    """Labware that holds its tips, by name, the first box first."""
    tips_used: int = Field(default=0, ge=0)
    """How many tips of them are missing at the start of the campaign."""


class LabwareSpec(Frozen):
    """A piece of labware in a slot."""

    slot: int = Field(ge=1, le=11)
    """Slot of the deck; 12 is the trash."""
    definition: str
    """Name of a definition that ships, or the path of an Opentrons definition file (JSON)."""


class RobotStockSpec(Frozen):
    """A vessel that samples are made from."""

    where: str
    """``tubes/A1``."""
    volume_ul: float = Field(gt=0)
    """What it holds at the start of the campaign, uL."""
    dead_volume_ul: float = Field(default=0.0, ge=0)
    """What cannot be drawn from it, uL."""


class RobotDeckSpec(Frozen):
    """All that is on the deck."""

    labware: dict[str, LabwareSpec] = Field(min_length=1)
    """Labware by a name of one's own."""
    pipettes: dict[Mount, PipetteSpec] = Field(min_length=1)
    """Pipettes by mount."""
    stocks: dict[str, RobotStockSpec] = Field(default_factory=dict)
    """Stocks by name; left out where a table ``[deck]`` names them."""
    plates: tuple[str, ...] = Field(min_length=1)
    """Labware that samples are made in, by name, the first plate first."""
    wells_used: tuple[str, ...] = ()
    """Wells of them that are not free at the start of the campaign: ``plate/A1``."""


@dataclass(frozen=True)
class Pipette:
    """A pipette with its range and all its tips."""

    name: str
    """Its name."""
    least_ul: float
    """The least that it takes up at once, uL."""
    most_ul: float
    """The most, uL: its own, or that of its tips."""
    tips: tuple[str, ...]
    """Where its tips are, in the order of their use; those missing at the start left out."""


@dataclass(frozen=True)
class RobotDeck:
    """A deck whose every name was looked up."""

    spec: RobotDeckSpec
    """As the campaign file says it."""
    labware: dict[str, Labware]
    """Labware by name."""
    pipettes: tuple[Pipette, ...]
    """The pipettes, the finest first."""

    def place(self, where: str) -> Place | None:
        """A place by ``labware/well``; None when there is none."""
        rack, _, well = where.partition("/")
        return self.labware[rack].places.get(well) if rack in self.labware else None

    @cached_property
    def wells(self) -> tuple[str, ...]:
        """All wells that samples may be made in."""
        names = (f"{plate}/{well}" for plate in self.spec.plates for well in self.labware[plate].places)
        taken = {stock.where for stock in self.spec.stocks.values()}
        return tuple(name for name in names if name not in taken)

    def free_wells(self, begun: Iterable[Vial]) -> tuple[str, ...]:
        """Wells in which nothing was begun."""
        used = {*self.spec.wells_used, *(vial.well for vial in begun)}
        return tuple(well for well in self.wells if well not in used)

    def left_ul(self, stock: str, begun: Iterable[Vial]) -> float:
        """What a stock still holds, uL; a sample that was begun and not ended counts in full."""
        return self.spec.stocks[stock].volume_ul - sum(vial.volumes_ul.get(stock, 0.0) for vial in begun)


def read_deck(spec: RobotDeckSpec, home: Path, where: str = "[instrument]") -> RobotDeck:
    """Look up every name of a deck.

    Raises
    ------
    BadInput
        When a slot is used twice, or a name leads nowhere.
    """
    labware = {
        name: labware_named(one.definition, home, f"{where}.labware.{name}.definition")
        for name, one in spec.labware.items()
    }
    slots: dict[int, str] = {}
    for name, one in spec.labware.items():
        if one.slot in slots:
            raise BadInput(
                f"{where}.labware.{name}.slot", f"is {one.slot}, where {slots[one.slot]!r} stands",
                "Give each its own slot",
            )  # fmt: skip
        slots[one.slot] = name
    for plate in spec.plates:
        _named(labware, plate, f"{where}.plates", has_tips=False)
    if not spec.stocks:
        raise BadInput(f"{where}.stocks", "name none, and there is no table [deck] that does", "Name them")
    deck = RobotDeck(spec, labware, _pipettes(spec, labware, where))
    _check_places(deck, where)
    return deck


def _pipettes(spec: RobotDeckSpec, labware: dict[str, Labware], where: str) -> tuple[Pipette, ...]:
    made: list[Pipette] = []
    for mount, one in spec.pipettes.items():
        key = f"{where}.pipettes.{mount}"
        if one.name not in PIPETTES_UL:
            raise BadInput(key, f"{one.name!r} is no pipette", f"Use one of {', '.join(PIPETTES_UL)}")
        least, most = PIPETTES_UL[one.name]
        boxes = [(box, _named(labware, box, key, has_tips=True)) for box in one.tips]
        holds = min(place.capacity_ul for _, box in boxes for place in box.places.values())
        if not 0.5 * most <= holds <= most:
            raise BadInput(
                key, f"{one.name} takes up {most:g} uL, its tips hold {holds:g} uL",
                "Name boxes of its own tips",
            )  # fmt: skip
        tips = tuple(f"{name}/{place}" for name, box in boxes for place in box.places)
        made.append(Pipette(one.name, least, min(most, holds), tips[one.tips_used :]))
    return tuple(sorted(made, key=lambda pipette: pipette.least_ul))


def _named(labware: dict[str, Labware], name: str, where: str, *, has_tips: bool) -> Labware:
    found = labware.get(name)
    if found is None or (found.tip_length_mm is not None) != has_tips:
        what = "box of tips" if has_tips else "plate or rack"
        raise BadInput(where, f"{name!r} is no {what} of the deck", f"Use one of {', '.join(labware)}")
    return found


def _check_places(deck: RobotDeck, where: str) -> None:
    """Every stock and used well is a place, and no stock holds more than its vessel."""
    seen: dict[str, str] = {}
    for name, stock in deck.spec.stocks.items():
        key, place = f"{where}.stocks.{name}", deck.place(stock.where)
        if place is None or deck.labware[stock.where.partition("/")[0]].tip_length_mm is not None:
            raise BadInput(f"{key}.where", f"{stock.where!r} is no place on the deck", "Write it as rack/A1")
        if stock.where in seen:
            raise BadInput(
                f"{key}.where", f"is {stock.where}, as is {seen[stock.where]!r}", "Give each its own"
            )
        if stock.volume_ul > place.capacity_ul:
            raise BadInput(
                f"{key}.volume_ul",
                f"is {stock.volume_ul:g} uL, {stock.where} holds {place.capacity_ul:g} uL", "Correct it",
            )  # fmt: skip
        seen[stock.where] = name
    for well in deck.spec.wells_used:
        if well not in deck.wells:
            raise BadInput(f"{where}.wells_used", f"{well!r} is no well of a plate", "Write it as plate/A1")
