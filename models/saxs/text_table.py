"""Find the table of numbers in a text file, whatever stands around it."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.domain.errors import BadInput
from models.domain.scattering import Floats

COMMENT_MARKS = ("#", "%", "!", ";", "//", "'", '"', "*")
"""A line that starts with one of these is a comment."""
GAPS = frozenset({"nan", "na", "n/a", "--", "inf", "-inf", "+inf", "null", "none"})
"""Words that stand for a number that is not there."""
MIN_STRAY_ROWS = 2
"""So many rows of numbers behind a line that is none make that line a damaged row, not a footer."""
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+(?:[eEdD][+-]?\d+)?")


@dataclass(frozen=True, eq=False)
class TextTable:
    """The numbers of a text file, and the words around them."""

    path: Path
    """The file."""
    rows: Floats
    """Numbers, shape (n_rows, n_columns); NaN where the file has a gap."""
    line_numbers: tuple[int, ...]
    """Line of each row, from 1."""
    header: tuple[str, ...]
    """Lines before the numbers, and comments among them, without comment marks."""
    footer: tuple[str, ...]
    """Lines behind the numbers, without comment marks."""


@dataclass(frozen=True)
class _Line:
    """One line that is not empty."""

    number: int
    """Line in the file, from 1."""
    text: str
    """The line without comment mark and outer space."""
    numbers: tuple[float, ...] | None
    """Its numbers; None when it is none."""
    is_comment: bool
    """True for lines that a comment mark opens."""


def read_table(path: Path, *, min_columns: int = 2) -> TextTable:
    """Read the one table of a text file.

    Parameters
    ----------
    path
        The file. A byte order mark, any line ends, Fortran's ``1.0D-02``, decimal commas beside another
        separator and trailing separators are read.
    min_columns
        Rows have at least so many numbers.

    Returns
    -------
    TextTable
        The longest run of rows with one number of columns.

    Raises
    ------
    BadInput
        When there is none, or a damaged row stands in it.
    """
    lines = _lines(path)
    blocks = _blocks(lines, min_columns)
    if not blocks:
        raise BadInput(
            str(path), f"has no row of {min_columns} numbers", "Give a text file with columns of numbers."
        )
    best = max(blocks, key=len)
    block = _with_neighbours_checked(path, lines, blocks, best)
    first, last = block[0].number, block[-1].number
    return TextTable(
        path=path,
        rows=np.array([line.numbers for line in block], dtype=np.float64),
        line_numbers=tuple(line.number for line in block),
        header=tuple(x.text for x in lines if x.number < first or (x.is_comment and x.number < last)),
        footer=tuple(line.text for line in lines if line.number > last),
    )


def _lines(path: Path) -> list[_Line]:
    """Cut a file into lines that are not empty."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadInput(str(path), f"cannot be read: {error.strerror}", "Check the path.") from error
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = raw.decode("utf-16", errors="replace")
    elif b"\0" in raw[:4096]:
        raise BadInput(
            str(path), "is not a text file", "Give a text file with columns of q, intensity and sigma."
        )
    else:
        text = raw.decode("utf-8-sig", errors="replace")
    found: list[_Line] = []
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1):
        stripped = line.strip()
        if not stripped:
            continue
        is_comment = stripped.startswith(COMMENT_MARKS)
        words = stripped.lstrip("#%!;/*'\" \t") if is_comment else stripped
        found.append(_Line(number, words, None if is_comment else _numbers(stripped), is_comment))
    return found


def _numbers(text: str) -> tuple[float, ...] | None:
    """Read a line as numbers: leading ones count, words behind at least two of them do not."""
    values: list[float] = []
    for word in _words(text):
        value = _number(word)
        if value is None:
            return None
        values.append(value)
    return tuple(values) if len(values) > 1 else None


def _words(text: str) -> list[str]:
    """Cut a line at its separators."""
    if ";" in text or "\t" in text:
        words = re.split(r"\s*[;\t]\s*", text.strip().rstrip(";\t, "))
        if len(words) > 1:
            return [
                word.strip().replace(",", ".") if _DECIMAL_COMMA.fullmatch(word.strip()) else word
                for word in words
            ]
    spaced = text.split()
    if len(spaced) > 1 and all(_DECIMAL_COMMA.fullmatch(word) for word in spaced):
        return [word.replace(",", ".") for word in spaced]
    return re.split(r"\s*,\s*|\s+", text.strip().rstrip(", "))


def _number(word: str) -> float | None:
    """Read one number; NaN for a word that stands for a gap, None for any other word."""
    if word.lower() in GAPS or not word:
        return float("nan")
    try:
        return float(word.replace("D", "e").replace("d", "e"))
    except ValueError:
        return None


def _blocks(lines: list[_Line], min_columns: int) -> list[list[_Line]]:
    """Gather runs of rows with one number of columns; comments do not end a run."""
    blocks: list[list[_Line]] = []
    is_open = False
    for line in lines:
        if line.is_comment:
            continue
        if line.numbers is None or len(line.numbers) < min_columns:
            is_open = False
            continue
        if is_open and len(blocks[-1][0].numbers or ()) == len(line.numbers):
            blocks[-1].append(line)
        else:
            blocks.append([line])
        is_open = True
    return blocks


def _with_neighbours_checked(
    path: Path, lines: list[_Line], blocks: list[list[_Line]], best: list[_Line]
) -> list[_Line]:
    """Refuse a table that a damaged row cuts in two."""
    for other in blocks:
        if other is best or len(other) < MIN_STRAY_ROWS:
            continue
        if len(other[0].numbers or ()) != len(best[0].numbers or ()):
            continue
        first, second = (other, best) if other[0].number < best[0].number else (best, other)
        between = [x for x in lines if first[-1].number < x.number < second[0].number and not x.is_comment]
        line = between[0]
        raise BadInput(
            f"{path}: line {line.number}",
            f"{line.text[:40]!r} is not a row of {len(best[0].numbers or ())} numbers",
            "Correct or remove that line.",
        )
    return best
