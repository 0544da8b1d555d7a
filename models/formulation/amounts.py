"""Amounts as people write them, ``20 uL`` or ``0.2 g/g``, as numbers in one unit."""

import re
from functools import cache
from typing import Any, Literal

import pint

from models.domain.errors import BadInput

ContentKind = Literal["mass fraction", "volume fraction", "concentration", "molarity"]
"""What a content is a ratio of."""
BASE_UNITS: dict[ContentKind, str] = {
    "mass fraction": "g/g",
    "volume fraction": "mL/mL",
    "concentration": "g/mL",
    "molarity": "mol/L",
}
"""Unit in which each kind of content is computed."""
CONTENT_EXAMPLES = '"0.2 g/g", "0.2 mL/mL", "150 mg/mL" or "0.1 mol/L"'
_AMOUNT = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(\S.*?)?\s*", re.DOTALL)
_UNIT = re.compile(r"[A-Za-zµμÅ]+(?:(?:\^|\*\*)?-?\d)?(?:[ */·][A-Za-zµμÅ]+(?:(?:\^|\*\*)?-?\d)?)*")
"""Only what looks like a unit is shown to pint, which would read much else as a formula."""


def quantity(text: str, unit: str, where: str) -> float:
    """An amount in a unit: ``quantity("0.2 mL", "uL", ...)`` is 200.

    Parameters
    ----------
    text
        What a user wrote.
    unit
        The unit that is wanted.
    where
        File and key, for messages.

    Raises
    ------
    BadInput
        When it is no number with a unit that converts, or is negative.
    """
    number, given = _split(text, where, f'a number and a unit, such as "1 {unit}"')
    factor = _factor(given, unit)
    if factor is None:
        raise BadInput(where, f"is {text!r}, which does not convert to {unit}", f'Write it as "1 {unit}"')
    return _not_negative(number * factor, text, where)


def positive(text: str, unit: str, where: str) -> float:
    """The same for what must be more than nothing."""
    value = quantity(text, unit, where)
    if value <= 0.0:
        raise BadInput(where, f"is {text!r}, must be above 0 {unit}", "Give what there is")
    return value


def content(text: str, where: str) -> tuple[ContentKind, float]:
    """A content and its kind, in that kind's unit of `BASE_UNITS`.

    Raises
    ------
    BadInput
        When the text does not say what it is a ratio of, or is negative.
    """
    number, given = _split(text, where, f"such as {CONTENT_EXAMPLES}")
    kind, factor = content_unit(given, where, text)
    return kind, _not_negative(number / factor, text, where)


def content_unit(unit: str, where: str, text: str | None = None) -> tuple[ContentKind, float]:
    """What kind of content a unit is for, and its size: so many of the unit are one of the kind's own.

    Parameters
    ----------
    unit
        The unit, such as ``mg/mL``.
    where
        File and key, for messages.
    text
        What the user wrote in full; the unit alone when left out.
    """
    for kind, base in BASE_UNITS.items():
        factor = _factor(base, unit)
        if factor is None:
            continue
        # g/g and mL/mL are both pure numbers: what is divided tells them apart
        above, _, below = unit.partition("/")
        divided = {"mass fraction": "g", "volume fraction": "mL"}.get(kind)
        if divided is None or (below and _factor(above, divided) and _factor(below, divided)):
            return kind, factor
    remedy = f"Write it as {CONTENT_EXAMPLES}"
    raise BadInput(where, f"is {text or unit!r}, which is no fraction, concentration or molarity", remedy)


def share(text: str, where: str) -> float:
    """A share: ``2 %`` is 0.02.

    Raises
    ------
    BadInput
        When it is no percentage from 0 upwards.
    """
    number, given = _split(text, where, 'such as "1 %"')
    if given != "%":
        raise BadInput(where, f"is {text!r}, which is no percentage", 'Write it as "1 %"')
    return _not_negative(number / 100.0, text, where)


def is_share(text: str) -> bool:
    """True for a percentage."""
    return text.strip().endswith("%")


def _split(text: str, where: str, wanted: str) -> tuple[float, str]:
    """The number of a text, and the unit behind it."""
    found = _AMOUNT.fullmatch(text)
    if found is None or found[2] is None:
        raise BadInput(where, f"is {text!r}, which is no number with a unit", f"Write {wanted}")
    return float(found[1]), found[2]


def _not_negative(value: float, text: str, where: str) -> float:
    if not 0.0 <= value < float("inf"):
        raise BadInput(where, f"is {text!r}, must be finite and at least 0", "Correct it")
    return value


@cache
def _registry() -> Any:
    """Pint's table of units, read once: half a second."""
    return pint.UnitRegistry(cache_folder=None)


@cache
def _factor(unit: str, wanted: str) -> float | None:
    """How many of the wanted unit one unit is; None when it does not convert."""
    if not _UNIT.fullmatch(unit.strip()) or not _UNIT.fullmatch(wanted.strip()):
        return None
    registry = _registry()
    try:
        ratio = registry.Quantity(1.0, registry.parse_units(unit.replace("·", "*"))).to(
            registry.parse_units(wanted.replace("·", "*"))
        )
    except (pint.PintError, ValueError, TypeError, AssertionError):
        return None
    return float(ratio.magnitude)
