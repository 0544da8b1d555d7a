"""Labware with its dimensions: what ships with the program, and Opentrons definition files of one's own."""

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from models.domain.errors import BadInput

Millimetres = tuple[float, float, float]
ROWS = "ABCDEFGH"
ROUND = math.pi / 4
"""Share of its square that a circle fills."""


@dataclass(frozen=True)
class Place:
    """One well, tube or tip of a piece of labware."""

    centre_mm: Millimetres
    """Centre of its bottom from the labware's front left corner, mm."""
    width_mm: float
    """Diameter, or side of a square, mm."""
    depth_mm: float
    """From its rim to its bottom, mm."""
    capacity_ul: float
    """What it holds at most, uL."""
    area_mm2: float
    """Its cross section, mm^2."""

    def level_mm(self, volume_ul: float) -> float:
        """How high a volume stands in it at least, mm: a bottom that narrows only lifts it."""
        return volume_ul / self.area_mm2


@dataclass(frozen=True)
class Labware:
    """A rack, plate or box of tips."""

    definition: str
    """Name of the definition."""
    size_mm: Millimetres
    """Outer size, mm."""
    places: dict[str, Place]
    """Places by name, such as ``A1``; column by column, as they are used."""
    tip_length_mm: float | None = None
    """Length of a tip, mm; None for what holds liquids."""
    tip_overlap_mm: float = 0.0
    """How far a pipette reaches into a tip, mm."""


def labware_named(definition: str, home: Path, where: str) -> Labware:
    """A piece of labware by name, or from a file.

    Parameters
    ----------
    definition
        Name of one that ships, or the path of an Opentrons definition (schema 2, JSON).
    home
        Folder in which relative paths start.
    where
        File and key, for messages.

    Raises
    ------
    BadInput
        When there is none of that name, or the file does not hold one.
    """
    shipped = SHIPPED.get(definition)
    if shipped is not None:
        return shipped
    path = home / definition
    if path.suffix != ".json":
        raise BadInput(
            where, f"{definition!r} is no labware that ships",
            f"Use one of {', '.join(SHIPPED)}, or a .json file",
        )  # fmt: skip
    try:
        return _from_definition(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise BadInput(
            where, f"{path} cannot be read ({error.strerror})", "Put the definition there"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(
            where, f"{path} is no labware definition ({type(error).__name__}: {error})",
            "Export it again from the Opentrons app (schema 2)",
        ) from None  # fmt: skip


def _from_definition(said: dict[str, Any]) -> Labware:
    """Labware from an Opentrons definition, schema 2."""
    size, parameters = said["dimensions"], said["parameters"]
    is_tips = bool(parameters["isTiprack"])
    tip_length_mm = float(parameters["tipLength"]) if is_tips else None
    places: dict[str, Place] = {}
    for name in (name for column in said["ordering"] for name in column):
        well = said["wells"][name]
        is_round = well["shape"] == "circular"
        sides = [float(well["diameter"])] * 2 if is_round else [well["xDimension"], well["yDimension"]]
        rim_mm = float(well["z"]) + float(well["depth"])
        depth_mm = tip_length_mm or float(well["depth"])
        place = Place(
            (float(well["x"]), float(well["y"]), rim_mm - depth_mm), min(sides), depth_mm,
            float(well["totalLiquidVolume"]), float(sides[0] * sides[1] * (ROUND if is_round else 1.0)),
        )  # fmt: skip
        if (
            not all(map(math.isfinite, (*place.centre_mm, depth_mm)))
            or min(place.area_mm2, place.capacity_ul) <= 0
        ):
            raise ValueError(f"well {name} has no size")
        places[name] = place
    if not places:
        raise ValueError("it has no wells")
    return Labware(
        definition=str(parameters["loadName"]),
        size_mm=(float(size["xDimension"]), float(size["yDimension"]), float(size["zDimension"])),
        places=places,
        tip_length_mm=tip_length_mm,
        tip_overlap_mm=float(parameters.get("tipOverlap", 0.0)) if is_tips else 0.0,
    )


def _grid(n_rows: int, n_columns: int, first: Millimetres, pitch_mm: float, like: Place) -> dict[str, Place]:
    """Places in rows and columns; `first` is A1."""
    x, y, z = first
    return {
        f"{ROWS[row]}{column + 1}": replace(like, centre_mm=(x + column * pitch_mm, y - row * pitch_mm, z))
        for column in range(n_columns)
        for row in range(n_rows)
    }


def _round(width_mm: float, depth_mm: float, capacity_ul: float) -> Place:
    return Place((0.0, 0.0, 0.0), width_mm, depth_mm, capacity_ul, ROUND * width_mm**2)


def _square(width_mm: float, depth_mm: float, capacity_ul: float) -> Place:
    return Place((0.0, 0.0, 0.0), width_mm, depth_mm, capacity_ul, width_mm**2)


def _tips(
    definition: str, a1_mm: tuple[float, float], height_mm: float, tip: Place, overlap_mm: float
) -> Labware:
    """A box of 96 tips, whose rims are level with its top."""
    first = (*a1_mm, height_mm - tip.depth_mm)
    places = _grid(8, 12, first, 9.0, tip)
    return Labware(definition, (127.76, 85.48, height_mm), places, tip.depth_mm, overlap_mm)


def _falcon_10() -> Labware:
    """Four tubes of 50 mL and six of 15 mL."""
    small, large = _round(14.5, 117.98, 15_000.0), _round(26.45, 113.85, 50_000.0)
    places = _grid(3, 2, (13.88, 67.75, 5.78), 25.0, small)
    wide = _grid(2, 2, (71.38, 60.25, 5.95), 35.0, large)
    places |= {f"{name[0]}{int(name[1:]) + 2}": place for name, place in wide.items()}
    return Labware("opentrons_10_tuberack_falcon_4x50ml_6x15ml_conical", (127.75, 85.5, 123.76), places)


SHIPPED: dict[str, Labware] = {
    made.definition: made
    for made in (
        _tips("opentrons_96_tiprack_300ul", (14.33, 74.2), 64.48, _round(5.0, 59.17, 300.0), 7.47),
        _tips("opentrons_96_tiprack_1000ul", (14.88, 67.0), 96.07, _round(7.62, 88.0, 1000.0), 7.95),
        _falcon_10(),
        Labware(
            "opentrons_6_tuberack_falcon_50ml_conical", (127.76, 85.48, 122.0),
            _grid(2, 3, (35.5, 60.24, 8.22), 35.0, _round(26.45, 113.78, 50_000.0)),
        ),
        Labware(
            "nest_96_wellplate_2ml_deep", (127.6, 85.3, 41.0),
            _grid(8, 12, (14.3, 74.15, 3.0), 9.0, _square(8.2, 38.0, 2000.0)),
        ),
    )
}  # fmt: skip
"""Dimensions as in Opentrons' published definitions of the same names (version 1)."""
