"""Which phase rules where: what a chart of samples tells wrongly; then the best inside one phase."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.domain.decision import Prediction, Reason
from models.domain.errors import FitFailed
from models.domain.objective import ObjectiveBase, Phases
from models.domain.scattering import Floats
from models.domain.wording import in_unit
from models.gp.acquisitions.improvement import ExpectedImprovement
from models.gp.acquisitions.phase_boundary import PhaseBoundary, PhaseChance
from models.gp.acquisitions.worth import Together
from models.gp.knowledge import CURVE, Knowledge
from models.gp.phase_classes import (
    NumberedPlaces,
    class_name,
    class_trainings,
    inside_name,
    number_phases,
)
from models.gp.phase_draws import Labels, PhaseDraws
from models.gp.pursuits.pursuit import Aim, Lesson, Pursuit, Situation, expected_text, predictions
from models.gp.training import Training

FEWEST_INSIDE = 4
"""Measurements inside a phase, before anything is sought there."""
NOTHING = 1e-6
"""A smaller gain, in standard deviations of the values, is not worth a word."""
NEAR = 0.1
"""A second phase less probable than this makes no boundary."""


@dataclass(frozen=True, eq=False)
class Chart:
    """The phases that were found."""

    places: NumberedPlaces
    """Where which was found."""
    numbers: tuple[int, ...]
    """Number of each phase, in the order of the beliefs."""
    inside: int | None = None
    """Number of the phase in which something may be sought; None where that is not due."""

    @property
    def rows(self) -> Labels:
        """Row of the phase that was found at each place, shape (n,)."""
        return np.searchsorted(np.array(self.numbers), self.places.numbers)


def study(objective: ObjectiveBase, knowledge: Knowledge, n_context: int) -> Lesson:
    """A belief for each phase, and one for what is sought inside the most promising."""
    assert isinstance(objective, Phases)
    places = number_phases(objective, knowledge, n_context)
    trainings = class_trainings(places)
    numbers = tuple(sorted(set(places.numbers.tolist())))
    if len(numbers) < 2:
        raise FitFailed(f"all {len(places.numbers)} measurements are of one phase")
    name = objective.feature or CURVE
    presence = {name: knowledge.presence[name]} if name in knowledge.presence else {}
    if objective.then is None:
        return Lesson(trainings, presence, Chart(places, numbers))
    found = _inside_of(objective, knowledge, places)
    if found is None:
        return Lesson(trainings, presence, Chart(places, numbers))
    inside, training = found
    belief = inside_name(objective.then.feature, inside)
    return Lesson({**trainings, belief: training}, presence, Chart(places, numbers, inside))


def _inside_of(
    objective: Phases, knowledge: Knowledge, places: NumberedPlaces
) -> tuple[int, Training] | None:
    """Number of the phase of the best measurement, and what was measured inside; None when that is little."""
    assert objective.then is not None
    known = knowledge.features[objective.then.feature]
    numbers = places.numbers_at(known.unit_points)
    is_numbered = (numbers >= 0) & np.isfinite(known.values)
    if not is_numbered.any():
        return None
    badness = np.where(is_numbered, objective.then.distance(known.values), np.inf)
    number = int(numbers[badness.argmin()])
    rows = is_numbered & (numbers == number)
    inside = Training(known.unit_points[rows], known.values[rows], known.sigmas[rows])
    if rows.sum() < FEWEST_INSIDE or np.ptp(inside.values) == 0.0:
        return None
    return number, inside


def follow_phases(situation: Situation) -> Aim:
    """What the chart tells wrongly; the best inside a phase once the chart is sure enough."""
    objective, chart = situation.objective, situation.context
    assert isinstance(objective, Phases)
    names = [class_name(number) for number in chart.numbers]
    draws = PhaseDraws([situation.measured[name] for name in names])
    supposed = situation.beliefs[names[0]].supposed
    pending = supposed[0].points if supposed else None
    boundary = PhaseBoundary(draws, chart.places.points, chart.rows, pending)

    def expect(points: Floats) -> tuple[tuple[Prediction, ...], ...]:
        return tuple(_predicted(row, chart.numbers) for row in draws.probabilities(points).tolist())

    def explain(expected: tuple[Prediction, ...], is_idle: bool) -> Reason:
        del is_idle
        return _reason(expected, boundary.error)

    map_aim = Aim(worth=boundary, expect=expect, explain=explain, gain=np.exp, gain_unit="1")
    if objective.then is None or chart.inside is None or draws.doubt > objective.sure_to:
        return map_aim
    return _seek_inside(situation, draws, map_aim)


def _seek_inside(situation: Situation, draws: PhaseDraws, map_aim: Aim) -> Aim:
    """The best inside the most promising phase; the boundary again when little can be gained."""
    objective, chart = situation.objective, situation.context
    assert isinstance(objective, Phases)
    then = objective.then
    assert then is not None
    name = inside_name(then.feature, chart.inside)
    belief, measured = situation.beliefs[name], situation.measured[name]
    best = ExpectedImprovement(belief, then)
    row = chart.numbers.index(chart.inside)
    unit = situation.units.get(then.feature, "1")

    def expect(points: Floats) -> tuple[tuple[Prediction, ...], ...]:
        sought = predictions(then.feature, unit, *measured.predict(points))
        return tuple((one, *phases) for one, phases in zip(sought, map_aim.expect(points), strict=True))

    def explain(expected: tuple[Prediction, ...], is_idle: bool) -> Reason:
        if is_idle:
            return map_aim.explain(expected[1:], is_idle)
        phase = next(one for one in expected[1:] if one.name == class_name(chart.inside))
        known = f"The map is sure enough ({draws.doubt:.2g} of it is expected to be wrong)"
        sentence = (
            f"{known}; largest expected improvement inside phase {chart.inside}, which rules here with "
            f"probability {phase.mean:.2f}: {expected_text(expected[0])}, against {best.incumbent:.3g}"
            f"{in_unit(unit)} at the best point so far."
        )
        return Reason(code="expected_improvement", sentence=sentence)

    def gain(values: Floats) -> Floats:
        shares = np.exp(values)
        return np.where(shares > NOTHING, shares, 0.0) * belief.state.spread

    return Aim(
        worth=Together(best, PhaseChance(draws, row)),
        expect=expect,
        explain=explain,
        gain=gain,
        gain_unit=unit,
        idle=map_aim.worth,
        unit_of_gain=best.unit_of_gain,
    )


def _predicted(shares: Sequence[float], numbers: Sequence[int]) -> tuple[Prediction, ...]:
    """The probability of each phase, the likeliest first, with the standard deviation of 'it is this one'."""
    pairs = sorted(zip(shares, numbers, strict=True), key=lambda pair: (-pair[0], pair[1]))
    return tuple(
        Prediction(name=class_name(number), mean=share, sigma=(share * (1.0 - share)) ** 0.5, unit="1")
        for share, number in pairs
    )


def _reason(expected: tuple[Prediction, ...], error: float) -> Reason:
    """Why a point tells most about the map."""
    first, second = expected[:2]
    rest = f"The nearest measurement is expected to be wrong about {error:.2g} of the space."
    if second.mean >= NEAR:
        names = f"{_number(first)} and {_number(second)}"
        sentence = (
            f"Phase boundary between {names} runs near here: probabilities {first.mean:.2f} and "
            f"{second.mean:.2f}. {rest}"
        )
        return Reason(code="phase_boundary", sentence=sentence)
    sentence = (
        f"Phase {_number(first)} is expected here with probability {first.mean:.2f}, far from what was "
        f"measured: its reach is told best from here. {rest}"
    )
    return Reason(code="phase_reach", sentence=sentence)


def _number(prediction: Prediction) -> str:
    return prediction.name.removeprefix(class_name(""))


PURSUIT = Pursuit(follow_phases, study)
