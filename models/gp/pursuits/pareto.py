"""Several goals at once: the expected growth of the front of best compromises."""

from dataclasses import dataclass

import numpy as np

from models.domain.decision import Prediction, Reason
from models.domain.errors import FitFailed
from models.domain.objective import ObjectiveBase, Pareto
from models.domain.scattering import Floats, Mask
from models.gp.acquisitions.hypervolume import ExpectedHypervolume
from models.gp.acquisitions.ignorance import Ignorance
from models.gp.acquisitions.worth import Together
from models.gp.front import reference_of
from models.gp.knowledge import Knowledge
from models.gp.pursuits.pursuit import (
    Aim,
    Lesson,
    Pursuit,
    Situation,
    expectations,
    of_features,
    predicted_text,
)

LITTLE = 0.1
"""Growth counts as little below this share of the volume, times the smallest gain that is asked for: a front
is made of many points, of which each adds a part."""
LEAST_VOLUME = 1e-9
"""Smallest volume that growth is compared with, in standard deviations of the values."""
N_LEAST = 2
"""Measurements that a reference point needs."""


@dataclass(frozen=True, eq=False)
class Ground:
    """What a front stands on."""

    points: Floats
    """Where all goals' features were measured, scaled coordinates, shape (n, d)."""
    reference: tuple[float, ...]
    """Badness of the point that is just not good enough, in each goal's unit."""


def study(objective: ObjectiveBase, knowledge: Knowledge, n_context: int) -> Lesson:
    """A belief for each goal, where all were measured, and the reference: one for the whole campaign."""
    assert isinstance(objective, Pareto)
    lesson = of_features(objective, knowledge, n_context)
    table = _table(objective, knowledge)
    is_whole: Mask = np.all(np.isfinite(table), axis=1)
    if is_whole.sum() < N_LEAST:
        names = ", ".join(objective.features)
        raise FitFailed(f"{is_whole.sum()} measurements have all of {names}, {N_LEAST} are needed")
    given = objective.reference_distances
    if given is None:
        n_first = max(int(is_whole[: knowledge.n_design].sum()), N_LEAST)
        first = table[is_whole][:n_first]
        badness = [part.distance(column) for part, column in zip(objective.of, first.T, strict=True)]
        reference = reference_of(np.stack(badness, axis=1))
    else:
        reference = given
    name = objective.features[0]
    is_had = np.isfinite(table[:, 0])
    points = knowledge.features[name].unit_points[is_whole[is_had]]
    return Lesson(lesson.trainings, lesson.presence, Ground(points, tuple(map(float, reference))))


def _table(objective: Pareto, knowledge: Knowledge) -> Floats:
    """Values of all goals' features, shape (n_tried, n_goals); not a number where one was not had."""
    columns: list[Floats] = []
    for name in objective.features:
        values = knowledge.features[name].values
        if name in knowledge.presence:
            is_had = knowledge.presence[name].values > 0.5
            column = np.full(len(is_had), np.nan)
            column[is_had] = values
            values = column
        columns.append(values)
    return np.stack(columns, axis=1)


def push_front(situation: Situation) -> Aim:
    """The growth of the front that is expected; knowledge, when there is little.

    Points that are still being measured stand on the front where they are expected to.
    """
    objective, ground = situation.objective, situation.context
    assert isinstance(objective, Pareto)
    beliefs = [situation.beliefs[name] for name in objective.features]
    points = np.vstack([ground.points, *(told.points for told in beliefs[0].supposed[:1])])
    worth = ExpectedHypervolume(beliefs, objective.of, points, ground.reference)
    scale = float(np.prod(worth.spreads))

    def explain(expected: tuple[Prediction, ...], is_idle: bool) -> Reason:
        said = " and ".join(map(predicted_text, expected)) + " expected"
        n, plural = worth.n_front, "" if worth.n_front == 1 else "s"
        beside = f"the {n} best compromise{plural} so far"
        if is_idle:
            sentence = f"Little can be gained on {beside}; the model knows least here: {said}."
            return Reason(code="exploration", sentence=sentence)
        sentence = f"Largest expected growth of the front: {said}, beside {beside}."
        return Reason(code="expected_hypervolume", sentence=sentence)

    def gain(values: Floats) -> Floats:
        return np.exp(values) * scale

    units = [situation.units.get(name, "1") for name in objective.features]
    return Aim(
        worth=worth,
        expect=expectations(situation),
        explain=explain,
        gain=gain,
        gain_unit=" x ".join(
            name if unit == "1" else unit for name, unit in zip(objective.features, units, strict=True)
        ),
        idle=Together(*map(Ignorance, beliefs)),
        unit_of_gain=max(LITTLE * worth.volume, LEAST_VOLUME),
    )


PURSUIT = Pursuit(push_front, study)
