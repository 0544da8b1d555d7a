"""Which measurement is best, as far as the measured values say."""

from models.domain.decision import Decision
from models.domain.history import History
from models.domain.objective import ObjectiveBase
from models.domain.scattering import Feature


def ranked(history: History, objective: ObjectiveBase) -> list[tuple[Decision, tuple[Feature, ...]]]:
    """Accepted measurements of which the objective can say how good they are, the best first.

    Ties keep their order. With each come the features that people see of it.

    Parameters
    ----------
    history
        What was measured.
    objective
        What is sought.
    """
    accepted = list(history.accepted())
    badness = objective.badness([observation for _, observation in accepted])
    found = [
        (far, decision, objective.shown(observation))
        for far, (decision, observation) in zip(badness, accepted, strict=True)
        if far is not None
    ]
    return [(decision, shown) for _, decision, shown in sorted(found, key=lambda one: one[0])]
