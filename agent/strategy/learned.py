"""What the accepted measurements teach a model."""

import numpy as np

from models.domain.campaign import ObjectiveSpec
from models.domain.decision import MEASURING_KINDS
from models.domain.history import History
from models.domain.scattering import Feature
from models.domain.space import Point
from models.gp.encoding import Encoding
from models.gp.recommend import PRESENCE_SIGMA, Knowledge
from models.gp.training import Training


def learned(encoding: Encoding, objective: ObjectiveSpec, history: History) -> Knowledge:
    """What was measured of the objective's feature, where the devices say that it was measured."""
    measured_at = {exposure.seq: exposure.point for exposure in history.exposures}
    places: list[Point] = []
    found: list[Feature | None] = []
    for _, observation in history.accepted():
        places.append(measured_at[observation.seq])
        found.append(observation.feature(objective.feature))
    unit_points = encoding.encode(places)
    is_present = np.array([feature is not None for feature in found], dtype=bool)
    values = np.array([feature.value for feature in found if feature is not None])
    sigmas = np.array([feature.sigma for feature in found if feature is not None])
    presence = None
    if not is_present.all():
        presence = Training(unit_points, is_present.astype(np.float64), np.full(len(found), PRESENCE_SIGMA))
    return Knowledge(Training(unit_points[is_present], values, sigmas), presence)


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
