"""Stock and dose are budgets: what is left narrows the choice, and ends the campaign in so many words."""

import pytest

from agent.replay import Circumstances, replay
from agent.stopping import ending_due, ending_of, reason_of
from agent.strategy.stack import build_strategy
from models.domain.campaign import BlankSpec, BudgetSpec, MeasurementSpec, Plug
from models.domain.decision import Decision
from models.domain.history import Failure, History
from models.domain.stock import Stock
from tests import fakes
from tests.agent.test_strategy_bayes import measured, task

BEGAN = "2026-01-01T00:00:00.000000+00:00"
SMALL = {"initial": 4, "pool": 256}
ONE_ML = Stock(amounts={"surfactant": 1.0}, sample_amount=0.5, sample_unit="mL")


def spec_with(kind: str = "bayes", **budget: object):
    return fakes.spec(
        strategy=Plug.model_validate({"kind": kind} | (SMALL if kind == "bayes" else {})),
        budget=BudgetSpec.model_validate({"measurements": 60} | budget),
        measurement=MeasurementSpec(attempts=2, sample_amount=0.5),
    )  # fmt: skip


def used_by(history: History) -> list[float]:
    return [0.5 * float(d.point["surfactant"]) for d in history.decisions if d.point is not None]


@pytest.mark.parametrize("kind", ["bayes", "space_filling", "random", "sobol", "grid"])
def test_no_sample_is_proposed_for_which_the_stock_is_not_left(kind):
    spec, history, analysis = spec_with(kind, stock={"surfactant": 1.0}), History(), fakes.FakeAnalysis()
    strategy = build_strategy(spec, task())
    for _ in range(25):
        decision = strategy.propose(history)
        if decision.kind == "stop":
            break
        history = measured(history, decision, analysis)
        assert sum(used_by(history)) <= 1.0 + 1e-6
    assert sum(used_by(history)) > 0.8, "it was made use of"
    left = 2.0 * (1.0 - sum(used_by(history)[:-1]))
    assert history.decisions[-1].point["surfactant"] <= left + 1e-6


def test_when_no_sample_can_be_made_any_more_it_says_what_is_left():
    spec = spec_with("space_filling", stock={"water": 0.35})
    strategy, history, analysis = build_strategy(spec, task()), History(), fakes.FakeAnalysis()
    while (decision := strategy.propose(history)).kind != "stop":
        history = measured(history, decision, analysis)
    used = sum(0.5 * float(d.point["water"]) for d in history.decisions)
    assert 0.25 < used <= 0.35 + 1e-6  # a sample needs 0.1 mL or more
    said = f"The stock that is left allows no further sample: water {0.35 - used:.3g} of 0.35 mL."
    assert (decision.reason.code, decision.reason.sentence) == ("stock", said)
    assert not ending_of(decision).is_finished


def test_blanks_and_failed_measurements_use_stock_and_what_was_refused_does_not():
    strategy, history = build_strategy(spec_with("random"), task()), History()
    for code in ("BeamlineFault", "quarantined", None):
        decision = strategy.propose(history)
        history = history.plus(decision)
        if code is not None:
            history = history.plus(Failure(seq=decision.seq, code=code, sentence="No."))
    used = used_by(history)
    assert ONE_ML.left(history)["surfactant"] == pytest.approx(1.0 - used[0] - used[2])
    blank = BlankSpec(point={"surfactant": 0.2, "cosurfactant": 0.0, "water": 0.8})
    with_blank = build_strategy(
        spec_with().model_copy(update={"measurement": MeasurementSpec(blank=blank)}), task()
    )
    first = with_blank.propose(History())
    assert first.kind == "blank"
    assert ONE_ML.left(History().plus(first))["surfactant"] == pytest.approx(0.9)


def test_the_next_exposure_that_would_exceed_the_dose_is_not_made():
    budget = BudgetSpec(measurements=9, exposure_s=3.5)
    strategy, history, analysis = build_strategy(spec_with("random"), task()), History(), fakes.FakeAnalysis()
    for _ in range(3):
        assert ending_due(budget, history, None, "") is None
        history = measured(history, strategy.propose(history), analysis)
    ending = ending_due(budget, history, None, "")
    assert ending is not None
    assert (ending.code, ending.is_finished) == ("exposure", False)
    assert ending.sentence == "Samples were exposed for 3 s; 1 s more would exceed the limit of 3.5 s."
    assert ending_due(BudgetSpec(measurements=9, exposure_s=4.0), history, None, "") is None


@pytest.mark.parametrize(
    ("budget", "said"),
    [({"exposure_s": 0.5}, "budget.exposure_s = 0.5 s is less than one exposure of 1 s"),
     ({"stock": {"salt": 1.0}}, "budget.stock names 'salt', which is no axis with amounts"),
     ({"stock": {"water": 0.05}}, "0.05 of water are too little for one sample, which needs 0.1")],
    ids=["exposure", "axis", "amount"],
)  # fmt: skip
def test_a_budget_that_is_not_enough_for_one_sample_is_refused(budget, said):
    with pytest.raises(ValueError, match=said):
        spec_with(**budget)


@pytest.mark.parametrize("kind", ["space_filling", "bayes"])
def test_what_the_stock_forbade_is_computed_again_bit_for_bit(kind):
    spec, problem = spec_with(kind, stock={"water": 1.2}), task()
    strategy, history, analysis = build_strategy(spec, problem), History(), fakes.FakeAnalysis()
    while (decision := strategy.propose(history)).kind != "stop" and len(history.decisions) < 20:
        history = measured(history, decision, analysis)
    history = history.plus(decision)
    under = Circumstances(spec, BEGAN, BEGAN)
    verdicts = {replay(problem, history, d.seq, under).verdict for d in history.decisions}
    assert verdicts == {"exact"}
    assert history.decisions[-1].reason.code == "stock"


def test_a_stop_for_the_dose_is_computed_again():
    spec, problem = spec_with("random", exposure_s=3.5), task()
    strategy, history, analysis = build_strategy(spec, problem), History(), fakes.FakeAnalysis()
    while (ending := ending_due(spec.budget, history, None, "")) is None:
        history = measured(history, strategy.propose(history), analysis)
    stop = Decision(
        seq=history.next_seq, kind="stop", point=None, reason=reason_of(ending), watermark=history.watermark
    )
    history = history.plus(stop)
    assert (history.n_measured, stop.reason.code) == (3, "exposure")
    again = replay(problem, history, stop.seq, Circumstances(spec, BEGAN, BEGAN))
    assert again.verdict == "exact", again
