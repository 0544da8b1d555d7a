"""What `dataset.toml` may say: what the columns of a table of samples mean."""

import re
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from models.domain.frozen import Frozen
from models.domain.units import QUnit, as_q_unit


def _as_unit(text: object) -> object:
    return None if text is None else as_q_unit(text)


AXIS_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
"""What an axis may be called."""


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


class ValueColumn(Frozen):
    """One column of the table that holds what was measured: a feature, without the curve behind it."""

    column: str
    """Heading of the column; where a cell is empty, the sample has no such feature."""
    name: str | None = None
    """Name of the feature; the heading when left out."""
    unit: str = "1"
    """Unit of the values; ``1`` for a pure number."""
    sigma_column: str | None = None
    """Heading of the column of standard deviations, in the same unit."""
    sigma: float | None = Field(default=None, gt=0)
    """The standard deviation of all of them, where no column tells."""

    @property
    def feature(self) -> str:
        """Name of the feature."""
        return self.name or self.column

    @model_validator(mode="after")
    def _sigma_is_told_once(self) -> Self:
        if not re.fullmatch(AXIS_NAME, self.feature):
            raise ValueError(
                f"a feature cannot be called {self.feature!r}; "
                "give it a name of letters, digits and underscores"
            )
        if (self.sigma_column is None) == (self.sigma is None):
            raise ValueError(
                f"the feature {self.feature!r} needs sigma_column, or sigma = its standard deviation in "
                f"{self.unit}; give one of them: a value without an error cannot be weighed"
            )
        return self


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
    curve_column: str | None = None
    """Heading of the column that names the curve's file; rows where it is empty are left out. None where the
    table itself holds what was measured."""
    values: tuple[ValueColumn, ...] = ()
    """Columns that hold what was measured, where there are no curves."""
    curve_folder: str = "."
    """Folder where the names of the curves' files start."""
    q_unit: Annotated[QUnit | None, BeforeValidator(_as_unit)] = None
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
        self._refuse_half_a_measurement()
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

    def _refuse_half_a_measurement(self) -> None:
        """Either curves with the unit of q, or values, each under a name of its own."""
        if (self.curve_column is None) == (not self.values):
            raise ValueError(
                "a dataset has a curve_column, or [[values]] tables for what the table itself holds; "
                f"{'give one of them' if self.curve_column is None else 'keep one of them'}"
            )
        if self.curve_column is not None and self.q_unit is None:
            raise ValueError("q_unit is missing, and curves without it may be ten times off; say 1/nm or 1/A")
        features = [value.feature for value in self.values]
        for name in features:
            if features.count(name) > 1 or name in {axis.axis for axis in self.axes}:
                raise ValueError(f"the name {name!r} is given twice; rename one with name = ...")
