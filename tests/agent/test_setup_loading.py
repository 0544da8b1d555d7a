"""Loads in loop C: a bubble is rinsed out, a dirty cell washed, a sample that cannot be mended left."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.debits import with_debits
from agent.setup.case import LoadTerms
from agent.setup.loading import leaves
from agent.setup.readjusting import WithSetup
from agent.stopping import n_failures_in_a_row
from agent.strategy.problem import Problem
from agent.strategy.upkeep import WithBlanks, WithRepeats
from models.domain.action import Action, ActionReport, Exposure
from models.domain.campaign import BlankSpec
from models.domain.decision import Decision, Reason
from models.domain.history import Failure, History, Observation
from models.domain.load_limits import LoadLimits
from models.domain.objective import as_objective
from models.domain.records import Ended, Observed
from models.domain.scattering import Verdict
from models.domain.setup import Setup
from models.domain.space import Axis, Point, SearchSpace
from models.domain.wording import outcome_text
from models.saxs.judged_loads import JudgesLoads

TASK = Problem(
    space=SearchSpace(axes=(Axis(name="x", low=0.0, high=1.0),)),
    objective=as_objective(feature="peak_d"), units={"peak_d": "nm"}, exposure_s=1.0, seed=1, is_made=True,
)  # fmt: skip
BLANK = BlankSpec(point={"x": 0.0}, every=50)
CLEAN, WATER, AIR = 1.0, 0.75, 0.9


class OneByOne:
    """A strategy that asks for one sample after the other."""

    def propose(self, history: History) -> Decision:
        point = Point(coordinates={"x": (history.n_measured * 0.37) % 1.0})
        return TASK.measure(history, "suggest", point, Reason(code="next", sentence="Next."))


@dataclass
class Cell:
    """What is measured around each load, by decision: nothing wrong unless it is said."""

    loaded: Callable[[Decision], float] = lambda decision: WATER
    empty: Callable[[Decision], float] = lambda decision: CLEAN
    clogs: Callable[[Decision], bool] = lambda decision: False
    carries_over: Callable[[Decision], bool] = lambda decision: False

    def answer(self, history: History, decision: Decision) -> History:
        history = history.plus(decision)
        if self.clogs(decision):
            return history.plus(Failure(seq=decision.seq, code="LoadFailed", sentence="A clog."))
        assert decision.point is not None
        exposure = Exposure(
            seq=decision.seq, action_id=f"a{decision.seq}", run_uid="u", point=decision.point, assets=(),
            exposure_s=decision.exposure_s, transmission=self.loaded(decision), transmission_sigma=0.001,
            empty_transmission=self.empty(decision), empty_transmission_sigma=0.001,
        )  # fmt: skip
        blanks = [one.seq for one in history.decisions if one.kind == "blank"]
        good = [seq for seq in blanks if (seen := history.observation(seq)) and seen.is_accepted]
        blank = history.exposure(good[-1]) if good and decision.kind != "blank" else None
        observed = JudgesLoads(self._read, LoadLimits())(exposure, blank, history)
        return history.plus(exposure).plus(observed.observation)

    def _read(self, exposure: Exposure, blank: Exposure | None, history: History) -> Observed:
        bad = Verdict(check="carry_over", is_ok=False, value=0.2, limit=0.05, unit="1", remedy="Wash.")
        verdicts = (bad,) if self.carries_over(history.decision(exposure.seq)) else ()
        seen = Observation(
            seq=exposure.seq, is_accepted=not verdicts, verdicts=verdicts,
            blank_seq=None if blank is None else blank.seq,
        )  # fmt: skip
        return Observed(observation=seen)


def strategy(every: int | str = 50, attempts: int = 1) -> WithSetup:
    blank = BlankSpec(point={"x": 0.0}, every=every)
    terms = LoadTerms(LoadLimits())
    inner = WithBlanks(WithRepeats(OneByOne(), attempts, TASK, leaves(TASK, None, terms)), blank, TASK)
    return WithSetup(inner, None, TASK, blank, terms)


def night(cell: Cell, n: int = 10, **how: int | str) -> History:
    chosen, history = strategy(**how), History()
    for _ in range(n):
        history = cell.answer(history, chosen.propose(history))
    return history


def told(history: History) -> list[tuple[str, str]]:
    return [(one.kind, one.reason.code) for one in history.decisions]


def test_a_bubble_is_rinsed_out_and_the_same_sample_loaded_again():
    history = night(Cell(loaded=lambda one: AIR if one.seq == 3 else WATER), n=5)
    rinse = history.decision(4)
    assert (rinse.kind, rinse.repeats, rinse.point.sample, rinse.setup.rinses) == ("setup", 3, "S3", 1)
    assert "20.00% more than the blank, limit +2.00%: there is air in it: rinse" in rinse.reason.sentence
    assert not history.observation(3).is_accepted
    assert history.settled(history.decision(3)).is_accepted
    assert history.decision(5).kind == "suggest"


def test_what_nothing_mends_is_rinsed_made_again_and_left_with_the_reason():
    history = night(Cell(loaded=lambda one: AIR if 3 <= one.seq <= 8 else WATER), n=9, attempts=3)
    assert told(history)[2:9] == [
        ("suggest", "next"), ("setup", "rinse"), ("setup", "rinse"), ("repeat", "re-dispense"),
        ("setup", "rinse"), ("setup", "rinse"), ("suggest", "next"),
    ]  # fmt: skip
    assert n_failures_in_a_row(history.model_copy(update={"decisions": history.decisions[:8]})) == 2
    said = history.decision(9).reason.sentence
    assert said.startswith("Next. S6 is left: the sample transmits 20.00% more than the blank"), said
    assert said.endswith("go on without this sample, and look at the cell."), said


def test_a_clogged_sample_is_loaded_again_and_not_made_again():
    history = night(Cell(clogs=lambda one: 3 <= one.seq <= 4), n=6, attempts=2)
    assert told(history)[2:6] == [
        ("suggest", "next"), ("setup", "rinse"), ("setup", "rinse"), ("suggest", "next"),
    ]  # fmt: skip
    assert "A clog: rinse the cell and load again." in history.decision(4).reason.sentence


def test_a_dirty_cell_is_washed_and_where_that_does_not_help_a_fresh_blank_goes_with_the_sample():
    def dirty(one: Decision) -> float:
        return 0.94 * CLEAN if one.seq >= 3 else CLEAN

    cell = Cell(empty=dirty, loaded=lambda one: WATER * dirty(one))
    history = night(cell, n=9, every="drift")
    assert told(history)[2:8] == [
        ("suggest", "next"), ("setup", "rinse"), ("setup", "rinse"), ("blank", "fresh_blank"),
        ("setup", "fresh_blank"), ("suggest", "next"),
    ]  # fmt: skip
    assert history.settled(history.decision(3)).is_accepted
    assert history.observation(9).is_accepted  # the blank in the dirty cell is what it is held against now
    assert [kind for kind, _ in told(history)].count("blank") == 2


@pytest.mark.parametrize(("every", "n_blanks"), [("each", 5), (2, 4), ("drift", 1)])
def test_blanks_are_taken_as_often_as_the_policy_says(every, n_blanks):
    kinds = [kind for kind, _ in told(night(Cell(), n=10, every=every))]
    assert kinds.count("blank") == n_blanks


def test_a_blank_that_carries_something_over_is_taken_again_in_a_rinsed_cell():
    history = night(Cell(carries_over=lambda one: one.seq == 1), n=3)
    again = history.decision(2)
    assert (again.kind, again.setup.rinses) == ("blank", 1)
    assert "20.00% more than before, limit 5.00%: rinse the cell" in again.reason.sentence
    assert history.decision(3).kind == "suggest"


def test_an_impossible_number_is_looked_at_again_before_anything_is_rinsed():
    cell = Cell(loaded=lambda one: 1.4 if one.seq == 3 else WATER)
    history = night(cell, n=6)
    look, again = history.decision(4), history.decision(5)
    assert look.setup.text() == "the full beam, spot 0, a look at the load"
    assert outcome_text(history, look, TASK.objective) == "a look: transmits 0.75"
    assert (again.kind, again.reason.code, again.setup.rinses) == ("setup", "fine", 0)
    assert history.decision(6).kind == "suggest"


@given(
    st.lists(
        st.tuples(st.sampled_from([WATER, AIR, 0.3, 1.3]), st.sampled_from([CLEAN, 0.9]), st.booleans()),
        min_size=30, max_size=30,
    )
)  # fmt: skip
@settings(max_examples=25, deadline=None)
def test_whatever_happens_a_sample_is_left_after_a_few_tries_and_each_decision_is_computed_again(story):
    cell = Cell(
        loaded=lambda one: story[one.seq - 1][0], empty=lambda one: story[one.seq - 1][1],
        clogs=lambda one: story[one.seq - 1][2] and one.kind != "blank",
    )  # fmt: skip
    history = night(cell, n=30, attempts=2)
    n_loads = 1 + 2 + 1 + 1  # the first, two after rinsing, one that a look cleared, one after a fresh blank
    for decision in history.decisions:
        tries = [one.reason.code for one in history.readjustments(decision.seq)]
        assert len(tries) <= n_loads - 1 + 2 * n_loads, tries  # of each load two looks
        assert tries.count("fine") <= 1
        known = history.model_copy(update={"decisions": history.decisions[: decision.seq - 1]})
        assert strategy(attempts=2).propose(known.up_to(decision.watermark)) == decision


def test_rinsing_that_no_recipe_counts_is_debited_however_it_ended():
    setup = Setup(rinses=1, rinse_ul=4000.0)
    decision = Decision(
        seq=4, kind="setup", point=Point(coordinates={"x": 0.1}, sample="S3"), repeats=3, setup=setup,
        reason=Reason(code="rinse", sentence="."),
    )  # fmt: skip
    action = Action(action_id="n-4-1load-1", seq=4, step=1, kind="load", action_class="idempotent")
    for status in ("succeeded", "failed"):
        ended = Ended(report=ActionReport(action_id=action.action_id, status=status, sentence="."))
        taken = {one.name: one.amount for one in with_debits(ended, action, decision).debits}
        assert taken == {"rinse": 4000.0, "waste": 4000.0}
