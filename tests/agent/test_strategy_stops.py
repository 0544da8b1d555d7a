"""Enough is enough: each rule says in one plain sentence why nothing more is measured, and is replayed."""

import re

import numpy as np
import pytest

from agent.replay import Circumstances, replay
from agent.stopping import ending_of
from agent.strategy.problem import Problem
from agent.strategy.stack import build_strategy
from models.domain.action import Exposure
from models.domain.campaign import BudgetSpec, CampaignSpec, Plug
from models.domain.decision import Candidate, Decision, Prediction, Reason
from models.domain.history import History, Observation
from models.domain.objective import as_objective
from models.domain.scattering import Feature
from models.domain.space import Point
from models.domain.stop import StopSpec
from tests import fakes
from tests.agent.test_strategy_bayes import measured, task

MAP = as_objective(feature="height", goal="map")
BEGAN = "2026-01-01T00:00:00.000000+00:00"


def spec_with(stop: StopSpec, objective=None, **tables: object) -> CampaignSpec:
    return fakes.spec(
        stop=stop,
        objective=objective or as_objective(feature="height"),
        strategy=Plug.model_validate({"kind": "bayes", "initial": 5, "pool": 256}),
        **({"budget": BudgetSpec(measurements=60)} | tables),
    )


def run(spec: CampaignSpec, problem: Problem, n_most: int = 60) -> History:
    strategy, history, analysis = build_strategy(spec, problem), History(), fakes.FakeAnalysis()
    for _ in range(n_most):
        decision = strategy.propose(history)
        if decision.kind == "stop":
            return history.plus(decision)
        history = measured(history, decision, analysis)
    return history


def replayed(spec: CampaignSpec, problem: Problem, history: History) -> str:
    last = len(history.decisions)
    return replay(problem, history, last, Circumstances(spec, BEGAN, BEGAN)).verdict


def assert_ends(history: History, code: str, sentence: str) -> Decision:
    last = history.decisions[-1]
    assert (last.kind, last.reason.code) == ("stop", code)
    assert re.fullmatch(sentence, last.reason.sentence), last.reason.sentence
    return last


def test_it_ends_when_several_choices_in_a_row_are_expected_to_gain_too_little():
    spec, problem = spec_with(StopSpec(least_gain=0.02)), task()
    history = run(spec, problem)
    last = assert_ends(
        history, "little_gain",
        r"Too little can be gained: this choice and the 2 before it were expected to gain at most "
        r"[\d.e-]+ 1/cm \(limit 0\.02 1/cm\)\.",
    )  # fmt: skip
    assert ending_of(last).is_finished
    gains = [d.candidates[0].expected_gain for d in history.decisions if d.candidates]
    assert all(gain is not None and gain < 0.02 for gain in gains[-2:])
    assert not all(gain is not None and gain < 0.02 for gain in gains[-3:])
    assert replayed(spec, problem, history) == "exact"


def test_patience_of_one_ends_at_the_first_choice_of_little_gain():
    patient, at_once = StopSpec(least_gain=0.02), StopSpec(least_gain=0.02, patience=1)
    history = run(spec_with(at_once), task())
    assert_ends(
        history, "little_gain",
        r"Too little can be gained: the next measurement is expected to gain [\d.e-]+ 1/cm "
        r"\(limit 0\.02 1/cm\)\.",
    )  # fmt: skip
    assert len(run(spec_with(patient), task()).decisions) >= len(history.decisions) + 2


def test_it_ends_when_an_hour_gains_too_little():
    slow = task().model_copy(update={"overhead_s": 359.0})  # with 1 s of exposure: ten an hour
    spec = spec_with(StopSpec(least_gain_per_hour=0.2))
    history = run(spec, slow)
    assert_ends(
        history, "gain_below_cost",
        r"Too little can be gained: this choice and the 2 before it were expected to gain at most "
        r"[\d.e-]+ 1/cm/h \(limit 0\.2 1/cm/h\)\.",
    )  # fmt: skip
    same = [d.seq for d in run(spec_with(StopSpec(least_gain=0.02)), task()).decisions]
    assert [d.seq for d in history.decisions] == same
    assert replayed(spec, slow, history) == "exact"


def test_it_ends_when_a_map_is_known_well_enough():
    problem = task(objective=MAP)
    spec = spec_with(StopSpec(sigma=0.05), MAP)
    history = run(spec, problem)
    last = assert_ends(
        history, "known", r"height is known to 0\.\d+ 1/cm or better everywhere \(limit 0\.05 1/cm\)\."
    )
    assert ending_of(last).is_finished
    assert replayed(spec, problem, history) == "exact"
    easier = run(spec_with(StopSpec(sigma=0.05, share=0.8), MAP), problem)
    assert_ends(
        easier,
        "known",
        r"height is known to 0\.\d+ 1/cm or better in 80 % of the region \(limit 0\.05 1/cm\)\.",
    )
    assert len(easier.decisions) < len(history.decisions)


def told(*values: float, sigma: float = 0.02) -> History:
    """A campaign that measured these values."""
    rng, history = np.random.default_rng(0), History()
    for seq, value in enumerate(values, start=1):
        a = float(rng.uniform(0.0, 0.5))
        point = Point(coordinates={"surfactant": a, "cosurfactant": 0.1, "water": 0.9 - a})
        history = history.plus(
            Decision(seq=seq, kind="suggest", point=point, reason=Reason(code="c", sentence="s"))
        )
        history = history.plus(
            Exposure(seq=seq, action_id=f"a{seq}", run_uid="", point=point, exposure_s=1.0, assets=())
        )
        feature = Feature(name="height", value=value, sigma=sigma, unit="1/cm")
        history = history.plus(Observation(seq=seq, is_accepted=True, features=(feature,)))
    return history


def after(history: History, **rules: float) -> Decision:
    return build_strategy(spec_with(StopSpec.model_validate(rules)), task()).propose(history)


def test_it_ends_when_the_best_has_not_changed_beyond_its_noise():
    last = after(told(0.3, 0.9, 0.5, 0.91, 0.4), unchanged=3)
    assert (last.kind, last.reason.code) == ("stop", "unchanged")
    assert last.reason.sentence == (
        "The best value, 0.9 1/cm (decision 2), has not changed beyond its noise in the last 3 measurements."
    )
    spec = spec_with(StopSpec.model_validate({"unchanged": 3}))
    assert replayed(spec, task(), told(0.3, 0.9, 0.5, 0.91, 0.4).plus(last)) == "exact"
    assert after(told(0.3, 0.9, 0.5, 0.94, 0.4), unchanged=3).kind != "stop"  # better by more than noise
    assert after(told(0.3, 0.9, 0.5, 0.4), unchanged=3).kind != "stop"  # two measurements since the best
    assert after(told(0.9, 0.5, 0.4), unchanged=3).kind != "stop"  # nothing before them


def test_choices_of_no_model_do_not_try_patience():
    history = told(0.3, 0.9, 0.5, 0.91, 0.4, 0.2)
    assert after(history, least_gain=1e9).kind == "suggest"  # the first choice of a model
    assert after(history, least_gain=1e9, patience=1).kind == "stop"
    little = Candidate(
        rank=0, point=history.decisions[0].point or Point(coordinates={}), acquisition_value=0.0,
        prediction=Prediction(mean=0.0, sigma=1.0, unit="1/cm"), expected_gain=0.1, gain_unit="1/cm",
    )  # fmt: skip
    chosen = history.decisions[3].model_copy(update={"candidates": (little,)})
    decisions = (*history.decisions[:3], chosen, *history.decisions[4:])
    assert (
        after(history.model_copy(update={"decisions": decisions}), least_gain=1e9, patience=2).kind == "stop"
    )


@pytest.mark.parametrize(
    ("stop", "objective", "said"),
    [(StopSpec(sigma=0.1), None, "stop.sigma is for the goals map and level, not for maximise; remove it"),
     (StopSpec(unchanged=4), MAP, "stop.unchanged is for the goals maximise, minimise and target, not")],
    ids=["sigma", "unchanged"],
)  # fmt: skip
def test_a_rule_that_does_not_fit_the_goal_is_refused(stop, objective, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        spec_with(stop, objective)


@pytest.mark.parametrize(
    ("keys", "said"),
    [({"share": 0.9}, "stop.share = 0.9 is given without stop.sigma; add it"),
     ({"patience": 2}, "stop.patience = 2 is given without stop.least_gain")],
    ids=["share", "patience"],
)  # fmt: skip
def test_an_option_without_its_rule_is_refused(keys, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        StopSpec.model_validate(keys)
