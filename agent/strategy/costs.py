"""How long a measurement will take: what motors say of themselves, put right by this campaign's own commands.

Everything follows from the history. Of each kind of command the latest hundred that were watched to their end
are looked at, by medians: one that a person paused for an hour teaches nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

import numpy as np
from scipy.optimize import nnls

from agent.strategy.problem import Problem
from models.domain.action import ActionKind
from models.domain.clock import SECONDS_PER_HOUR
from models.domain.history import Duration, History
from models.domain.motion import Motion, journey_s
from models.domain.scattering import Floats
from models.gp.acquisitions.cost import AS_MUCH_AS_IS_NEAR, ONCE, TIME_TO_SPARE, Cost, Leg
from models.gp.encoding import Encoding

LATEST = 100
"""Commands of a kind that are looked at: devices age."""
DIGITS = 3
"""Learned times are rounded to milliseconds: what is finer is chance, and no decision should turn on it."""
LEAST_LOADS = 4
"""Loads, for each thing to be learned of them, before a journey is believed to depend on its distance."""
LEAST_EXPLAINED = 0.5
"""Share of the variance of the loads' times that distances must explain."""
LONGEST = 5.0
"""A load that took this many times the median was held up, and is left aside."""
LEAST_S = 1e-3
"""Shortest measurement that is believed in, s."""
AT_ONCE = 1e9
"""Acceleration of an axis of which only the speed was learned, in its unit per second squared."""
LEAST_WAY = 0.05
"""Shortest way that bounds a speed, as a share of the axis' range: on shorter ones little is seen."""
SHORTEST = 0.05
"""Share of the loads that chance may have made shorter than they should be."""
ROUNDS = 20
"""How often loads are given to their slowest axis anew, at most."""


@dataclass(frozen=True)
class Times:
    """What the parts of a measurement are expected to take."""

    prepare_s: float
    """Making a sample, s; none for one that was made ahead."""
    load_s: float
    """What a load takes besides the journey itself, s."""
    readout_s: float
    """What an exposure takes besides its exposure time, s."""
    motions: Mapping[str, Motion]
    """How axes move, by name; none when loads do not depend on the distance."""
    here: Mapping[str, float]
    """Where axes stand, by name; none before anything was loaded."""

    def cost(self, encoding: Encoding, exposure_s: float, watched: Floats, power: float = ONCE) -> Cost:
        """The cost of measuring at points of a space.

        Parameters
        ----------
        encoding
            The space's.
        exposure_s
            Exposure time, s.
        watched
            Points at which it will be asked again and again, scaled, shape (m, d).
        power
            Power of the seconds.
        """
        legs: list[Leg] = []
        for name, motion in self.motions.items():
            if name in self.here and name in encoding.slices and encoding.space.axis(name).span > 0:
                axis, column = encoding.space.axis(name), encoding.slices[name].start
                legs.append(Leg(column, (self.here[name] - axis.low) / axis.span, axis.span, motion))
        fixed_s = self.prepare_s + self.load_s + exposure_s + self.readout_s
        return Cost(legs, max(fixed_s, LEAST_S), watched, power)


def expected_times(problem: Problem, history: History) -> Times:
    """What the parts of the next measurement are expected to take.

    Before a command of a kind was watched to its end, what the campaign file says of the overhead stands in.

    Parameters
    ----------
    problem
        The task: the motors' own words, and the overhead.
    history
        What was done; commands of decisions whose outcome is not known yet are left aside.
    """
    known = [d for d in history.durations if d.seq <= history.watermark]
    loads = _loads(history, known)
    prepares_s = [d.seconds for d in known if d.kind == "prepare"]
    beside_s = [0.0 for d in history.decisions[: history.watermark] if d.prepared is not None]
    exposures = [
        duration.seconds - exposure.exposure_s
        for duration in _latest(known, "expose")
        if (exposure := history.exposure(duration.seq)) is not None
    ]
    motions, load_s = _journeys(problem, loads)
    return Times(
        prepare_s=_typical(prepares_s[-LATEST:] + beside_s[-LATEST:]),
        load_s=load_s if known else problem.overhead_s,
        readout_s=_typical(exposures),
        motions=motions,
        here=_standing(history),
    )


def power_of_time(problem: Problem) -> float:
    """How much a second counts where time is what runs out."""
    return ONCE if problem.objective.has_best else AS_MUCH_AS_IS_NEAR


def seconds_power(problem: Problem, history: History) -> float:
    """How much a second of a journey counts: less where the measurements run out before the hours do.

    Cost-cooling (Lee et al., arXiv:2003.10870) by what is left: when all measurements that are left can be
    made in the hours that are left, at this campaign's own pace, time is to spare.
    """
    return power_of_time(problem) if is_time_scarce(problem, history) else TIME_TO_SPARE


def is_time_scarce(problem: Problem, history: History) -> bool:
    """True when the budget's hours end before its measurements do, at the pace of the commands so far."""
    if problem.hours_planned is None:
        return problem.n_planned is None
    taken_s = history.up_to(history.watermark).commanded_s
    n_done = sum(1 for _ in history.accepted())
    if problem.n_planned is None or n_done == 0:
        return True
    left_s = problem.hours_planned * SECONDS_PER_HOUR - taken_s
    return (problem.n_planned - n_done) * taken_s / n_done > left_s


@dataclass(frozen=True)
class _Load:
    """One load that was watched to its end."""

    start: Mapping[str, float]
    end: Mapping[str, float]
    seconds: float


def _latest(known: list[Duration], kind: ActionKind) -> list[Duration]:
    return [duration for duration in known if duration.kind == kind][-LATEST:]


def _typical(seconds: list[float]) -> float:
    """Median, not below 0; 0 of none."""
    return round(max(median(seconds), 0.0), DIGITS) if seconds else 0.0


def _standing(history: History) -> Mapping[str, float]:
    """Where axes stand after the last decision that moved them."""
    last = next((d.point for d in reversed(history.decisions) if d.point is not None), None)
    return {} if last is None else last.numbers


def _loads(history: History, known: list[Duration]) -> list[_Load]:
    """The latest loads with the place that each came from."""
    places = [None if d.point is None else d.point.numbers for d in history.decisions]
    loads: list[_Load] = []
    for duration in _latest(known, "load"):
        start = next((p for p in reversed(places[: duration.seq - 1]) if p is not None), None)
        end = places[duration.seq - 1]
        if start is not None and end is not None:
            loads.append(_Load(start, end, duration.seconds))
    moved_s = [load.seconds for load in loads if load.seconds > 0]
    held_up_s = LONGEST * median(moved_s) if moved_s else 0.0
    return [load for load in loads if load.seconds <= held_up_s]


def _journeys(problem: Problem, loads: list[_Load]) -> tuple[Mapping[str, Motion], float]:
    """How axes move, and what a load takes besides."""
    if not problem.motions:
        return _learned_motions(problem, loads)
    names = set(problem.motions)
    whole = [load for load in loads if names <= load.start.keys() & load.end.keys()]
    if not whole:
        return problem.motions, 0.0
    said_s = np.array([journey_s(problem.motions, load.start, load.end) for load in whole])
    took_s = np.array([load.seconds for load in whole])
    factor = _factor(said_s, took_s)
    motions = {name: _slowed(motion, factor) for name, motion in problem.motions.items()}
    return motions, _typical((took_s - factor * said_s).tolist())


def _factor(said_s: Floats, took_s: Floats) -> float:
    """How many times as long as motors say journeys take: the median slope of all pairs (Theil and Sen).

    Sen, J. Am. Stat. Assoc. 63 (1968) 1379. 1 where there are too few journeys, or all are alike.
    """
    first, second = np.triu_indices(len(said_s), 1)
    gaps = said_s[second] - said_s[first]
    differ = np.abs(gaps) > 0.1 * max(float(np.median(said_s)), LEAST_S)
    if len(said_s) < 2 * LEAST_LOADS or not differ.any():
        return 1.0
    factor = float(np.median((took_s[second] - took_s[first])[differ] / gaps[differ]))
    return round(factor, DIGITS) if factor > 0.1 else 1.0


def _slowed(motion: Motion, factor: float) -> Motion:
    """A motion all of whose times are longer by a factor."""
    if factor == 1.0:
        return motion
    return Motion(
        velocity=motion.velocity / factor,
        acceleration=motion.acceleration / factor**2,
        settle_s=motion.settle_s * factor,
    )


def _learned_motions(problem: Problem, loads: list[_Load]) -> tuple[Mapping[str, Motion], float]:
    """Speeds by which the slowest axis explains the loads' times; none where they explain too little.

    Seconds = a + max over axes of distance / speed, all of it 0 or more; of several first guesses that which
    ends with the least squares.
    """
    plain_s = _typical([load.seconds for load in loads])
    names = [axis.name for axis in problem.space.axes if axis.is_numeric and axis.span > 0]
    whole = [load for load in loads if set(names) <= load.start.keys() & load.end.keys()]
    if not names or len(whole) < LEAST_LOADS * (1 + len(names)):
        return {}, plain_s
    spans = np.array([problem.space.axis(name).span for name in names])
    ways = np.array([[abs(load.end[n] - load.start[n]) for n in names] for load in whole]) / spans
    took_s = np.array([load.seconds for load in whole])
    found, left_s = min(
        (_explained(ways, took_s, first) for first in _first_guesses(ways, took_s)),
        key=lambda one: float(np.sum(one[1] ** 2)),
    )
    if np.sum(left_s**2) > (1.0 - LEAST_EXPLAINED) * np.sum((took_s - took_s.mean()) ** 2):
        return {}, plain_s
    paces = [round(float(pace), DIGITS) for pace in found[1:]]
    motions = {
        name: Motion(velocity=float(span / pace), acceleration=AT_ONCE, settle_s=0.0)
        for name, span, pace in zip(names, spans, paces, strict=True)
        if pace > 0
    }
    return motions, round(float(found[0]), DIGITS)


def _first_guesses(ways: Floats, took_s: Floats) -> list[Floats]:
    """Paces to begin with, shape (n_axes,): as if times added up; no load is shorter than a way."""
    added, _ = nnls(np.column_stack([np.ones(len(ways)), ways]), took_s)
    guesses = [added[1:]]
    for plain_s in (added[0], 0.0):
        bounds = (took_s - plain_s)[:, np.newaxis] / np.maximum(ways, LEAST_WAY)
        guesses.append(np.maximum(np.quantile(bounds, SHORTEST, axis=0), 0.0))
    return guesses


def _explained(ways: Floats, took_s: Floats, paces: Floats) -> tuple[Floats, Floats]:
    """Plain seconds and paces, shape (1 + n_axes,), and what they leave of each load, shape (n,), s.

    Each load is given to its slowest axis, the paces are found by least squares, and so on until no load
    changes hands.
    """
    ones, slowest = np.ones(len(ways)), np.zeros_like(ways)
    found = np.concatenate([[0.0], paces])
    for _ in range(ROUNDS):
        given = np.eye(ways.shape[1])[np.argmax(ways * found[1:], axis=1)]
        if np.array_equal(given, slowest):
            break
        slowest = given
        found, _ = nnls(np.column_stack([ones, ways * slowest]), took_s)
    return found, took_s - found[0] - (ways * found[1:]).max(axis=1)
