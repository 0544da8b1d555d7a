"""The largest, the smallest, or the value nearest to a target: expected improvement."""

import numpy as np

from models.domain.decision import Prediction, Reason
from models.domain.objective import Extreme, Target
from models.domain.scattering import Floats
from models.gp.acquisitions.ignorance import Ignorance
from models.gp.acquisitions.improvement import ExpectedImprovement
from models.gp.pursuits.pursuit import Aim, Pursuit, Situation, expectations, expected_text, in_unit


def seek_best(situation: Situation) -> Aim:
    """The improvement that is expected on the best so far; knowledge, when there is little."""
    objective = situation.objective
    assert isinstance(objective, Extreme | Target)
    belief = situation.beliefs[objective.feature]
    worth = ExpectedImprovement(belief, objective)
    unit = situation.units.get(objective.feature, "1")
    best = f"{worth.incumbent:.3g}{in_unit(unit)} at the best point so far"

    def explain(expected: tuple[Prediction, ...], is_idle: bool) -> Reason:
        said = expected_text(expected[0])
        if is_idle:
            sentence = f"Little can be gained on {best}; the model knows least here: {said}."
            return Reason(code="exploration", sentence=sentence)
        aim = f" for a target of {objective.target:g}" if isinstance(objective, Target) else ""
        sentence = f"Largest expected improvement: {said}{aim}, against {best}."
        return Reason(code="expected_improvement", sentence=sentence)

    def gain(values: Floats) -> Floats:
        return np.exp(values) * belief.state.spread

    return Aim(
        worth=worth,
        expect=expectations(situation),
        explain=explain,
        gain=gain,
        gain_unit=unit,
        idle=Ignorance(belief),
        unit_of_gain=worth.unit_of_gain,
        incumbent=worth.incumbent,
    )


PURSUIT = Pursuit(seek_best, is_averaged=True)
