"""Which file pursues which goal."""

import importlib

from models.domain.errors import BadInput
from models.domain.objective import ObjectiveBase, Own
from models.domain.own_parts import import_attribute
from models.gp.pursuits.pursuit import Pursuit

FILES = {
    "maximise": "best", "minimise": "best", "target": "best", "map": "mapping", "level": "level",
    "pareto": "pareto",
}  # fmt: skip
"""Module beside this one, by goal."""


def pursuit_of(objective: ObjectiveBase) -> Pursuit:
    """How an objective is pursued.

    Raises
    ------
    BadInput
        When a pursuit of one's own is not there, or is none.
    """
    where = "objective.goal"
    if isinstance(objective, Own):
        found = import_attribute(objective.goal, where)
    else:
        found = importlib.import_module(f"models.gp.pursuits.{FILES[objective.goal]}").PURSUIT
    if not isinstance(found, Pursuit):
        raise BadInput(
            where,
            f"is {objective.goal!r}, which is a {type(found).__name__} and no Pursuit",
            "Write it as Pursuit(aim=...), see docs/extending.md",
        )
    return found
