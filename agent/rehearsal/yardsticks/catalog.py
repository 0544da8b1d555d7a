"""Which yardstick a goal is measured with."""

from collections.abc import Mapping

from agent.rehearsal.yardsticks.best import Regret
from agent.rehearsal.yardsticks.curves import CurveError
from agent.rehearsal.yardsticks.fronts import VolumeLost
from agent.rehearsal.yardsticks.maps import MapError
from agent.rehearsal.yardsticks.phases import PhaseShare
from agent.rehearsal.yardsticks.yardstick import Yardstick
from models.domain.errors import BadInput
from models.domain.objective import KINDS, Curves, Level, Map, ObjectiveBase, Pareto, Phases


def yardstick_for(objective: ObjectiveBase, units: Mapping[str, str] | None = None) -> Yardstick:
    """What a goal is measured with.

    Parameters
    ----------
    objective
        The goal.
    units
        Unit of each of its features, for words; pure numbers when None.

    Raises
    ------
    BadInput
        When nobody can say how near a campaign came: for a goal of one's own.
    """
    told = units or {}
    match objective:
        case Map() | Level():
            return MapError(objective, told.get(objective.feature, "1"))
        case Pareto():
            return VolumeLost(objective, tuple(told.get(name, "1") for name in objective.features))
        case Curves():
            return CurveError(objective)
        case Phases():
            return PhaseShare(objective)
        case _ if objective.goal in KINDS:
            return Regret(objective, told.get(objective.quantity, "1"))
        case _:
            raise BadInput(
                "objective.goal",
                f"is {objective.goal!r}, for which a rehearsal has no score; it has one for "
                f"{', '.join(KINDS)}",
                "Rehearse with one of these, on the feature that matters most",
            )
