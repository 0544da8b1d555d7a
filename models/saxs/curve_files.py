"""Read and write curves; refuse, with file and line, what is not one."""

import re
from pathlib import Path

import numpy as np

from models.domain.curve_text import OWN_MARK, curve_from_text, curve_to_text
from models.domain.errors import BadInput
from models.domain.scattering import Curve, Floats
from models.domain.smooth_curve import REMEDY, SMOOTH_MARK
from models.domain.units import QUnit, q_unit_in
from models.domain.whole_files import clear_drafts, write_whole
from models.saxs.cansas_files import is_cansas, read_cansas
from models.saxs.curve_points import INV_NM_PER_UNIT, usable_curve
from models.saxs.text_table import TextTable, read_table


def read_curve(
    path: Path, *, q_unit: QUnit | None = None, columns: tuple[str, ...] = ("q", "intensity", "sigma")
) -> Curve:
    """Read a curve from a text file, or from NXcanSAS or canSAS XML.

    Columns may be parted by spaces, tabs, commas or semicolons; lines before and after the numbers are
    header. Points in the beamstop's shadow (a leading run of negative, zero or wildly jumping values), rows
    with NaN and rows without a positive sigma are left out; falling q is turned round.

    Parameters
    ----------
    path
        The file; ``file::name`` where it is canSAS and holds many curves.
    q_unit
        Unit of q in the file; None takes it from the header.
    columns
        What the columns hold, in order; names other than ``q``, ``intensity`` and ``sigma`` are skipped. A
        file with fewer columns has no sigma: it is then estimated from the scatter of each point about its
        two neighbours (running median over 21 points), and `Curve.source` says so.

    Returns
    -------
    Curve
        q in 1/nm, intensity in the file's unit.

    Raises
    ------
    BadInput
        When it cannot be read, or states no unit of q and none was given.
    """
    if is_cansas(path):
        return read_cansas(path, q_unit)
    table = read_table(path, min_columns=_n_needed(columns))
    if table.header[:1] == (OWN_MARK,):
        return _own_curve(path)
    if table.header[:1] == (SMOOTH_MARK,):
        raise BadInput(str(path), "is a smoothed curve: its points have no errors of their own", REMEDY)
    unit = q_unit or stated_q_unit(table)
    if unit is None:
        raise BadInput(
            f"{path}: unit of q", "is not stated in the file", "Say whether q is in 1/A or 1/nm (q_unit)."
        )
    _refuse_contradiction(path, table, unit)
    q, intensity, sigma = _pick(table, columns)
    rows = _usable_rows(table, q, intensity, sigma)
    q, intensity, sigma = q[rows], intensity[rows], None if sigma is None else sigma[rows]
    curve = Curve(q * INV_NM_PER_UNIT[unit], intensity, np.zeros(q.size), source=str(path))
    return usable_curve(curve, sigma)


def write_curve(path: Path, curve: Curve) -> None:
    """Write a curve as text, whole or not at all; reading it back gives the very same numbers.

    Parameters
    ----------
    path
        The file; its folder is made.
    curve
        The curve.
    """
    clear_drafts(path)
    write_whole(path, curve_to_text(curve))


def _refuse_contradiction(path: Path, table: TextTable, unit: QUnit) -> None:
    """Refuse a unit of q that the heading of q contradicts: every length would be ten times off."""
    for line in reversed(table.header):
        heading = re.search(r"(?<![a-z])q\s*[\[(/_ ,]*\s*([^\s,;\t)\]]+)", line.lower())
        stated = q_unit_in(heading.group(1)) if heading else None
        if stated in ("1/A", "1/nm"):
            if stated != unit:
                raise BadInput(
                    f"{path}: unit of q",
                    f"is {stated} by its heading, and was said to be {unit}",
                    f"Say {stated}, or correct the heading",
                )
            return


def stated_q_unit(table: TextTable) -> QUnit | None:
    """Find the unit of q in a header; the line nearest to the numbers wins.

    Parameters
    ----------
    table
        The file.

    Returns
    -------
    QUnit or None
        None when no line states one, or the nearest states both.
    """
    for line in (*reversed(table.header), *table.footer):
        found = q_unit_in(line)
        if found is not None:
            return None if found == "both" else found
    return None


def has_stated_q_unit(path: Path) -> bool:
    """Say whether a file states its unit of q.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    bool
        True also for our own files, which are always in 1/nm, and for canSAS, where it must be stated.

    Raises
    ------
    BadInput
        When it cannot be read.
    """
    return is_cansas(path) or stated_q_unit(read_table(path)) is not None


def _n_needed(columns: tuple[str, ...]) -> int:
    """Count the columns that a file must have; refuse a list without q or intensity."""
    missing = [name for name in ("q", "intensity") if name not in columns]
    if missing:
        raise BadInput(
            f"columns = {list(columns)}", f"has no {missing[0]!r}", "Name the columns of q and intensity."
        )
    return max(columns.index("q"), columns.index("intensity")) + 1


def _pick(table: TextTable, columns: tuple[str, ...]) -> tuple[Floats, Floats, Floats | None]:
    """Take q, intensity and, where there is one, sigma out of a table."""
    place = columns.index("sigma") if "sigma" in columns else table.rows.shape[1]
    sigma = table.rows[:, place] if place < table.rows.shape[1] else None
    if sigma is not None and not np.any(sigma > 0):
        sigma = None  # a column of zeros is a program's way of saying that it knows no errors
    return table.rows[:, columns.index("q")], table.rows[:, columns.index("intensity")], sigma


def _usable_rows(table: TextTable, q: Floats, intensity: Floats, sigma: Floats | None) -> np.ndarray:
    """Choose the rows to keep, in the order of rising q; refuse q that goes back and forth."""
    is_finite = np.isfinite(q) & np.isfinite(intensity)
    if sigma is not None:
        is_finite &= np.isfinite(sigma) & (sigma > 0)
    rows = np.flatnonzero(is_finite)
    if rows.size > 1 and np.all(np.diff(q[rows]) < 0):
        rows = rows[::-1]
    step = np.diff(q[rows])
    if rows.size > 2 and step[0] <= 0 and np.all(step[1:] > 0):
        rows = rows[1:]  # a header of counts, such as `474 3 0`, reads as a first row
        step = step[1:]
    if np.any(step <= 0):
        row = int(rows[1:][step <= 0][0])
        raise BadInput(
            f"{table.path}: line {table.line_numbers[row]}",
            f"q = {q[row]:g} is not above the q of the row before",
            "Sort the file by q, and keep one row for each q.",
        )
    if rows.size and q[rows[0]] < 0:
        raise BadInput(
            f"{table.path}: line {table.line_numbers[int(rows[0])]}",
            f"q = {q[rows[0]]:g} is negative",
            "Check the order of the columns.",
        )
    return rows


def _own_curve(path: Path) -> Curve:
    """Read a file of our own as it is, nothing trimmed."""
    try:
        return curve_from_text(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise BadInput(
            str(path), f"says that it is a curve of ours and is not: {error}", "Reduce the frame again."
        ) from error
