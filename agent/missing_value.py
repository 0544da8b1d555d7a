"""A goal that lacks its value is told in which unit to give it."""

import re
from collections.abc import Mapping
from typing import Any

from models.domain.errors import BadInput
from models.saxs.extractors import features_made, load_extractors

VALUE = re.compile(r"objective(?:\.of\[(\d+)\])?\.(?:target|level)$")
"""Where such a value stands."""


def with_unit(error: BadInput, tables: Mapping[str, Any]) -> BadInput:
    """The same mistake, its remedy with the unit of the feature where that can be found out.

    Parameters
    ----------
    error
        What is wrong with the campaign file.
    tables
        What the file says: not checked yet.
    """
    place = VALUE.search(error.where)
    if place is None or error.problem != "is missing":
        return error
    try:
        objective = tables["objective"] if place[1] is None else tables["objective"]["of"][int(place[1])]
        feature, analysis = objective["feature"], tables["analysis"]
        unit = features_made(load_extractors(analysis["features"]))[feature]
    except (BadInput, LookupError, TypeError):
        return error  # another mistake hides it; that one is told next
    unit = unit.replace("a.u.", str(analysis.get("intensity_unit", "a.u.")))
    said = f"a pure number, as {feature} is" if unit == "1" else f"in {unit}, the unit of {feature}"
    return BadInput(error.where, error.problem, error.remedy.replace("Add this key", f"Add this key, {said}"))
