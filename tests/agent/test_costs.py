"""What a measurement will take is learned from this campaign's own commands, and from nothing else."""

from collections.abc import Callable, Iterable

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agent.strategy import bayes
from agent.strategy.costs import Times, expected_times, is_time_scarce, seconds_power
from agent.strategy.problem import Problem
from models.domain.decision import Decision, Reason
from models.domain.history import Duration, Failure, History, Observation
from models.domain.motion import Motion, journey_s
from models.domain.objective import as_objective
from models.domain.scattering import Feature
from models.domain.space import Axis, Point, SearchSpace
from models.gp.acquisitions.cost import AS_MUCH_AS_IS_NEAR, TIME_TO_SPARE
from models.gp.encoding import Encoding
from tests.fakes import FakeInstrument, exposure_of

SPACE = SearchSpace(axes=(Axis(name="x", low=-2.0, high=2.0), Axis(name="y", low=0.0, high=1.0)))
MOTIONS = {"x": Motion(velocity=1.0, acceleration=5.0, settle_s=0.2), "y": Motion(velocity=0.1, settle_s=0.1)}
Place = tuple[float, float]
Takes = Callable[[dict[str, float], dict[str, float]], float]


def problem(**changes: object) -> Problem:
    told: dict[str, object] = {
        "space": SPACE, "objective": as_objective(feature="height", goal="map"), "units": {"height": "1"},
        "exposure_s": 0.5, "seed": 3,
    }  # fmt: skip
    return Problem.model_validate(told | changes)


def night(
    places: Iterable[Place], takes: Takes, *, readout_s: float = 0.0, prepare_s: float | None = None
) -> History:
    history, here = History(), {"x": 0.0, "y": 0.0}
    for seq, (x, y) in enumerate(places, start=1):
        point = Point(coordinates={"x": x, "y": y})
        one = Decision(
            seq=seq, kind="suggest", point=point, reason=Reason(code="c", sentence="s."), exposure_s=0.5
        )
        history = history.plus(one)
        if prepare_s is not None:
            history = history.plus(Duration(seq=seq, kind="prepare", seconds=prepare_s))
        load_s = round(max(takes(here, point.numbers), 0.0), 6)
        history = history.plus(Duration(seq=seq, kind="load", seconds=load_s))
        history = history.plus(exposure_of(FakeInstrument().actions(one)[1], one))
        history = history.plus(Duration(seq=seq, kind="expose", seconds=0.5 + readout_s))
        history = history.plus(Observation(seq=seq, is_accepted=True))
        here = point.numbers
    return history


def places(n: int, seed: int = 1) -> list[Place]:
    rng = np.random.default_rng(seed)
    return [(float(x), float(y)) for x, y in zip(rng.uniform(-2, 2, n), rng.uniform(0, 1, n), strict=True)]


def said(start: dict[str, float], end: dict[str, float]) -> float:
    return journey_s(MOTIONS, start, end)


def seconds(times: Times, at: Place, exposure_s: float = 0.5) -> float:
    encoding = Encoding(SPACE)
    columns = encoding.encode([Point(coordinates={"x": at[0], "y": at[1]})])
    return float(times.cost(encoding, exposure_s, columns).seconds(columns)[0])


def test_before_anything_was_done_the_campaign_file_and_the_motors_are_believed():
    times = expected_times(problem(motions=MOTIONS, overhead_s=90.0), History())
    assert (times.prepare_s, times.load_s, times.readout_s, times.here) == (0.0, 90.0, 0.0, {})
    assert seconds(times, (1.0, 0.5)) == 90.5


def test_motors_that_keep_their_word_cost_their_journey_and_the_overhead_is_forgotten():
    history = night(places(20), said)
    times = expected_times(problem(motions=MOTIONS, overhead_s=90.0), history)
    assert times.motions == MOTIONS
    assert (times.load_s, times.readout_s) == (0.0, 0.0)
    last = history.decisions[-1].point
    assert last is not None
    assert seconds(times, (1.0, 0.5)) == pytest.approx(0.5 + said(last.numbers, {"x": 1.0, "y": 0.5}))


@settings(max_examples=25)
@given(st.floats(0.5, 4.0), st.floats(0.0, 30.0), st.integers(0, 10**6))
def test_motors_that_are_slower_than_they_say_are_put_right(factor, extra_s, seed):
    rng = np.random.default_rng(seed)
    history = night(places(40, seed), lambda a, b: factor * said(a, b) + extra_s + rng.normal(0, 0.01))
    times = expected_times(problem(motions=MOTIONS), history)
    last = history.decisions[-1].point
    assert last is not None
    expected = 0.5 + extra_s + factor * said(last.numbers, {"x": -1.5, "y": 0.9})
    assert seconds(times, (-1.5, 0.9)) == pytest.approx(expected, rel=0.02, abs=0.05)


@settings(max_examples=25)
@given(st.floats(0.3, 3.0), st.floats(0.05, 0.5), st.floats(0.0, 5.0), st.integers(0, 10**6))
@example(2.0, 0.5, 0.0, 818)
@example(2.0, 0.5, 0.0, 940958)
def test_speeds_that_nobody_stated_are_learned_from_the_loads(speed_x, speed_y, extra_s, seed):
    def takes(start, end):
        return extra_s + max(abs(end["x"] - start["x"]) / speed_x, abs(end["y"] - start["y"]) / speed_y)

    history = night(places(60, seed), takes)
    times = expected_times(problem(), history)
    last = history.decisions[-1].point
    assert last is not None
    for at in ((-1.5, 0.9), (1.9, 0.1)):
        expected = 0.5 + takes(last.numbers, {"x": at[0], "y": at[1]})
        assert seconds(times, at) == pytest.approx(expected, rel=0.1, abs=0.2)


@pytest.mark.parametrize("n", [3, 60])
def test_loads_that_do_not_depend_on_the_distance_make_no_point_dearer_than_another(n):
    rng = np.random.default_rng(7)
    times = expected_times(problem(), night(places(n), lambda a, b: 12.0 + rng.normal(0, 0.5)))
    assert dict(times.motions) == {}
    assert times.load_s == pytest.approx(12.0, abs=0.6)


def test_mixing_and_readout_are_what_they_typically_took():
    times = expected_times(problem(), night(places(5), lambda a, b: 1.0, readout_s=0.25, prepare_s=40.0))
    assert (times.prepare_s, times.load_s, times.readout_s) == (40.0, 1.0, 0.25)


def test_an_hour_that_somebody_paused_teaches_nothing():
    pauses = iter([False] * 10 + [True] + [False] * 29)
    history = night(places(40), lambda a, b: said(a, b) + (3600.0 if next(pauses) else 0.0))
    times = expected_times(problem(motions=MOTIONS), history)
    assert times.motions == MOTIONS
    assert times.load_s == 0.0


def test_a_load_of_which_only_the_exposure_is_still_under_way_is_not_looked_at():
    history = night(places(6), said)
    before = expected_times(problem(), history)
    pending = history.decisions[0].model_copy(update={"seq": 7})
    history = history.plus(pending).plus(Duration(seq=7, kind="load", seconds=500.0))
    after = expected_times(problem(), history)
    assert (after.load_s, after.readout_s) == (before.load_s, before.readout_s)
    assert after.here == pending.point.numbers
    later = expected_times(problem(), history.plus(Failure(seq=7, code="c", sentence="s.")))
    assert later.load_s >= before.load_s


def test_a_blank_beyond_the_rails_is_where_the_stage_stands():
    history = night([(0.0, 0.0)], said)
    point = Point(coordinates={"x": -2.4, "y": 1.7})
    blank = Decision(seq=2, kind="blank", point=point, reason=Reason(code="c", sentence="s."))
    times = expected_times(problem(motions=MOTIONS), history.plus(blank))
    assert seconds(times, (-2.0, 1.0)) == pytest.approx(0.5 + said(point.numbers, {"x": -2.0, "y": 1.0}))


def test_without_hours_the_measurements_are_what_runs_out_and_journeys_hardly_count():
    history = night(places(10), said)
    assert seconds_power(problem(n_planned=20), history) == TIME_TO_SPARE
    assert seconds_power(problem(), history) == AS_MUCH_AS_IS_NEAR


@given(n_left=st.integers(1, 40), spare=st.floats(0.2, 5.0))
def test_hours_are_scarce_when_what_is_left_of_them_does_not_hold_the_measurements_left(n_left, spare):
    history = night(places(10), said)
    taken_s = sum(duration.seconds for duration in history.durations)
    hours = (taken_s + spare * n_left * taken_s / 10) / 3600.0
    is_scarce = is_time_scarce(problem(n_planned=10 + n_left, hours_planned=hours), history)
    assert is_scarce == (spare < 1.0) or abs(spare - 1.0) < 1e-6


def test_a_slow_stage_does_not_keep_a_map_of_few_places_in_one_corner():
    """A step along one side draws the places; without hours to save they still go all over."""
    slow = dict.fromkeys("xy", Motion(velocity=0.02, acceleration=5.0, settle_s=0.1))
    unit = SearchSpace(axes=(Axis(name="x", low=0.0, high=1.0), Axis(name="y", low=0.0, high=1.0)))
    asked = problem(
        space=unit,
        objective=as_objective(feature="height", goal="map", edges=2.0),
        motions=slow,
        n_planned=20,
    )
    strategy, history, here = bayes.build(bayes.Options(initial=4), asked), History(), {"x": 0.0, "y": 0.0}
    for seq in range(1, 21):
        decision = strategy.propose(history)
        assert decision.point is not None
        x, y = decision.point["x"], decision.point["y"]
        height = float(np.tanh(20.0 * (0.25 - x)) + y)
        history = history.plus(decision)
        load_s = journey_s(slow, here, decision.point.numbers)
        history = history.plus(Duration(seq=seq, kind="load", seconds=round(load_s, 6)))
        history = history.plus(exposure_of(FakeInstrument().actions(decision)[1], decision))
        feature = Feature(name="height", value=height, sigma=0.02, unit="1")
        history = history.plus(Observation(seq=seq, is_accepted=True, features=(feature,)))
        here = decision.point.numbers
    later = [d.point for d in history.decisions[4:] if d.point is not None]
    quarters = [(p["x"] > 0.5, p["y"] > 0.5) for p in later]
    assert max(quarters.count(one) for one in set(quarters)) <= 7, quarters
    assert len(set(quarters)) == 4
