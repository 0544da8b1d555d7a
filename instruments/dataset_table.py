"""A folder of measured curves, as its `dataset.toml` and its table describe it."""

import csv
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from models.domain.errors import BadInput
from models.domain.frozen import Frozen
from models.domain.inputs import read_toml, validated
from models.domain.space import SUM_TOLERANCE, Axis, Point, SearchSpace, SumConstraint
from models.domain.units import QUnit, as_q_unit

AXIS_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
"""What an axis may be called."""
DELIMITERS = ",;\t"
"""What may part the columns of a table; the one that the header holds most of is used."""


class AxisColumn(Frozen):
    """One column of the table that tells samples apart."""

    column: str
    """Heading of the column."""
    name: str | None = None
    """Name of the axis; the heading when left out."""
    unit: str = "1"
    """Unit of the values; ``1`` for a pure number."""

    @property
    def axis(self) -> str:
        """Name of the axis."""
        return self.name or self.column

    @model_validator(mode="after")
    def _axis_is_a_word(self) -> Self:
        if not re.fullmatch(AXIS_NAME, self.axis):
            raise ValueError(
                f"an axis cannot be called {self.axis!r}; give it a name of letters, digits and underscores"
            )
        return self


class SumOfColumns(Frozen):
    """Axes whose values add up to a total in every row, as the fractions of a mixture do."""

    axes: tuple[str, ...] = Field(min_length=2)
    """Names of the axes that are added."""
    total: float = Field(default=1.0, gt=0)
    """What they add up to."""
    tolerance: float = Field(default=0.005, ge=0, lt=0.5)
    """How far a row may miss the total by rounding, relative; its values are then scaled to meet it."""


class DatasetSpec(Frozen):
    """What `dataset.toml` may say. Paths in it start at the folder of the data."""

    title: str = ""
    """What was measured, in a few words."""
    source: str
    """Where the data come from: a DOI, an address, a logbook."""
    licence: str
    """Under which terms they may be used."""
    table: str = "samples.csv"
    """File with one row per sample and a line of headings; parted by commas, semicolons or tabs."""
    sample_column: str = "sample"
    """Heading of the column that names the sample; no name may stand twice."""
    curve_column: str
    """Heading of the column that names the curve's file; rows where it is empty are left out."""
    curve_folder: str = "."
    """Folder where the names of the curves' files start."""
    q_unit: Annotated[QUnit, BeforeValidator(as_q_unit)]
    """Unit of q in the curves' files: ``1/nm`` or ``1/A``, also written ``nm^-1`` or ``1/Angstrom``. A wrong
    one makes every length wrong by ten."""
    curve_columns: tuple[str, ...] = ("q", "intensity", "sigma")
    """What the columns of a curve's file hold, in order; other names than these three are skipped."""
    intensity_unit: str = "a.u."
    """Unit of the intensities: ``1/cm`` when absolute, else ``a.u.``."""
    axes: tuple[AxisColumn, ...] = Field(min_length=1)
    """Columns of the table that tell samples apart."""
    sums: tuple[SumOfColumns, ...] = ()
    """Sums that hold in every row."""

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        names = [axis.axis for axis in self.axes]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"the axis {name!r} is listed {names.count(name)} times; keep one")
        summed = [name for total in self.sums for name in total.axes]
        for name in summed:
            if summed.count(name) > 1:
                raise ValueError(f"the axis {name!r} stands in a sum twice; merge or split the sums")
        for total in self.sums:
            for name in total.axes:
                if name not in names:
                    raise ValueError(
                        f"a sum names the axis {name!r}, which does not exist; "
                        f"the axes are {', '.join(names)}"
                    )
        missing = {"q", "intensity"} - set(self.curve_columns)
        if missing:
            raise ValueError(
                f"curve_columns lacks {' and '.join(sorted(missing))}; list what each column holds, in order"
            )
        return self


@dataclass(frozen=True)
class Dataset:
    """A folder of measured curves that has been checked."""

    spec: DatasetSpec
    """Its description."""
    folder: Path
    """Where the data lie."""
    space: SearchSpace
    """The samples that may be asked for, as the candidates of a search space."""
    curves: dict[str, Path]
    """File of each sample's curve, by sample name."""
    n_left_out: int
    """Count of rows without a curve."""


@dataclass(frozen=True)
class _Row:
    """One row of the table, with where it stands."""

    where: str
    cells: dict[str, str]

    def problem(self, column: str, problem: str, remedy: str) -> BadInput:
        return BadInput(f"{self.where}, column {column}", problem, remedy)


def read_dataset(description: Path, folder: Path) -> Dataset:
    """Read the description and the table, and see that every curve is there.

    Parameters
    ----------
    description
        Path of `dataset.toml`.
    folder
        Where the data lie.

    Raises
    ------
    BadInput
        At the first mistake, with file, key or line, and column.
    """
    spec = validated(DatasetSpec, read_toml(description), str(description))
    if not folder.is_dir():
        raise BadInput(f"{folder}", "there is no such folder", "Name the folder of the data")
    table = folder / spec.table
    candidates: list[Point] = []
    curves: dict[str, Path] = {}
    lines: dict[str, str] = {}
    n_left_out = 0
    for row in _rows(table, spec, description):
        if not row.cells[spec.curve_column]:
            n_left_out += 1
            continue
        sample = _new_sample(row, spec, lines)
        lines[sample] = row.where.rpartition(", ")[2]
        curves[sample] = _curve_path(folder / spec.curve_folder, row, spec)
        candidates.append(Point(coordinates=_coordinates(row, spec), sample=sample))
    if not candidates:
        raise BadInput(f"{table}", "has no row with a curve", f"Fill the column {spec.curve_column}")
    return Dataset(spec, folder, _space(spec, tuple(candidates)), curves, n_left_out)


def _new_sample(row: _Row, spec: DatasetSpec, lines: dict[str, str]) -> str:
    """The row's sample, when no earlier line has one of that name."""
    sample = row.cells[spec.sample_column]
    if not sample:
        raise row.problem(spec.sample_column, "is empty", "Give the sample a name")
    if sample in lines:
        raise row.problem(
            spec.sample_column, f"{sample!r} stands in {lines[sample]} too", "Give each its own name"
        )
    return sample


def _rows(table: Path, spec: DatasetSpec, description: Path) -> Iterator[_Row]:
    """Rows of the table, each with all the columns that are asked for."""
    try:
        text = table.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BadInput(
            f"{table}", "there is no such file", f"Check the folder, or table in {description}"
        ) from None
    except (UnicodeDecodeError, IsADirectoryError, PermissionError) as error:
        raise BadInput(f"{table}", f"cannot be read as text ({error})", "Save the table as UTF-8") from None
    lines = text.splitlines()
    first = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    reader = csv.reader(lines, delimiter=max(DELIMITERS, key=first.count), strict=True)
    headings: list[str] | None = None
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if not any(stripped) or (stripped[0].startswith("#")):
                continue
            where = f"{table}, line {reader.line_num}"
            if headings is None:
                headings = _checked_headings(stripped, spec, where)
            elif len(stripped) != len(headings):
                problem = f"has {len(stripped)} cells, the headings are {len(headings)}"
                raise BadInput(where, problem, "Fill or quote the cells of this row")
            else:
                yield _Row(where, dict(zip(headings, stripped, strict=True)))
    except csv.Error as error:
        raise BadInput(f"{table}, line {reader.line_num}", f"{error}", "Check the quotes") from None


def _checked_headings(headings: list[str], spec: DatasetSpec, where: str) -> list[str]:
    """The headings, when every column that the description names is there once."""
    wanted = {"sample_column": spec.sample_column, "curve_column": spec.curve_column}
    wanted |= {f"axes[{i}].column": axis.column for i, axis in enumerate(spec.axes)}
    for key, column in wanted.items():
        found = headings.count(column)
        if found == 0:
            raise BadInput(
                where,
                f"has no column {column!r}, which {key} of the description names",
                f"Name one of: {', '.join(headings)}",
            )
        if found > 1:
            raise BadInput(where, f"has the column {column!r} {found} times", "Rename all but one")
    return headings


def _curve_path(start: Path, row: _Row, spec: DatasetSpec) -> Path:
    path = start / row.cells[spec.curve_column]
    if not path.is_file():
        raise row.problem(
            spec.curve_column, f"names {path}, which is not there", "Add the file, or empty this cell"
        )
    return path


def _coordinates(row: _Row, spec: DatasetSpec) -> dict[str, float]:
    """The row's value on every axis, scaled to meet the sums where rounding missed them."""
    place = {axis.axis: _number(row, axis.column) for axis in spec.axes}
    for wanted in spec.sums:
        found = sum(place[name] for name in wanted.axes)
        miss = abs(found - wanted.total)
        if miss > max(wanted.tolerance, SUM_TOLERANCE) * wanted.total:
            raise BadInput(
                row.where,
                f"{' + '.join(wanted.axes)} = {found:.6g}, must be {wanted.total:g} "
                f"within {wanted.tolerance:g} of it",
                "Correct the row, raise the tolerance of the sum, or remove the sum",
            )
        if miss > 0.5 * SUM_TOLERANCE * wanted.total:
            place |= {name: place[name] * wanted.total / found for name in wanted.axes}
    return place


def _number(row: _Row, column: str) -> float:
    text = row.cells[column]
    try:
        value = float(text)
    except ValueError:
        problem = f"is {text!r}, which is not a number" if text else "is empty"
        remedy = "Write a decimal point" if "," in text else "Correct this cell, or empty the curve's cell"
        raise row.problem(column, problem, remedy) from None
    if not math.isfinite(value):
        raise row.problem(column, f"is {text}, which is not finite", "Correct this cell")
    return value


def _space(spec: DatasetSpec, candidates: tuple[Point, ...]) -> SearchSpace:
    """The search space that these samples span."""
    axes: list[Axis] = []
    for column in spec.axes:
        values = [point[column.axis] for point in candidates]
        axes.append(Axis(name=column.axis, low=min(values), high=max(values), unit=column.unit))
    sums = tuple(SumConstraint(axes=wanted.axes, total=wanted.total) for wanted in spec.sums)
    return SearchSpace(axes=tuple(axes), sums=sums, candidates=candidates)
