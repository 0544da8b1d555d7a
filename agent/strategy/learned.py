"""What the measurements so far teach a model."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from models.domain.canonical import canonical_json, sha256_text
from models.domain.decision import MEASURING_KINDS, Decision
from models.domain.history import History, Observation
from models.domain.misfit import as_arrays
from models.domain.objective import ObjectiveBase
from models.domain.point import Point
from models.domain.scattering import Floats, Mask
from models.gp.curve_set import CurveSet
from models.gp.encoding import Encoding
from models.gp.knowledge import CURVE, PRESENCE_SIGMA, Knowledge
from models.gp.training import Training


def learned(encoding: Encoding, objective: ObjectiveBase, history: History) -> Knowledge:
    """What was measured of the objective's features, where the devices say that it was measured.

    A measurement that failed or was rejected teaches that the features were not had there.
    """
    tried = list(_tried(history))
    columns = encoding.encode([point for point, _ in tried])
    features: dict[str, Training] = {}
    presence: dict[str, Training] = {}
    for name in objective.features:
        found = [None if one is None else one.feature(name) for _, one in tried]
        is_present = np.array([feature is not None for feature in found], dtype=bool)
        values = np.array([feature.value for feature in found if feature is not None])
        sigmas = np.array([feature.sigma for feature in found if feature is not None])
        features[name] = Training(columns[is_present], values, sigmas)
        if not is_present.all():
            presence[name] = _chance(columns, is_present)
    read = [observation for _, observation in tried if observation is not None]
    units = {f.name: f.unit for one in read for f in one.features if f.name in objective.features}
    curves = None
    if objective.needs_curves:
        has_curve = np.array([one is not None and one.profile is not None for _, one in tried], dtype=bool)
        curves = _curves(columns[has_curve], read)
        if not has_curve.all():
            presence[CURVE] = _chance(columns, has_curve)
    return Knowledge(len(read), features, presence, units, curves, _n_design(history))


def _chance(columns: Floats, is_had: Mask) -> Training:
    """What teaches the chance of something, from where it was had and where not."""
    return Training(columns, is_had.astype(np.float64), np.full(len(columns), PRESENCE_SIGMA))


def _curves(columns: Floats, read: list[Observation]) -> CurveSet | None:
    """The curves of the measurements that have one, at `columns`; None when there is none."""
    profiles = [(place, one.profile) for place, one in enumerate(read) if one.profile is not None]
    if not profiles:
        return None
    first = profiles[0][1]
    arrays = [as_arrays(profile) for _, profile in profiles]
    return CurveSet(
        unit_points=columns,
        q_inv_nm=np.array(first.q_inv_nm),
        intensities=np.stack([intensity for intensity, _ in arrays]),
        sigmas=np.stack([sigma for _, sigma in arrays]),
        order=np.array([place for place, _ in profiles], dtype=np.int64),
        unit=first.unit,
        n_asked=len(first.q_inv_nm),
    )


def _n_design(history: History) -> int:
    """How many of `_tried` come before the first that a model chose, or that stood in for one."""
    n_design = 0
    for decision, _, _ in _tried_for(history):
        if decision.kind not in ("initial_design", "repeat"):
            break
        n_design += 1
    return n_design


def _tried(history: History) -> Iterator[tuple[Point, Observation | None]]:
    """Where something was tried whose outcome is known, in order; None where it brought nothing to read."""
    for _, point, observation in _tried_for(history):
        yield point, observation


def _tried_for(history: History) -> Iterator[tuple[Decision, Point, Observation | None]]:
    """The same, with the decision that asked for it."""
    for decision in history.decisions:
        if decision.kind not in MEASURING_KINDS or decision.point is None:
            continue
        observation = history.settled(decision)
        exposure = None if observation is None else history.exposure(observation.seq)
        if observation is not None and observation.is_accepted and exposure is not None:
            yield decision, exposure.point, observation
        elif observation is not None or history.failure(decision.seq) is not None:
            yield decision, decision.point, None


def left_out(objective: ObjectiveBase, history: History) -> tuple[int, ...]:
    """`seq` of every measurement up to the watermark that `learned` has not all values of.

    Failed, rejected, given up for another, or without a feature.
    """
    learned_from = {
        decision.seq
        for decision, observation in history.accepted()
        if all(observation.feature(name) is not None for name in objective.features)
        and (observation.profile is not None or not objective.needs_curves)
    }
    return tuple(
        decision.seq
        for decision in history.decisions[: history.watermark]
        if decision.kind in MEASURING_KINDS and decision.seq not in learned_from
    )


def sha256_of(knowledge: Knowledge) -> str:
    """SHA-256 of the canonical JSON of all that was learned from."""
    told: dict[str, list[Any]] = {
        name: [a.tolist() for a in (training.unit_points, training.values, training.sigmas)]
        for name, training in knowledge.features.items()
    }
    curves = knowledge.curves
    if curves is not None:
        told["curves"] = [curves.unit_points.tolist(), *map(_with_gaps, (curves.intensities, curves.sigmas))]
    return sha256_text(canonical_json(told))


def _with_gaps(rows: Floats) -> list[list[float | None]]:
    """Rows as JSON has them: null where there is no number."""
    return [[value if math.isfinite(value) else None for value in row] for row in rows.tolist()]
