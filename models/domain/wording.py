"""How values and outcomes are written for people."""

from models.domain.decision import Decision
from models.domain.history import History
from models.domain.scattering import Feature


def feature_text(feature: Feature) -> str:
    """A feature with its uncertainty and unit: ``rg 3.36 ± 0.02 nm``."""
    unit = "" if feature.unit == "1" else f" {feature.unit}"
    return f"{feature.name} {feature.value:.4g} ± {feature.sigma:.2g}{unit}"


def outcome_text(history: History, decision: Decision, feature_name: str) -> str:
    """What came of a decision, in a few words with units.

    Parameters
    ----------
    history
        What happened.
    decision
        The decision.
    feature_name
        The objective's feature.
    """
    failure = history.failure(decision.seq)
    if failure is not None:
        return f"failed: {failure.sentence}"
    observation = history.observation(decision.seq)
    if observation is None:
        return "no action" if decision.point is None else "open"
    if not observation.is_accepted:
        return f"rejected: {observation.objections()}"
    if decision.kind == "blank":
        return "blank measured"
    feature = observation.feature(feature_name)
    if feature is None:
        why = next((a.why for a in observation.absences if a.name == feature_name), "not made")
        return f"no {feature_name}: {why}"
    return feature_text(feature)
