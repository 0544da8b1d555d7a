"""The two units that q comes in, under the many names that people give them."""

from typing import Any, Literal

QUnit = Literal["1/A", "1/nm"]
"""Units of q that a file may be in."""

_ANGSTROM_MARKS = ("1/a", "a-1", "angstrom-1", "/angstrom", "qvectora")
_NM_MARKS = ("1/nm", "nm-1", "/nm", "nanometer-1", "nanometre-1")
_PLAIN = str.maketrans("åÅ⁻¹", "aa-1", " ^{}()[]*_\"'")


def q_unit_in(text: str) -> QUnit | Literal["both"] | None:
    """The unit of q that a text names: ``nm^-1``, ``1/Angstrom``, ``Å⁻¹`` and the like.

    Parameters
    ----------
    text
        A header line, a heading, or what a user typed.

    Returns
    -------
    QUnit, "both" or None
        None when it names neither.
    """
    compact = text.lower().translate(_PLAIN).replace("angstroms", "angstrom").replace("ångström", "angstrom")
    says_a = any(mark in compact for mark in _ANGSTROM_MARKS)
    says_nm = any(mark in compact for mark in _NM_MARKS)
    if says_a and says_nm:
        return "both"
    return "1/A" if says_a else "1/nm" if says_nm else None


def as_q_unit(value: Any) -> Any:
    """The plain name of a unit of q that was written in another way; anything else as it is."""
    named = q_unit_in(value) if isinstance(value, str) else None
    return value if named in (None, "both") else named
