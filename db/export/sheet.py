"""A table for people and programs: its columns, each with meaning and unit, and its rows."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

Cell = str | int | float | bool | None
"""What stands in one cell; None leaves it empty."""
Record = Mapping[str, Cell]
"""One row, by column name; what is left out is empty."""


@dataclass(frozen=True)
class Column:
    """One column."""

    name: str
    """Name, unique in its sheet."""
    kind: Literal["text", "integer", "number", "flag", "moment"]
    """What its cells hold; a `moment` is ISO 8601 in UTC."""
    meaning: str
    """One line that says what it is."""
    unit: str | None = None
    """Unit of a number; None or ``1`` for a pure one."""

    @property
    def header(self) -> str:
        """Name with the unit behind it: ``feature_rg (nm)``; as it is when it has none, or ends with it."""
        says_it = self.unit in (None, "1") or self.name.endswith((f"_{self.unit}", f" ({self.unit})"))
        return self.name if says_it else f"{self.name} ({self.unit})"


@dataclass(frozen=True)
class Sheet:
    """One table."""

    name: str
    """Name of its file, without suffix."""
    meaning: str
    """What one row is."""
    columns: tuple[Column, ...]
    """The columns, in order."""
    rows: Callable[[], Iterator[Record]]
    """Reads the rows, in order."""


def named_apart(quantities: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Name a column for each quantity in each unit, so that no column mixes two units.

    Parameters
    ----------
    quantities
        Name and unit of each.

    Returns
    -------
    dict
        Column name by name and unit: the name itself, then ``name (unit)`` for further units.
    """
    columns: dict[tuple[str, str], str] = {}
    for name, unit in quantities:
        is_taken = any(known == name and other != unit for known, other in columns)
        columns.setdefault((name, unit), f"{name} ({unit})" if is_taken else name)
    return columns
