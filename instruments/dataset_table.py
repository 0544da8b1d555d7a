"""A folder of measured curves, as its `dataset.toml` and its table describe it."""

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from instruments.dataset_spec import DatasetSpec, ValueColumn
from models.domain.errors import BadInput
from models.domain.inputs import read_toml, validated
from models.domain.scattering import Absence, Feature
from models.domain.space import SUM_TOLERANCE, Axis, Point, SearchSpace, SumConstraint

DELIMITERS = ",;\t"
"""What may part the columns of a table; the one that the header holds most of is used."""


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
    """File of each sample's curve, by sample name; none where the table holds the values."""
    values: dict[str, tuple[Feature | Absence, ...]]
    """What the table holds of each sample, by sample name; none where there are curves."""
    n_left_out: int
    """Count of rows without a curve, or without any value."""


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
    values: dict[str, tuple[Feature | Absence, ...]] = {}
    lines: dict[str, str] = {}
    n_left_out = 0
    measured = [spec.curve_column] if spec.curve_column else [value.column for value in spec.values]
    for row in _rows(table, spec, description):
        if not any(row.cells[column] for column in measured):
            n_left_out += 1
            continue
        sample = _new_sample(row, spec, lines)
        lines[sample] = row.where.rpartition(", ")[2]
        if spec.curve_column:
            curves[sample] = _curve_path(folder / spec.curve_folder, row, spec.curve_column)
        else:
            values[sample] = tuple(_value(row, column) for column in spec.values)
        candidates.append(Point(coordinates=_coordinates(row, spec), sample=sample))
    if not candidates:
        what = "a curve" if spec.curve_column else "a value"
        raise BadInput(f"{table}", f"has no row with {what}", f"Fill the column {' or '.join(measured)}")
    return Dataset(spec, folder, _space(spec, tuple(candidates)), curves, values, n_left_out)


def _value(row: _Row, column: ValueColumn) -> Feature | Absence:
    """What a row holds of a feature."""
    if not row.cells[column.column]:
        return Absence(name=column.feature, why="the table holds no value of it")
    value = _number(row, column.column)
    sigma = _number(row, column.sigma_column) if column.sigma_column else column.sigma
    if not sigma or sigma < 0:
        raise row.problem(
            column.sigma_column or column.column,
            f"is {sigma:g}, and a standard deviation is above 0",
            "Give the smallest error that matters",
        )
    return Feature(name=column.feature, value=value, sigma=sigma, unit=column.unit)


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
    wanted = {"sample_column": spec.sample_column}
    if spec.curve_column:
        wanted["curve_column"] = spec.curve_column
    for i, value in enumerate(spec.values):
        wanted[f"values[{i}].column"] = value.column
        if value.sigma_column:
            wanted[f"values[{i}].sigma_column"] = value.sigma_column
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


def _curve_path(start: Path, row: _Row, column: str) -> Path:
    path = start / row.cells[column]
    if not path.is_file():
        raise row.problem(column, f"names {path}, which is not there", "Add the file, or empty this cell")
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
        remedy = "Write a decimal point" if "," in text else "Correct this cell, or leave the row out"
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
