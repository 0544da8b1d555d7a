"""Where a feature crosses a level: the fall of the variance near it."""

from models.domain.objective import Level
from models.domain.wording import in_unit
from models.gp.acquisitions.level import LevelVariance
from models.gp.pursuits.beyond import out_of_reach
from models.gp.pursuits.mapping import teach_most
from models.gp.pursuits.pursuit import Aim, Pursuit, Situation


def seek_level(situation: Situation) -> Aim:
    """How much a measurement lessens the uncertainty where the boundary may run."""
    objective = situation.objective
    assert isinstance(objective, Level)
    worth = LevelVariance(situation.beliefs[objective.feature], objective.level)
    unit = situation.units.get(objective.feature, "1")
    beyond = out_of_reach(situation.beliefs[objective.feature], objective.level, unit)
    return teach_most(situation, worth, f"the boundary at {objective.level:g}{in_unit(unit)}", beyond)


PURSUIT = Pursuit(seek_level, is_pairwise=True)
