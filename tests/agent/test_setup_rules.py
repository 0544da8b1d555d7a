"""Loop C: what was seen of a sample decides how it is measured again, within its dose."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from agent.setup.case import sample_of
from agent.setup.readjusting import WithSetup
from agent.strategy.problem import Problem
from agent.strategy.upkeep import WithBlanks
from models.domain.action import Exposure
from models.domain.campaign import BlankSpec
from models.domain.decision import EXPOSING_KINDS, Decision, Reason
from models.domain.history import Failure, History, Observation
from models.domain.objective import as_objective
from models.domain.scattering import Feature, Verdict
from models.domain.setup import Setup, SetupSpec
from models.domain.space import Axis, Point, SearchSpace

SPACE = SearchSpace(axes=(Axis(name="x", low=0.0, high=1.0),))
PLACES = {"near": (0.2, 5.0), "far": (0.02, 0.5)}


def problem(**changes: object) -> Problem:
    return Problem(
        space=SPACE, objective=as_objective(feature="peak_d"), units={"peak_d": "nm"}, exposure_s=1.0, seed=1,
        is_made=True, **changes,
    )  # fmt: skip


class OneByOne:
    """A strategy that asks for one sample after the other."""

    def __init__(self, task: Problem) -> None:
        self.task = task

    def propose(self, history: History) -> Decision:
        point = Point(coordinates={"x": (history.n_measured * 0.37) % 1.0})
        return self.task.measure(history, "suggest", point, Reason(code="next", sentence="Next."))


@dataclass
class Nature:
    """Answers decisions: a peak of 10 nm whose noise falls with what was counted."""

    one_second: float = 1.0
    bias: float = 0.0
    hot_hz: float = 0.0
    judge: Callable[[Decision, float], tuple[Verdict, ...]] = lambda decision, dose_s: ()
    lacks: Callable[[Decision], bool] = lambda decision: False
    fails: Callable[[Decision], bool] = lambda decision: False
    dose: dict[tuple[str, int], float] = field(default_factory=dict)

    def answer(self, task: Problem, history: History, decision: Decision) -> History:
        history = history.plus(decision)
        setup = decision.setup or Setup()
        spot = (sample_of(task, decision), setup.spot)
        self.dose[spot] = self.dose.get(spot, 0.0) + decision.exposure_s * setup.attenuation
        if self.fails(decision):
            return history.plus(Failure(seq=decision.seq, code="BeamlineFault", sentence="It broke."))
        assert decision.point is not None
        history = history.plus(
            Exposure(
                seq=decision.seq, action_id=f"a{decision.seq}", run_uid="u", point=decision.point, assets=(),
                exposure_s=decision.exposure_s, attenuation=setup.attenuation,
            )
        )  # fmt: skip
        counted = (decision.seq, *setup.adds_to)
        seconds = sum(e.exposure_s * e.attenuation for seq in counted if (e := history.exposure(seq)))
        verdicts = (
            saturation(self.hot_hz * decision.exposure_s * setup.attenuation),
            *self.judge(decision, self.dose[spot]),
        )
        is_accepted = all(v.is_ok for v in verdicts)
        sigma = float(np.hypot(self.one_second / np.sqrt(seconds), self.bias))
        feature = Feature(name="peak_d", value=10.0, sigma=sigma, unit="nm")
        has_it = is_accepted and not self.lacks(decision)
        return history.plus(
            Observation(
                seq=decision.seq, is_accepted=is_accepted, features=(feature,) if has_it else (),
                verdicts=verdicts,
            )
        )  # fmt: skip


def saturation(counts: float) -> Verdict:
    return Verdict(
        check="saturation", is_ok=counts < 1000.0, value=counts, limit=1000.0, unit="counts",
        remedy="Attenuate.",
    )  # fmt: skip


def bad(check: str, value: float = 2.0, limit: float = 1.0) -> Verdict:
    return Verdict(check=check, is_ok=False, value=value, limit=limit, unit="1", remedy="Look.")


def night(
    nature: Nature, spec: SetupSpec, n: int = 12, task: Problem | None = None, blank: BlankSpec | None = None
) -> History:
    task = task or problem()
    strategy, history = WithSetup(OneByOne(task), spec, task, blank), History()
    for _ in range(n):
        history = nature.answer(task, history, strategy.propose(history))
    return history


def codes(history: History) -> list[str]:
    return [decision.reason.code for decision in history.decisions]


def test_a_sample_is_counted_until_its_feature_is_known_as_well_as_asked():
    history = night(Nature(one_second=0.5), SetupSpec(sigma=0.1), n=4)
    assert codes(history) == ["next", "extend", "next", "extend"]
    longer = history.decisions[1]
    assert (longer.kind, longer.repeats, longer.point.sample) == ("setup", 1, "S1")
    assert longer.exposure_s == pytest.approx(1.02 * 25.0 - 1.0)
    assert longer.setup.adds_to == (1,)
    assert "± 0.5 nm (± 0.1 nm is asked for): 24.5 s more are counted" in longer.reason.sentence


def test_what_was_read_in_the_end_is_what_a_model_learns():
    history = night(Nature(one_second=0.5), SetupSpec(sigma=0.1), n=4)
    learned = [(decision.seq, observation.seq) for decision, observation in history.accepted()]
    assert learned == [(1, 2), (3, 4)]
    assert history.n_measured == 2
    assert history.exposed_s(2) == pytest.approx(25.5)


def test_a_bright_sample_is_not_measured_again():
    assert codes(night(Nature(one_second=0.05), SetupSpec(sigma=0.1), n=3)) == ["next"] * 3


def test_a_saturated_frame_is_taken_again_through_the_weakest_attenuator_that_does():
    spec = SetupSpec(attenuations=(1.0, 0.3, 0.1, 0.01))
    history = night(Nature(hot_hz=5000.0), spec, n=3)
    assert codes(history) == ["next", "attenuate", "next"]
    assert history.decisions[1].setup == Setup(attenuation=0.1)
    assert history.decisions[2].setup == Setup()
    assert (
        "Saturation 5e+03 counts against 1e+03 counts: 0.1 of the beam"
        in history.decisions[1].reason.sentence
    )


def test_without_an_attenuator_it_is_exposed_for_less_long_and_counted_in_several():
    history = night(Nature(hot_hz=5000.0, one_second=0.2), SetupSpec(sigma=0.3), n=6)
    assert codes(history)[:3] == ["next", "shorten", "extend"]
    first, second = history.decisions[1:3]
    assert first.exposure_s == pytest.approx(0.18)
    assert second.exposure_s <= 0.2
    assert second.setup.adds_to == (2,)


def test_a_damaged_spot_is_left_for_a_fresh_one_and_less_is_asked_of_it():
    def judge(decision: Decision, dose_s: float) -> tuple[Verdict, ...]:
        return (bad("radiation_damage"),) if dose_s > 3.0 else ()

    history = night(Nature(one_second=0.5, judge=judge), SetupSpec(sigma=0.1, spots=3), n=4)
    assert codes(history)[:3] == ["next", "extend", "fresh_spot"]
    fresh = history.decisions[2]
    assert fresh.setup.spot == 1
    assert fresh.setup.adds_to == (1,)
    assert fresh.exposure_s <= 13.0


@pytest.mark.parametrize("check", ["bubble", "precipitate"])
def test_a_bubble_is_avoided_by_another_spot(check):
    def judge(decision: Decision, dose_s: float) -> tuple[Verdict, ...]:
        return (bad(check),) if (decision.setup or Setup()).spot == 0 else ()

    history = night(Nature(judge=judge), SetupSpec(spots=2), n=2)
    assert codes(history) == ["next", "fresh_spot"]
    assert history.observation(2).is_accepted


def test_a_blank_that_does_not_fit_any_more_is_taken_anew_and_then_the_sample():
    def judge(decision: Decision, dose_s: float) -> tuple[Verdict, ...]:
        return (bad("flux"),) if decision.seq == 1 else ()

    history = night(Nature(judge=judge), SetupSpec(), n=4, blank=BlankSpec(point={"x": 0.0}))
    assert [decision.kind for decision in history.decisions] == ["suggest", "blank", "setup", "suggest"]
    assert codes(history)[1:3] == ["fresh_blank", "fresh_blank"]


def test_a_blank_that_was_due_does_not_bring_back_a_sample_that_is_known():
    task, blank = problem(), BlankSpec(point={"x": 0.0}, every=1)
    for nature in (Nature(one_second=0.05), Nature(one_second=0.01, bias=0.5)):
        strategy = WithSetup(WithBlanks(OneByOne(task), blank, task), SetupSpec(sigma=0.1), task, blank)
        history = History()
        for _ in range(8):
            history = nature.answer(task, history, strategy.propose(history))
        kinds = [decision.kind for decision in history.decisions]
        assert "suggest" in kinds[2:]
        due = [d.seq for d in history.decisions if d.kind == "blank" and d.reason.code == "blank_due"]
        assert all(kinds[seq] == "suggest" for seq in due if seq < len(kinds))


def test_where_a_feature_is_out_of_reach_the_detector_is_moved_and_a_blank_taken_there():
    def lacks(decision: Decision) -> bool:
        return (decision.setup or Setup()).configuration != "far"

    task = problem(configurations=PLACES)
    nature, spec = Nature(lacks=lacks), SetupSpec(sigma=2.0)
    history = night(nature, spec, n=6, task=task, blank=BlankSpec(point={"x": 0.0}))
    kinds = [(decision.kind, decision.setup.configuration) for decision in history.decisions]
    assert kinds == [
        ("suggest", "near"), ("blank", "near"), ("setup", "near"), ("blank", "far"), ("setup", "far"),
        ("suggest", "near"),
    ]  # fmt: skip
    assert history.decisions[4].setup.adds_to == ()
    assert history.settled(history.decisions[0]).feature("peak_d") is not None


def test_patience_with_one_sample_ends():
    history = night(Nature(one_second=1e3), SetupSpec(sigma=1e-3, attempts=3, longest_s=5.0), n=6)
    assert codes(history) == ["next", "extend", "extend", "extend", "next", "extend"]


def test_when_no_spot_can_take_an_exposure_any_more_the_night_ends_and_says_so():
    task = problem().model_copy(update={"is_made": False})
    always = OneByOne(task)
    always.propose = lambda history: task.measure(  # type: ignore[method-assign]
        history, "suggest", Point(coordinates={"x": 0.5}), Reason(code="next", sentence="Next.")
    )
    strategy, history, nature = (
        WithSetup(always, SetupSpec(spot_dose_s=2.0, spots=2), task),
        History(),
        Nature(),
    )
    for _ in range(4):
        history = nature.answer(task, history, strategy.propose(history))
    assert [decision.setup.spot for decision in history.decisions] == [0, 0, 1, 1]
    last = strategy.propose(history)
    assert (last.kind, last.reason.code) == ("stop", "dose")
    assert "can take 1 s more (limit 2 s of the full beam a spot)" in last.reason.sentence


def test_a_limit_of_dose_below_one_exposure_is_refused_by_the_set_up_of_attenuations():
    with pytest.raises(ValidationError, match="do not fall from 1"):
        SetupSpec(attenuations=(0.1, 1.0))
    with pytest.raises(ValidationError, match="both given"):
        SetupSpec(sigma=1.0, relative_sigma=0.1)


CHECKS = ("saturation", "radiation_damage", "bubble", "flux", "counts", "beam")


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), limit_s=st.floats(1.0, 20.0), spots=st.integers(1, 3))
def test_in_no_story_a_spot_takes_more_than_its_dose(seed, limit_s, spots):
    rng = np.random.default_rng(seed)

    def judge(decision: Decision, dose_s: float) -> tuple[Verdict, ...]:
        return (bad(str(rng.choice(CHECKS))),) if rng.random() < 0.4 else ()

    nature = Nature(
        one_second=float(10 ** rng.uniform(-2, 2)), hot_hz=float(10 ** rng.uniform(0, 4)), judge=judge,
        lacks=lambda _: bool(rng.random() < 0.2), fails=lambda _: bool(rng.random() < 0.1),
    )  # fmt: skip
    spec = SetupSpec(
        sigma=0.1, spot_dose_s=limit_s, spots=spots, attenuations=(1.0, 0.1), longest_s=8.0, attempts=6
    )
    history = night(nature, spec, n=25, blank=BlankSpec(point={"x": 0.0}))
    samples = {k: dose for k, dose in nature.dose.items() if not _is_blank(history, k[0])}
    assert max(samples.values()) <= limit_s * (1 + 1e-9)
    assert all(d.exposure_s >= 1e-3 for d in history.decisions if d.kind in EXPOSING_KINDS)


def _is_blank(history: History, sample: str) -> bool:
    return any(sample == f"S{d.seq}" for d in history.decisions if d.kind == "blank")


def test_what_is_proposed_is_a_function_of_the_history_alone():
    spec, task = SetupSpec(sigma=0.1, spots=2, spot_dose_s=10.0), problem()
    history = night(Nature(one_second=0.7), spec, n=9)
    for seq in range(1, 10):
        known = History(
            decisions=history.decisions[: seq - 1],
            exposures=tuple(e for e in history.exposures if e.seq < seq),
            observations=tuple(o for o in history.observations if o.seq < seq),
        )
        assert WithSetup(OneByOne(task), spec, task).propose(known) == history.decisions[seq - 1]


def test_with_a_second_place_of_the_detector_one_blank_is_enough_for_the_first():
    task = problem(configurations=PLACES)
    blank = BlankSpec(point={"x": 0.0}, every=12)
    where = next(iter(PLACES))
    strategy = WithSetup(WithBlanks(OneByOne(task), blank, task, where), SetupSpec(), task, blank)
    nature, history = Nature(), History()
    for _ in range(5):
        history = nature.answer(task, history, strategy.propose(history))
    assert [decision.kind for decision in history.decisions] == ["blank", *["suggest"] * 4]


def test_the_next_decision_says_why_a_sample_was_left():
    history = night(Nature(one_second=5.0), SetupSpec(sigma=0.1, spot_dose_s=4.0), n=3)
    assert codes(history) == ["next", "extend", "next"]
    said = "S1 is left: its spots can take no more (limit 4 s of the full beam each)."
    assert history.decisions[-1].reason.sentence == f"Next. {said}"
    history = night(Nature(one_second=5.0), SetupSpec(sigma=0.1, attempts=1), n=3)
    assert "S1 is left: it was readjusted as often as it may be (1)." in history.decisions[-1].reason.sentence
    history = night(Nature(lacks=lambda decision: True), SetupSpec(sigma=0.1), n=6)
    assert "S1 is left: there is no peak_d after 124 s." in history.decisions[-1].reason.sentence
    assert all("left" not in d.reason.sentence for d in night(Nature(0.05), SetupSpec(sigma=0.1)).decisions)


def test_no_exposure_is_shorter_than_the_shutter_can_make_it():
    history = night(Nature(one_second=0.101), SetupSpec(sigma=0.1), n=2)
    assert history.decisions[1].exposure_s < 0.15
    history = night(Nature(one_second=0.101), SetupSpec(sigma=0.1, shortest_s=0.5), n=2)
    assert history.decisions[1].exposure_s == 0.5
