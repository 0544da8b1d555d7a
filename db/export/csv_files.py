"""CSV for spreadsheets: one file a table, units in the header, no cell that a spreadsheet would run."""

import csv
from collections.abc import Iterable
from pathlib import Path

from db.export.sheet import Cell, Column, Sheet
from db.export.source import Progress

ENCODING = "utf-8-sig"
"""With a byte order mark: without one, spreadsheets on Windows read ``±`` as two letters."""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""A text cell that begins so may be run as a formula; the wide forms are for spreadsheets set to Japanese."""


def write_csv(sheets: Iterable[Sheet], folder: Path, tell: Progress) -> None:
    """Write tables as CSV (RFC 4180: commas, CRLF, quotes doubled).

    Parameters
    ----------
    sheets
        The tables.
    folder
        Where the files go.
    tell
        Is told of the progress.
    """
    for sheet in sheets:
        with (folder / f"{sheet.name}.csv").open("w", encoding=ENCODING, newline="") as file:
            writer = csv.writer(file, lineterminator="\r\n")
            writer.writerow([neutralised(column.header) for column in sheet.columns])
            for n, record in enumerate(sheet.rows(), start=1):
                writer.writerow([_cell(column, record.get(column.name)) for column in sheet.columns])
                tell(f"{sheet.name}.csv", n, 0)


def neutralised(text: str) -> str:
    """A text that no spreadsheet takes for a formula: behind an apostrophe, if need be."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text


def _cell(column: Column, value: Cell) -> str:
    """A cell; numbers stay numbers, exact to the last bit, also negative ones."""
    if value is None:
        return ""
    if column.kind == "flag":
        return "TRUE" if value else "FALSE"
    if column.kind in ("integer", "number"):
        return repr(value)
    return neutralised(str(value))
