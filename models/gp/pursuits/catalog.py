"""Which file pursues which goal."""

import importlib

from pydantic import BaseModel

from models.domain.errors import BadInput
from models.domain.inputs import validated
from models.domain.objective import ObjectiveBase, Own
from models.domain.own_parts import import_attribute
from models.gp.pursuits.pursuit import Pursuit

FILES = {
    "maximise": "best.EXTREME", "minimise": "best.EXTREME", "target": "best.TARGET", "map": "mapping.PURSUIT",
    "level": "level.PURSUIT", "pareto": "pareto.PURSUIT", "curves": "curves.PURSUIT",
    "match": "match.PURSUIT", "phases": "phases.PURSUIT",
}  # fmt: skip
"""Module beside this one, and the name in it, by goal."""
WHERE = "objective.goal"


def pursuit_of(objective: ObjectiveBase) -> Pursuit:
    """How an objective is pursued.

    Raises
    ------
    BadInput
        When a pursuit of one's own is not there, or is none.
    """
    where = WHERE
    if isinstance(objective, Own):
        found = import_attribute(objective.goal, where)
    else:
        module, _, name = FILES[objective.goal].partition(".")
        found = getattr(importlib.import_module(f"models.gp.pursuits.{module}"), name)
    if not isinstance(found, Pursuit):
        raise BadInput(
            where,
            f"is {objective.goal!r}, which is a {type(found).__name__} and no Pursuit",
            "Write it as Pursuit(aim=...), see docs/extending.md",
        )
    return found


def options_of(objective: ObjectiveBase, pursuit: Pursuit) -> BaseModel | None:
    """The keys of a goal of one's own, checked; None where it has none.

    Raises
    ------
    BadInput
        When one is missing, unknown, or of no use.
    """
    keys = objective.options if isinstance(objective, Own) else {}
    if pursuit.options is not None:
        return validated(pursuit.options, keys, "objective")
    if keys:
        raise BadInput(
            f"objective.{next(iter(keys))}",
            "is not a known key",
            "Remove it, or give the pursuit a model of its options",
        )
    return None
