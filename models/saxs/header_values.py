"""Numbers and their units in the text of image headers."""

import re
from collections.abc import Mapping

M_PER_UNIT = {"m": 1.0, "cm": 1e-2, "mm": 1e-3, "um": 1e-6, "nm": 1e-9, "a": 1e-10, "angstrom": 1e-10}
"""Metres in one unit of length."""
S_PER_UNIT = {"s": 1.0, "sec": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
"""Seconds in one unit of time."""
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"


def stated(lines: str, key: str, units: Mapping[str, float], unit: str) -> float | None:
    """Find ``key [=:] number [unit]`` among the lines of a header.

    Parameters
    ----------
    lines
        The header.
    key
        What the line begins with, whatever comment mark stands before it.
    units
        How much one of each unit is in the wanted one; empty takes the number as it is.
    unit
        What the number is in where the line does not say.

    Returns
    -------
    float or None
        A positive number in the wanted unit; None where no line states one in a unit that is known.
    """
    match = re.search(rf"^\W*{key}\s*[=:]?\s*({NUMBER})[ _]*([a-zA-Z]*)", lines, re.MULTILINE)
    if match is None:
        return None
    factor = units.get((match[2] or unit).lower()) if units else 1.0
    return None if factor is None else positive(match[1], factor)


def positive(text: str | None, factor: float = 1.0) -> float | None:
    """Read a positive number; None for anything else."""
    try:
        value = float(text or "") * factor
    except ValueError:
        return None
    return value if 0 < value < float("inf") else None
