"""What is said of a choice: gain, chance, cost, limits, and why the second lost."""

import math

import numpy as np

from agent.strategy.explanation import told_in_full, why_it_lost
from models.domain.decision import Candidate, Prediction, Reason
from models.domain.space import Point
from models.gp.recommend import Choice, Recommendation

EXPECTED = (Prediction(mean=1.0, sigma=0.1, unit="nm"),)


def choice(value: float, gain: float = 0.05, chance: float = 1.0, cost_s: float | None = None) -> Choice:
    return Choice(np.zeros(1), None, EXPECTED, value, gain, chance, cost_s)


def found(
    *choices: Choice, unit: str = "1", sentence: str = "Largest gain.", is_idle: bool = False
) -> Recommendation:
    reason = Reason(code="expected_improvement", sentence=sentence)
    return Recommendation(choices, "log_expected_improvement", unit, lambda _: reason, "{}", is_idle)


def candidate(rank: int, **facts: object) -> Candidate:
    point = Point(coordinates={"x": float(rank)})
    told = {"rank": rank, "point": point, "prediction": EXPECTED[0], "acquisition_value": 0.0} | facts
    return Candidate.model_validate(told)


def test_a_runner_up_lost_by_its_share_of_the_first_and_by_what_differs():
    second = choice(math.log(0.43), 0.02, 0.6, 3.4)
    said = why_it_lost(second, found(choice(0.0, 0.05, 1.0, 1.2), second, unit="nm"))
    assert said == (
        "Worth 43 % of the first: gains 0.02 nm, the first 0.05 nm; is had with 60 %, the first with 100 %; "
        "takes 3.4 s, the first 1.2 s."
    )


def test_what_is_alike_is_not_told_apart():
    assert why_it_lost(choice(0.0), found(choice(0.0))) == "Worth 100 % of the first."


def test_where_gains_chose_nothing_they_tell_nothing_apart():
    second = choice(math.log(0.5), 2e-41, 0.6)
    idle = found(choice(0.0, 1e-43), second, is_idle=True)
    assert why_it_lost(second, idle) == "Worth 50 % of the first: is had with 60 %, the first with 100 %."
    assert "gain 1" not in told_in_full(idle, (candidate(0, expected_gain=1e-43, gain_unit="nm"),)).sentence


def test_the_sentence_tells_gain_chance_cost_limits_and_the_second():
    first = candidate(
        0, expected_gain=0.021, gain_unit="nm", chance=0.8, cost_s=4.2, bound_by=("x at its lowest, 0",)
    )
    second = candidate(1, why="Worth 43 % of the first.")
    told = told_in_full(found(choice(0.0)), (first, second))
    assert told.code == "expected_improvement"
    assert told.sentence == (
        "Largest gain. It should gain 0.021 nm. The feature is had there with 80 %. It takes about 4.2 s. "
        "Held by x at its lowest, 0. Second was x 1: worth 43 % of the first."
    )


def test_what_is_certain_free_and_alone_is_told_in_one_sentence():
    first = candidate(0, chance=1.0)
    assert told_in_full(found(choice(0.0), sentence="It is."), (first,)).sentence == "It is."
