"""How near a rehearsed campaign came, measurement by measurement."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from agent.rehearsal.jobs import Forecast, Step
from agent.rehearsal.worlds import World
from agent.rehearsal.yardsticks.best import distance_of
from agent.rehearsal.yardsticks.catalog import yardstick_for
from agent.rehearsal.yardsticks.standard import Found, Run, Standard
from models.domain.campaign import CampaignSpec
from models.domain.clock import SECONDS_PER_HOUR
from models.domain.decision import MEASURING_KINDS, Decision
from models.domain.history import History, Observation
from models.domain.objective import Extreme, ObjectiveBase, Target
from models.domain.point import Point
from models.domain.scattering import Feature, Floats
from models.domain.space import SearchSpace
from models.gp.encoding import Encoding

ONE_BEST = (Extreme, Target)
"""Goals whose expected gain is one of the feature's value, which a measurement shows."""


@dataclass(frozen=True, eq=False)
class Judge:
    """What a campaign is held against."""

    objective: ObjectiveBase
    """What is really sought: that of the campaign file, whatever a strategy was told to seek."""
    space: SearchSpace
    """Where."""
    standard: Standard
    """The truth on a dense set."""
    world: World
    """Tells the truth where something was measured."""
    place: int
    """Which of the seeds."""

    def scores(self, found: Found) -> list[float | None]:
        """Score after each measurement; None where nothing is learned yet, or where nobody looked.

        Parameters
        ----------
        found
            Where each measurement was made and what it said; None where it brought nothing.
        """
        yardstick = yardstick_for(self.objective)

        def ask(point: Point) -> Floats:
            return yardstick.read(self.world.truth(point, self.place))

        return yardstick.scores(self.standard, Run(found, Encoding(self.space), ask))


def measured(history: History) -> list[tuple[Decision, Observation | None]]:
    """Every measurement in order, with what was read of it in the end; None where it brought nothing."""
    found: list[tuple[Decision, Observation | None]] = []
    for decision in history.decisions:
        if decision.kind in MEASURING_KINDS:
            observation = history.settled(decision)
            is_good = observation is not None and observation.is_accepted
            found.append((decision, observation if is_good else None))
    return found


def steps_of(
    judge: Judge, history: History, spec: CampaignSpec, seconds: dict[int, float]
) -> tuple[Step, ...]:
    """How things stood after each measurement.

    Parameters
    ----------
    judge
        What it is held against.
    history
        What happened.
    spec
        The campaign file.
    seconds
        When each decision was over, s since the beginning, by `seq`.
    """
    all_ = measured(history)
    found = [None if seen is None or d.point is None else (d.point, seen) for d, seen in all_]
    names = tuple(dict.fromkeys([*spec.budget.stock, *(name for one in spec.sums for name in one.axes)]))
    steps: list[Step] = []
    exposed_s, used = 0.0, _used_by(history, names, spec.measurement.sample_amount)
    for (decision, _), score in zip(all_, judge.scores(found), strict=True):
        exposed_s += decision.exposure_s
        hours = seconds.get(decision.seq, 0.0) / SECONDS_PER_HOUR
        steps.append(Step(score=score, hours=hours, exposed_s=exposed_s, used=used[decision.seq]))
    return tuple(steps)


def _used_by(history: History, names: tuple[str, ...], amount: float) -> dict[int, dict[str, float]]:
    """What was used up of each component until each decision, by `seq`; blanks use some, too."""
    used, so_far = dict.fromkeys(names, 0.0), dict[int, dict[str, float]]()
    for decision in history.decisions:
        if decision.point is not None:
            numbers = decision.point.numbers
            used = {name: used[name] + amount * numbers.get(name, 0.0) for name in names}
        so_far[decision.seq] = used
    return so_far


def forecasts_of(objective: ObjectiveBase, history: History) -> tuple[Forecast, ...]:
    """What was foretold of each measurement, and what came.

    Parameters
    ----------
    objective
        What the strategy was told to seek: its gains are in that goal's terms.
    history
        What happened.
    """
    told: list[Forecast] = []
    least = np.inf
    has_gain = isinstance(objective, ONE_BEST)
    for decision, seen in measured(history):
        far = np.nan if seen is None else distance_of(objective, seen)
        expected = decision.prediction
        feature = None if seen is None or expected is None else _shown(objective, seen, expected.name)
        if expected is not None and feature is not None:
            spread = float(np.hypot(expected.sigma, feature.sigma)) or 1.0
            is_shown = has_gain and np.isfinite(least) and np.isfinite(far)
            told.append(
                Forecast(
                    gain=decision.candidates[0].expected_gain if is_shown else None,
                    gained=max(least - far, 0.0) if is_shown else None,
                    z=(feature.value - expected.mean) / spread,
                )
            )
        least = min(least, np.inf if np.isnan(far) else far)
    return tuple(told)


def _shown(objective: ObjectiveBase, seen: Observation, name: str | None) -> Feature | None:
    """What came of what was foretold under a name, or of what the goal is about."""
    name = name or objective.quantity
    shown = {feature.name: feature for feature in objective.shown(seen)}
    return seen.feature(name) or shown.get(name)


def failures_of(history: History) -> dict[str, int]:
    """Decisions that brought nothing, by the code of the failure or of the first check that refused."""
    codes: Counter[str] = Counter(failure.code for failure in history.failures)
    for observation in history.observations:
        if not observation.is_accepted:
            codes[next((v.check for v in observation.verdicts if v.is_refusal), "refused")] += 1
    return dict(codes)
