"""How values and outcomes are written for people."""

from models.domain.decision import Decision
from models.domain.history import History
from models.domain.objective import ObjectiveBase
from models.domain.scattering import Feature


def in_unit(unit: str) -> str:
    """A unit behind a number: a blank before it, nothing for a pure number."""
    return "" if unit == "1" else f" {unit}"


def feature_text(feature: Feature) -> str:
    """A feature with its uncertainty and unit: ``rg 3.36 ± 0.02 nm``."""
    return f"{feature.name} {feature.value:.4g} ± {feature.sigma:.2g}{in_unit(feature.unit)}"


def features_text(features: tuple[Feature, ...]) -> str:
    """Several features: ``rg 3.36 ± 0.02 nm, peak_d 6.1 ± 0.1 nm``."""
    return ", ".join(map(feature_text, features))


def outcome_text(history: History, decision: Decision, objective: ObjectiveBase) -> str:
    """What came of a decision, in a few words with units.

    Parameters
    ----------
    history
        What happened.
    decision
        The decision.
    objective
        What is sought.
    """
    failure = history.failure(decision.seq)
    if failure is not None:
        return f"failed: {failure.sentence}"
    observation = history.observation(decision.seq)
    if observation is None:
        return "no action" if decision.point is None else "open"
    if decision.is_look:
        return _look_text(history, decision)
    if not observation.is_accepted:
        return f"rejected: {observation.objections()}"
    if decision.kind == "blank":
        return "blank measured"
    shown = objective.shown(observation)
    missing = [name for name in objective.features if observation.feature(name) is None]
    whys = {absence.name: absence.why for absence in observation.absences}
    lacks = [f"no {name}: {whys.get(name, 'not made')}" for name in missing]
    return ", ".join(filter(None, [features_text(shown), *lacks])) or "measured"


def _look_text(history: History, decision: Decision) -> str:
    """What a look for the sample or the beam, or at the load, saw."""
    exposure = history.exposure(decision.seq)
    if exposure is None:
        return "a look"
    if decision.setup is not None and decision.setup.looks_for == "load":
        return "a look" if exposure.transmission is None else f"a look: transmits {exposure.transmission:.4g}"
    if decision.setup is not None and decision.setup.looks_for == "sample":
        return (
            "a look"
            if exposure.transmission is None
            else f"a look: {1 - exposure.transmission:.2g} is absorbed"
        )
    if exposure.monitor is None:
        return "a look"
    return f"a look: {exposure.monitor / (exposure.exposure_s * exposure.attenuation):.3g} monitor counts/s"
