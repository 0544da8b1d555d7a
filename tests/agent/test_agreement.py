"""Names agree or they do not; numbers may differ by rounding."""

import pytest

from agent.agreement import Scales, compare
from models.domain.axis import Axis
from models.domain.decision import Candidate, Decision, Prediction, Reason
from models.domain.point import Point
from models.domain.space import SearchSpace

SPACE = SearchSpace(
    axes=(Axis(name="x", low=0.0, high=2.0), Axis(name="cell", kind="categorical", levels=("mica", "glass")))
)
HERE = {"x": 1.0, "cell": "mica"}


def at(**changes: float | str) -> Decision:
    point = Point(coordinates=HERE | changes)
    return Decision(seq=1, kind="suggest", point=point, reason=Reason(code="x", sentence="x."))


def test_the_same_names_agree():
    assert compare(at(), at(), Scales(SPACE, 1.0)).is_exact
    assert compare(at(), at(x=1.0 + 1e-7), Scales(SPACE, 1.0)).first is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"cell": "glass"}, "cell of point: mica then, glass now"),
        ({"cell": 1.0}, "cell of point: mica then, 1.0 now"),
        ({"x": "wide"}, "x of point: 1.0 then, wide now"),
        ({"x": 1.1}, "x of point: 1.0 then, 1.1 now"),
    ],
)
def test_another_value_is_told_by_both(changes, said):
    first = compare(at(), at(**changes), Scales(SPACE, 1.0)).first
    assert first is not None
    assert first.text() == said


def considered(**changes: object) -> Decision:
    expected = Prediction(mean=1.0, sigma=0.1, unit="nm")
    told = {
        "expected_gain": 0.5, "gain_unit": "nm", "cost_s": 2.0, "chance": 0.75, "bound_by": ("x at most 2",),
        "why": "Gains less.", "others": (Prediction(mean=3.0, sigma=0.5, unit="1", name="order"),),
    }  # fmt: skip
    candidate = Candidate(
        rank=0, point=Point(coordinates=HERE), prediction=expected, acquisition_value=0.0
    )  # fmt: skip
    return at().model_copy(update={"candidates": (candidate.model_copy(update=told | changes),)})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"expected_gain": 0.6}, "expected gain of candidate 0: 0.5 then, 0.6 now"),
        ({"gain_unit": "1"}, "unit of the gain of candidate 0: nm then, 1 now"),
        ({"cost_s": None}, "expected cost in s of candidate 0: 2.0 then, none now"),
        ({"chance": 0.5}, "chance of success of candidate 0: 0.75 then, 0.5 now"),
        ({"others": ()}, "other feature of candidate 0: ('order', '1') then, none now"),
        (
            {"others": (Prediction(mean=3.1, sigma=0.5, unit="1", name="order"),)},
            "posterior mean of order of candidate 0: 3.0 then, 3.1 now",
        ),
    ],
)
def test_another_worth_of_a_candidate_is_told_by_both(changes, said):
    first = compare(considered(), considered(**changes), Scales(SPACE, 1.0)).first
    assert first is not None
    assert first.text() == said


def test_what_an_older_record_does_not_hold_contradicts_nothing():
    held = considered(
        expected_gain=None, gain_unit=None, cost_s=None, chance=None, bound_by=(), why=None, others=()
    )
    assert compare(held, considered(), Scales(SPACE, 1.0)).is_exact


@pytest.mark.parametrize("changes", [{"why": "Costs more."}, {"bound_by": ("x at least 0",)}])
def test_other_words_for_a_candidate_are_no_other_value_and_no_exact_agreement(changes):
    found = compare(considered(), considered(**changes), Scales(SPACE, 1.0))
    assert found.first is None
    assert not found.is_exact


def test_a_rounded_worth_is_within_the_tolerance():
    found = compare(considered(), considered(cost_s=2.0 + 1e-9, chance=0.75 - 1e-9), Scales(SPACE, 1.0))
    assert found.first is None
    assert not found.is_exact
