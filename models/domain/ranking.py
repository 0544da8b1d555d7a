"""Which measurement is best, as far as the measured values say."""

from typing import overload

from models.domain.campaign import ObjectiveSpec
from models.domain.decision import Decision
from models.domain.history import History
from models.domain.scattering import Feature, Floats


def ranked(history: History, objective: ObjectiveSpec) -> list[tuple[Decision, Feature]]:
    """Accepted measurements that have the objective's feature, the best first; ties keep their order.

    Parameters
    ----------
    history
        What was measured.
    objective
        What is sought.
    """
    found = [
        (decision, feature)
        for decision, observation in history.accepted()
        if (feature := observation.feature(objective.feature)) is not None
    ]
    return sorted(found, key=lambda pair: badness(objective, pair[1].value))


@overload
def badness(objective: ObjectiveSpec, value: float) -> float: ...
@overload
def badness(objective: ObjectiveSpec, value: Floats) -> Floats: ...
def badness(objective: ObjectiveSpec, value: float | Floats) -> float | Floats:
    """How far a value, or each of an array, is from the goal; smaller is better, in the feature's unit.

    A map has no best: its largest values come first. Of a boundary the nearest to its level do.
    """
    sought = objective.target if objective.target is not None else objective.level
    if sought is not None:
        return abs(value - sought)
    return value if objective.goal == "minimise" else -value
