"""A function of one's own that says which points can be had: stock, reach, safety."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.domain.errors import BadInput
from models.domain.own_parts import import_attribute
from models.domain.point import Coordinates

Feasible = Callable[[Mapping[str, float | str]], Any]
"""``feasible(point) -> bool | str``: True when the point can be had, False or a text that says why not."""
WHERE = "feasible"


@dataclass(frozen=True)
class Answer:
    """What a feasibility function said of one point."""

    objection: str | None
    """Why the point cannot be had, in words; None when it can."""
    is_broken: bool = False
    """True when the function raised, or said neither yes nor no: then the point cannot be had."""


def load_feasible(name: str) -> Feasible:
    """The function of that name, ``module:function``.

    Raises
    ------
    BadInput
        When there is no such function.
    """
    found = import_attribute(name, WHERE)
    if not callable(found):
        raise BadInput(WHERE, f"is {name!r}, which cannot be called with a point", "Name a function")
    return found


def ask(name: str, feasible: Feasible, coordinates: Coordinates) -> Answer:
    """Ask whether a point can be had; whatever the function does, an answer comes back.

    Parameters
    ----------
    name
        What the campaign file calls the function.
    feasible
        The function.
    coordinates
        Value on every axis; it gets a copy.
    """
    try:
        said = feasible(dict(coordinates))
    except Exception as error:  # one's own code may raise anything, and the night goes on
        said = " ".join(str(error).split())
        return Answer(f"{name} raised {type(error).__name__}: {said}", is_broken=True)
    if isinstance(said, bool | np.bool_):
        return Answer(None if said else f"{name} says that it cannot be had")
    if isinstance(said, str) and said.strip():
        return Answer(f"{name} says: {said.strip()}")
    return Answer(f"{name} said {said!r}, which is neither True nor False nor a reason", is_broken=True)
