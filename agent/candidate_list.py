"""Read a list of the only points that exist: recipes, wells, samples on a changer."""

import csv
from math import isfinite
from pathlib import Path

from models.domain.errors import BadInput
from models.domain.point import Point
from models.domain.space import SearchSpace

WHERE = "candidates"
SAMPLE = "sample"
"""Column of names under which a sample changer knows the samples."""
TOO_MANY = ""
"""Stands for cells that no heading names."""
MOST_POINTS = 100_000
"""Points of a list: each stands in the record."""


def read_candidates(file: str, home: Path, space: SearchSpace) -> tuple[Point, ...]:
    """The points of a CSV file with a column for each axis, and perhaps one named ``sample``.

    Parameters
    ----------
    file
        What the campaign file names.
    home
        Folder of the campaign file.
    space
        Where the points must lie.

    Raises
    ------
    BadInput
        When it cannot be read, lacks a column, or lists a point twice or one that may not be measured.
    """
    path = home / file
    heading, rows = _rows(path)
    for name in space.names:
        if heading.count(name) > 1:
            raise BadInput(WHERE, f"{path} has {heading.count(name)} columns {name!r}", "Keep one")
        if name not in rows[0]:
            raise BadInput(WHERE, f"{path} has no column {name!r}", f"Add it; it has {', '.join(rows[0])}")
    points: list[Point] = []
    seen: dict[object, int] = {}
    for line, row in enumerate(rows, start=2):
        point = _point(f"{WHERE}: {path}, line {line}", row, space)
        key = point.listed_as
        if key in seen:
            what = f"names the sample {point.sample!r} of" if point.sample else "repeats"
            raise BadInput(f"{WHERE}: {path}, line {line}", f"{what} line {seen[key]}", "Remove one of them")
        seen[key] = line
        points.append(point)
    return tuple(points)


def _rows(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, restkey=TOO_MANY, restval="")
            rows = [row for row in reader if any(map(str.strip, map(str, row.values())))]
            heading = list(reader.fieldnames or ())
    except FileNotFoundError:
        raise BadInput(WHERE, f"there is no file {path}", "Check the path") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        said = " ".join(str(error).split())
        raise BadInput(WHERE, f"{path} cannot be read ({said})", "Save it as CSV in UTF-8") from None
    if not rows:
        raise BadInput(WHERE, f"{path} lists no point", "Give a heading and one line a point")
    if len(rows) > MOST_POINTS:
        raise BadInput(WHERE, f"{path} lists {len(rows)} points, at most {MOST_POINTS}", "Shorten it")
    return heading, rows


def _point(where: str, row: dict[str, str], space: SearchSpace) -> Point:
    if TOO_MANY in row:
        raise BadInput(where, "has more cells than the heading", "Remove what is too many, or quote it")
    coordinates: dict[str, float | str] = {}
    for axis in space.axes:
        cell = (row[axis.name] or "").strip()
        try:
            coordinates[axis.name] = float(cell) if axis.is_numeric else cell
        except ValueError:
            raise BadInput(where, f"{axis.name} = {cell!r} is no number", "Correct it") from None
        if axis.is_numeric and not isfinite(float(cell)):
            raise BadInput(where, f"{axis.name} = {cell} is not finite", "Correct it")
    point = Point(coordinates=coordinates, sample=(row.get(SAMPLE) or "").strip() or None)
    objections = space.objections(point)
    if objections:
        raise BadInput(where, "; ".join(objections), "Correct the point, or what binds it")
    return point
