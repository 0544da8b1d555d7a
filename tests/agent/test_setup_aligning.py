"""A sample that the beam misses is found again, and so is a beam that has become weak: by looks on record."""

import math
from dataclasses import dataclass, field

import pytest

from agent.setup.readjusting import WithSetup
from agent.stopping import n_failures_in_a_row
from agent.strategy.problem import Problem
from models.domain.action import Exposure
from models.domain.decision import Decision, Reason
from models.domain.history import Failure, History, Observation
from models.domain.objective import as_objective
from models.domain.scattering import Feature, Verdict
from models.domain.setup import Setup, SetupSpec, Sweep
from models.domain.space import Axis, Point, SearchSpace

TASK = Problem(
    space=SearchSpace(axes=(Axis(name="x", low=0.0, high=1.0),)), objective=as_objective(feature="peak_d"),
    units={"peak_d": "nm"}, exposure_s=1.0, seed=1, is_made=True,
)  # fmt: skip
CENTRING = Sweep(low=-2.0, high=2.0, step=0.5)
STEERING = Sweep(low=-0.2, high=0.2, step=0.03)
T_SAMPLE = 0.75


class OneByOne:
    """A strategy that asks for one sample after the other."""

    def propose(self, history: History) -> Decision:
        point = Point(coordinates={"x": (history.n_measured * 0.37) % 1.0})
        return TASK.measure(history, "suggest", point, Reason(code="next", sentence="Next."))


@dataclass
class Hall:
    """A cell of 1.6 mm and a mirror, both of which may be out of line from a decision on."""

    cell_mm: float = 0.0
    mirror: float = 0.0
    since: int = 3
    bubbles: bool = False
    fails: set[int] = field(default_factory=set)

    def answer(self, history: History, decision: Decision) -> History:
        history, setup = history.plus(decision), decision.setup or Setup()
        if decision.seq in self.fails:
            return history.plus(Failure(seq=decision.seq, code="BeamlineFault", sentence="It broke."))
        assert decision.point is not None
        is_moved = decision.seq >= self.since
        missed_mm = setup.offset_mm + self.cell_mm * is_moved
        is_hit = abs(missed_mm) < 0.8 and not (self.bubbles and is_moved)
        error = (setup.steering or 0.0) + self.mirror * is_moved
        transmission = T_SAMPLE if is_hit else 1.0
        history = history.plus(
            Exposure(
                seq=decision.seq, action_id=f"a{decision.seq}", run_uid="u", point=decision.point, assets=(),
                exposure_s=decision.exposure_s, transmission=transmission,
                monitor=1e6 * decision.exposure_s * math.exp(-0.5 * (error / 0.05) ** 2),
            )
        )  # fmt: skip
        verdict = Verdict(
            check="bubble", is_ok=is_hit, value=transmission, limit=T_SAMPLE + 0.01, unit="1", remedy="Push."
        )
        feature = Feature(name="peak_d", value=10.0, sigma=0.1, unit="nm")
        return history.plus(
            Observation(
                seq=decision.seq,
                is_accepted=is_hit,
                features=(feature,) if is_hit else (),
                verdicts=(verdict,),
            )
        )


def night(hall: Hall, spec: SetupSpec, n: int) -> History:
    strategy, history = WithSetup(OneByOne(), spec, TASK), History()
    for _ in range(n):
        history = hall.answer(history, strategy.propose(history))
    return history


def codes(history: History) -> list[str]:
    return [decision.reason.code for decision in history.decisions]


def test_a_sample_that_slipped_out_of_the_beam_is_looked_for_and_measured_in_its_middle():
    history = night(Hall(cell_mm=1.1), SetupSpec(centring=CENTRING), 12)
    said = codes(history)
    assert said[:3] == ["next"] * 3
    found = said.index("centre")
    assert set(said[3:found]) == {"look"}
    assert history.decisions[found].setup.offset_mm == pytest.approx(-1.1, abs=0.25)
    assert history.observation(found + 1).is_accepted
    assert (
        "the beam may miss the sample; a look at it shifted by 0.5 mm" in history.decisions[3].reason.sentence
    )


def test_looks_are_short_belong_to_their_sample_and_teach_nothing():
    history = night(Hall(cell_mm=1.1), SetupSpec(centring=CENTRING), 12)
    looks = [decision for decision in history.decisions if decision.is_look]
    assert {(one.kind, one.repeats, one.exposure_s, one.point.sample) for one in looks} == {
        ("setup", 3, 0.1, "S3")
    }
    assert any(history.observation(one.seq).is_accepted for one in looks)
    learned = {observation.seq for _, observation in history.accepted()}
    assert not learned & {one.seq for one in looks}


def test_what_a_look_saw_does_not_stand_for_its_sample():
    history = night(Hall(cell_mm=0.9), SetupSpec(centring=CENTRING, spot_dose_s=1.25), 8)
    looks = history.readjustments(3)
    assert [one.is_look for one in looks] == [True, True]
    assert history.observation(looks[-1].seq).is_accepted
    assert 3 not in [decision.seq for decision, _ in history.accepted()]


def test_looks_that_find_nothing_are_no_failures():
    history = night(Hall(bubbles=True), SetupSpec(centring=CENTRING), 11)
    assert sum(one.is_look for one in history.decisions) == 8
    assert n_failures_in_a_row(history) == 1


def test_every_later_decision_keeps_the_place_that_was_found():
    history = night(Hall(cell_mm=1.1), SetupSpec(centring=CENTRING), 14)
    found = codes(history).index("centre")
    middle_mm = history.decisions[found].setup.offset_mm
    later = history.decisions[found + 1 :]
    assert later
    assert {one.setup.offset_mm for one in later} == {middle_mm}
    assert {one.reason.code for one in later} == {"next"}


def test_a_sample_with_bubbles_everywhere_is_looked_for_once_and_left():
    history = night(Hall(bubbles=True), SetupSpec(centring=CENTRING), 14)
    said = codes(history)
    assert said[3:11] == ["look"] * 8
    assert said[11] == "next"
    assert {decision.setup.offset_mm for decision in history.decisions if not decision.is_look} == {0.0}


def test_a_second_spot_that_transmits_too_much_means_a_missed_sample_and_no_bubble():
    history = night(Hall(cell_mm=1.1), SetupSpec(centring=CENTRING, spots=4), 8)
    assert codes(history)[3:6] == ["fresh_spot", "look", "look"]


def test_a_look_whose_device_failed_is_passed_over():
    history = night(Hall(cell_mm=1.1, fails={6}), SetupSpec(centring=CENTRING), 12)
    assert "centre" in codes(history)


def test_a_weak_beam_is_steered_to_where_it_is_strongest():
    history = night(Hall(mirror=0.06), SetupSpec(steering=STEERING), 12)
    said = codes(history)
    found = said.index("steer")
    assert set(said[3:found]) == {"look"}
    decision = history.decisions[found]
    assert decision.setup.steering == pytest.approx(-0.06, abs=1e-6)
    assert "The beam has 0.49 of the rate that it had" in decision.reason.sentence
    assert history.exposure(found + 1).monitor == pytest.approx(1e6 * decision.exposure_s, rel=1e-6)
    assert {one.setup.steering for one in history.decisions[found:]} == {decision.setup.steering}


def test_a_beam_that_is_weak_for_another_reason_is_looked_for_once_in_a_night():
    class Sagging(Hall):
        def answer(self, history: History, decision: Decision) -> History:
            history = super().answer(history, decision)
            if decision.seq < self.since:
                return history
            *before, last = history.exposures
            weak = last.model_copy(update={"monitor": 0.6 * (last.monitor or 0.0)})
            return history.model_copy(update={"exposures": (*before, weak)})

    history = night(Sagging(), SetupSpec(steering=STEERING), 12)
    assert codes(history)[3:] == ["look", "look", *["next"] * 7]


def test_a_beam_that_is_gone_is_not_looked_for():
    assert "look" not in codes(night(Hall(mirror=0.5), SetupSpec(steering=STEERING), 8))


def test_looks_count_against_the_dose_of_their_spot_and_end_with_it():
    spec = SetupSpec(centring=CENTRING, spot_dose_s=1.25)
    history = night(Hall(cell_mm=1.9), spec, 8)
    looks = [decision for decision in history.decisions if decision.is_look and decision.repeats == 3]
    assert len(looks) == 2
    assert codes(history)[5] == "next"
