"""How near a rehearsed campaign came, measurement by measurement."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from agent.rehearsal.common_model import fit_common_model, map_error
from agent.rehearsal.jobs import Forecast, Step
from agent.rehearsal.standard import Standard, distance_of, value_of
from agent.rehearsal.worlds import World
from models.domain.campaign import CampaignSpec
from models.domain.clock import SECONDS_PER_HOUR
from models.domain.decision import MEASURING_KINDS, Decision
from models.domain.history import History, Observation
from models.domain.objective import ObjectiveBase
from models.domain.point import Point
from models.domain.space import SearchSpace
from models.gp.encoding import Encoding

N_LOOKS = 12
"""At how many counts of measurements a map is judged: each takes a fit."""
FEWEST_FOR_A_MAP = 3


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

    def scores(self, found: list[tuple[Point, Observation] | None]) -> list[float | None]:
        """Score after each measurement; None where nothing is learned yet, or where nobody looked.

        Parameters
        ----------
        found
            Where each measurement was made and what it said; None where it brought nothing.
        """
        if self.objective.has_best:
            return self._regrets(found)
        looks = looks_of(len(found)) | {len(found)}
        return [
            self._map_error([one for one in found[:n] if one is not None]) if n in looks else None
            for n in range(1, len(found) + 1)
        ]

    def _regrets(self, found: list[tuple[Point, Observation] | None]) -> list[float | None]:
        """True distance from the goal at the place that looks best so far, less that of the best place."""
        regrets: list[float | None] = []
        least = np.inf
        for one in found:
            far = None if one is None else distance_of(self.objective, one[1])
            if one is None or far is None or far >= least:
                regrets.append(regrets[-1] if regrets else None)
                continue
            least = far
            true = value_of(self.objective, self.world.truth(one[0], self.place))
            regrets.append(self.standard.scale if np.isnan(true) else max(true - self.standard.best, 0.0))
        return regrets

    def _map_error(self, found: list[tuple[Point, Observation]]) -> float | None:
        """Root mean square error of the common model over the dense set, or the share on the wrong side."""
        name = self.objective.features[0]
        read = [(point, feature) for point, one in found if (feature := one.feature(name)) is not None]
        if len(read) < FEWEST_FOR_A_MAP:
            return None
        values, sigmas = (np.array(x) for x in zip(*((f.value, f.sigma) for _, f in read), strict=True))
        unit = Encoding(self.space).encode([point for point, _ in read])
        is_known = np.isfinite(self.standard.values)
        truth = self.standard.values[is_known]
        means = fit_common_model(unit, values, sigmas).mean(self.standard.columns[is_known])
        return map_error(means, truth, getattr(self.objective, "level", None))


def looks_of(n: int) -> set[float]:
    """After which of n measurements a map is judged."""
    return set(np.unique(np.geomspace(FEWEST_FOR_A_MAP, max(n, 4), N_LOOKS).round()).tolist())


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
    least: float | None = None
    for decision, seen in measured(history):
        far = None if seen is None else distance_of(objective, seen)
        expected = decision.prediction
        feature = (
            None if seen is None or expected is None else seen.feature(expected.name or objective.quantity)
        )
        if expected is not None and feature is not None:
            spread = float(np.hypot(expected.sigma, feature.sigma)) or 1.0
            is_shown = objective.has_best and least is not None and far is not None
            told.append(
                Forecast(
                    gain=decision.candidates[0].expected_gain if is_shown else None,
                    gained=max((least or 0.0) - (far or 0.0), 0.0) if is_shown else None,
                    z=(feature.value - expected.mean) / spread,
                )
            )
        if far is not None:
            least = far if least is None else min(least, far)
    return tuple(told)


def failures_of(history: History) -> dict[str, int]:
    """Decisions that brought nothing, by the code of the failure or of the first check that refused."""
    codes: Counter[str] = Counter(failure.code for failure in history.failures)
    for observation in history.observations:
        if not observation.is_accepted:
            codes[next((v.check for v in observation.verdicts if v.is_refusal), "refused")] += 1
    return dict(codes)
