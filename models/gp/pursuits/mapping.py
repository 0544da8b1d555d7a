"""The whole map of a feature: the fall of the variance, averaged over the space."""

from models.domain.decision import Prediction, Reason
from models.domain.objective import Map
from models.gp.acquisitions.integrated import IntegratedVariance
from models.gp.acquisitions.steepness import steep_shares
from models.gp.pursuits.pursuit import Aim, Pursuit, Situation, expectations, expected_text


def learn_map(situation: Situation) -> Aim:
    """How much a measurement lessens the uncertainty everywhere."""
    objective = situation.objective
    assert isinstance(objective, Map)
    belief = situation.beliefs[objective.feature]
    shares = steep_shares(belief, objective.edges) if objective.edges else None
    return teach_most(situation, IntegratedVariance(belief, shares), "the map")


def teach_most(situation: Situation, worth: IntegratedVariance, what: str, beyond: str = "") -> Aim:
    """The aim of lessening the variance of what is sought, which `what` names; `beyond` ends the sentence."""

    def explain(expected: tuple[Prediction, ...], is_idle: bool) -> Reason:
        del is_idle
        sentence = f"Teaches most about {what}: {expected_text(expected[0])} here.{beyond}"
        return Reason(code="integrated_variance", sentence=sentence)

    return Aim(
        worth=worth,
        expect=expectations(situation),
        explain=explain,
        gain=worth.fall_of_sigma,
        gain_unit=situation.units.get(situation.objective.quantity, "1"),
    )


PURSUIT = Pursuit(learn_map, is_pairwise=True)
