"""What the accepted measurements teach a model."""

import numpy as np

from agent.strategy.choices import failed_points
from models.domain.campaign import ObjectiveSpec
from models.domain.decision import MEASURING_KINDS
from models.domain.history import History
from models.domain.scattering import Feature
from models.domain.space import Point, SearchSpace
from models.gp.design import scale_to_unit
from models.gp.recommend import Knowledge
from models.gp.surrogate import Training


def learned(space: SearchSpace, objective: ObjectiveSpec, history: History) -> Knowledge:
    """What was measured of the objective's feature, where the devices say that it was measured."""
    measured_at = {exposure.seq: exposure.point for exposure in history.exposures}
    places: list[Point] = []
    found: list[Feature] = []
    absent: list[Point] = []
    for _, observation in history.accepted():
        feature = observation.feature(objective.feature)
        if feature is None:
            absent.append(measured_at[observation.seq])
        else:
            places.append(measured_at[observation.seq])
            found.append(feature)
    values = np.array([feature.value for feature in found])
    sigmas = np.array([feature.sigma for feature in found])
    training = Training(scale_to_unit(space, tuple(places)), values, sigmas)
    return Knowledge(training, scale_to_unit(space, tuple(absent)), failed_points(space, history))


def left_out(objective: ObjectiveSpec, history: History) -> tuple[int, ...]:
    """`seq` of every measurement up to the watermark that `learned` has no value of.

    Failed, rejected, given up for another, or without the feature.
    """
    learned_from = {
        decision.seq
        for decision, observation in history.accepted()
        if observation.feature(objective.feature) is not None
    }
    return tuple(
        decision.seq
        for decision in history.decisions[: history.watermark]
        if decision.kind in MEASURING_KINDS and decision.seq not in learned_from
    )
