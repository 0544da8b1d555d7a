"""The largest, the smallest, or the value nearest to a target: expected improvement."""

from dataclasses import replace

import numpy as np

from models.domain.decision import Prediction, Reason
from models.domain.objective import Extreme, Target
from models.domain.scattering import Floats
from models.domain.wording import in_unit
from models.gp.acquisitions.improvement import ExpectedImprovement
from models.gp.acquisitions.integrated import IntegratedVariance
from models.gp.acquisitions.worth import Worth
from models.gp.belief import Belief
from models.gp.pursuits.beyond import out_of_reach
from models.gp.pursuits.pursuit import Aim, Pursuit, Situation, expectations, expected_text

DOUBT = 3.0
"""Factor on every sigma when the improvement is sought that would be, were the model less sure."""


def seek_best(situation: Situation) -> Aim:
    """The improvement that is expected on the best so far; knowledge, when there is little."""
    objective = situation.objective
    assert isinstance(objective, Extreme | Target)
    belief = situation.beliefs[objective.feature]
    worth = ExpectedImprovement(belief, objective)
    unit = situation.units.get(objective.feature, "1")
    idle, hope = _idle(belief, objective)
    beyond = out_of_reach(belief, objective.target, unit) if isinstance(objective, Target) else ""
    best = f"{worth.incumbent:.3g}{in_unit(unit)} at the best point so far"

    def explain(expected: tuple[Prediction, ...], is_idle: bool) -> Reason:
        said = expected_text(expected[0])
        if is_idle:
            sentence = f"Little can be gained on {best}; {hope}: {said}.{beyond}"
            return Reason(code="exploration", sentence=sentence)
        aim = f" for a target of {objective.target:g}" if isinstance(objective, Target) else ""
        sentence = f"Largest expected improvement: {said}{aim}, against {best}.{beyond}"
        return Reason(code="expected_improvement", sentence=sentence)

    def gain(values: Floats) -> Floats:
        return belief.state.scale.steps(np.exp(values), worth.incumbent)

    return Aim(
        worth=worth,
        expect=expectations(situation),
        explain=explain,
        gain=gain,
        gain_unit=unit,
        idle=idle,
        unit_of_gain=worth.unit_of_gain,
    )


def _idle(belief: Belief, objective: Extreme | Target) -> tuple[Worth, str]:
    """What a measurement is worth when little can be gained, and in words; two notions take turns.

    One asks where most could be gained if the model were too sure of itself: beside the best and at its
    rivals. The other learns the whole map, which finds what the model does not suspect.
    """
    if len(belief.training.values) % 2:
        doubtful = ExpectedImprovement(belief, objective, DOUBT)
        return doubtful, f"were the model {DOUBT:g} times less sure, most could be gained here"
    return IntegratedVariance(belief), "a measurement here teaches most about all the rest"


TARGET = Pursuit(seek_best, is_pairwise=True, is_averaged=True)
EXTREME = replace(TARGET, is_ordinal=True)
