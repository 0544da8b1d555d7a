"""Where a feature crosses a level: the fall of the variance near it."""

from models.domain.decision import Prediction, Reason
from models.domain.objective import Level
from models.gp.acquisitions.level import LevelVariance
from models.gp.pursuits.pursuit import Aim, Pursuit, Situation, expectations, expected_text, in_unit


def seek_level(situation: Situation) -> Aim:
    """How much a measurement lessens the uncertainty where the boundary may run."""
    objective = situation.objective
    assert isinstance(objective, Level)
    worth = LevelVariance(situation.beliefs[objective.feature], objective.level)
    unit = situation.units.get(objective.feature, "1")

    def explain(expected: tuple[Prediction, ...], is_idle: bool) -> Reason:
        del is_idle
        boundary = f"the boundary at {objective.level:g}{in_unit(unit)}"
        sentence = f"Teaches most about {boundary}: {expected_text(expected[0])} here."
        return Reason(code="integrated_variance", sentence=sentence)

    return Aim(
        worth=worth,
        expect=expectations(situation),
        explain=explain,
        gain=worth.fall_of_sigma,
        gain_unit=unit,
    )


PURSUIT = Pursuit(seek_level, is_pairwise=True)
