"""What happened: who asks gets what was recorded, and rankings follow the goal."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from models.domain.decision import Candidate, Decision, DecisionKind, Prediction, Reason
from models.domain.history import Duration, Failure, History, Observation
from models.domain.objective import as_objective
from models.domain.ranking import ranked
from models.domain.scattering import Absence, CurveProfile, Feature, Verdict
from models.domain.space import Point
from models.domain.wording import feature_text, outcome_text
from tests.fakes import FakeInstrument, exposure_of

HIGHEST = as_objective(feature="height")
LOWEST = as_objective(feature="height", goal="minimise")
NEAR_TWO = as_objective(feature="height", goal="target", target=2.0)
FINITE = st.floats(-1e6, 1e6)


def decided(seq: int, kind: DecisionKind = "suggest") -> Decision:
    point = None if kind == "stop" else Point(coordinates={"x": float(seq)})
    return Decision(seq=seq, kind=kind, point=point, reason=Reason(code="c", sentence="s."))


def seen(seq: int, value: float, *, is_accepted: bool = True) -> Observation:
    feature = Feature(name="height", value=value, sigma=0.1, unit="nm")
    return Observation(seq=seq, is_accepted=is_accepted, features=(feature,))


def measured(values: list[float]) -> History:
    history = History()
    for seq, value in enumerate(values, start=1):
        history = history.plus(decided(seq)).plus(seen(seq, value))
    return history


def test_a_history_gives_back_each_thing_at_its_place_and_none_where_nothing_is():
    action = FakeInstrument().actions(decided(1))[1]
    exposure = exposure_of(action, decided(1))
    failure = Failure(seq=2, code="BeamlineFault", sentence="stuck")
    history = History().plus(decided(1)).plus(exposure).plus(seen(1, 3.0))
    history = history.plus(decided(2)).plus(failure)
    assert history.decision(2) == decided(2)
    assert (history.observation(1), history.exposure(1), history.failure(2)) == (
        seen(1, 3.0), exposure, failure,
    )  # fmt: skip
    assert (history.observation(2), history.exposure(2), history.failure(1)) == (None, None, None)
    assert (history.next_seq, history.watermark) == (3, 2)


def test_adding_to_a_history_leaves_the_old_one_as_it_was():
    before = History().plus(decided(1))
    before.plus(decided(2))
    assert before.next_seq == 2


def test_an_empty_history_begins_at_one_and_knows_no_outcome():
    assert (History().next_seq, History().watermark, History().n_measured) == (1, 0, 0)


def test_blanks_and_stops_spend_no_budget_and_train_no_model():
    history = History()
    kinds: tuple[DecisionKind, ...] = ("blank", "initial_design", "repeat", "fallback", "suggest", "stop")
    for seq, kind in enumerate(kinds, start=1):
        history = history.plus(decided(seq, kind))
        if kind != "stop":
            history = history.plus(seen(seq, 1.0))
    assert history.n_measured == 4
    assert [decision.seq for decision, _ in history.accepted()] == [2, 3, 4, 5]


def test_rejected_observations_are_kept_and_neither_train_nor_win():
    history = measured([1.0]).plus(decided(2)).plus(seen(2, 99.0, is_accepted=False))
    assert history.observation(2) is not None
    assert [decision.seq for decision, _ in ranked(history, HIGHEST)] == [1]


@given(st.lists(FINITE, min_size=1, max_size=12))
def test_the_best_is_the_largest_the_smallest_or_the_nearest_as_the_goal_says(values):
    history = measured(values)
    largest, smallest, nearest = (
        ranked(history, goal)[0][1][0].value for goal in (HIGHEST, LOWEST, NEAR_TWO)
    )
    assert largest == max(values)
    assert smallest == min(values)
    assert abs(nearest - 2.0) == min(abs(value - 2.0) for value in values)


@given(st.lists(FINITE, min_size=1, max_size=12))
def test_a_map_lists_its_largest_values_and_a_boundary_those_nearest_to_its_level(values):
    history = measured(values)
    mapped, boundary = (
        as_objective(feature="height", goal="map"),
        as_objective(feature="height", goal="level", level=3.0),
    )
    assert not mapped.has_best
    assert not boundary.has_best
    assert ranked(history, mapped)[0][1][0].value == max(values)
    assert abs(ranked(history, boundary)[0][1][0].value - 3.0) == min(abs(value - 3.0) for value in values)


@given(st.lists(FINITE, min_size=1, max_size=12))
def test_what_is_looked_up_by_number_is_what_was_added_last(values):
    history = History()
    for seq, value in enumerate(values, start=1):
        assert history.observation(seq) is None
        assert history.failure(seq) is None
        history = history.plus(decided(seq)).plus(seen(seq, value))
        if seq % 3 == 0:
            history = history.plus(Failure(seq=seq, code="c", sentence="s."))
        found = history.observation(seq)
        assert found is not None
        assert found.features[0].value == value
        assert (history.failure(seq) is None) == (seq % 3 != 0)
    assert history == History.model_validate_json(history.model_dump_json())


@given(st.lists(st.sampled_from([1.0, 2.0, 3.0]), min_size=2, max_size=10))
def test_ties_keep_the_order_in_which_they_were_measured(values):
    order = [(feature.value, decision.seq) for decision, (feature,) in ranked(measured(values), HIGHEST)]
    assert order == sorted(order, key=lambda pair: (-pair[0], pair[1]))


@pytest.mark.parametrize("objective", [HIGHEST, LOWEST, NEAR_TWO])
def test_badness_of_an_array_is_that_of_each_of_its_values(objective):
    values = np.array([-1.0, 0.5, 2.0, 7.0])
    assert objective.distance(values).tolist() == [objective.distance(float(v)) for v in values]


def test_a_curve_without_the_feature_is_accepted_and_not_ranked():
    absent = Observation(seq=1, is_accepted=True, absences=(Absence(name="height", why="too flat"),))
    history = History().plus(decided(1)).plus(absent)
    assert ranked(history, HIGHEST) == []
    assert outcome_text(history, decided(1), HIGHEST) == "no height: too flat"


def test_a_feature_is_told_with_its_uncertainty_and_unit():
    assert feature_text(Feature(name="rg", value=3.3612, sigma=0.0214, unit="nm")) == "rg 3.361 ± 0.021 nm"
    assert feature_text(Feature(name="slope", value=-4.0, sigma=0.1, unit="1")) == "slope -4 ± 0.1"


def test_every_outcome_has_its_words():
    rejected = Observation(
        seq=2, is_accepted=False,
        verdicts=(
            Verdict(check="fine", is_ok=True, value=0, limit=1, unit="1", remedy="nothing"),
            Verdict(check="monitor", is_ok=False, value=12.0, limit=1e4, unit="counts", remedy="Open it."),
        ),
    )  # fmt: skip
    history = History().plus(decided(1, "blank")).plus(seen(1, 1.0)).plus(decided(2)).plus(rejected)
    history = history.plus(decided(3)).plus(Failure(seq=3, code="x", sentence="the changer is stuck"))
    history = history.plus(decided(4)).plus(decided(5, "stop")).plus(decided(6)).plus(seen(6, 2.5))
    history = history.plus(decided(7)).plus(Observation(seq=7, is_accepted=True))
    words = [outcome_text(history, decision, HIGHEST) for decision in history.decisions]
    assert words == [
        "blank measured",
        "rejected: monitor: 12 counts against a limit of 1e+04. Open it.",
        "failed: the changer is stuck",
        "open",
        "no action",
        "height 2.5 ± 0.1 nm",
        "no height: not made",
    ]


def test_the_prediction_of_a_decision_is_that_of_its_first_candidate():
    expected = Prediction(mean=1.0, sigma=0.2, unit="nm")
    candidate = Candidate(
        rank=0, point=Point(coordinates={"x": 1.0}), prediction=expected, acquisition_value=0.0
    )
    assert decided(1).prediction is None
    assert decided(1).model_copy(update={"candidates": (candidate,)}).prediction == expected


def test_a_history_survives_json():
    history = measured([1.0, 0.1 + 0.2]).plus(decided(3)).plus(Failure(seq=3, code="x", sentence="y"))
    assert History.model_validate_json(history.model_dump_json()) == history


def test_durations_are_kept_in_the_order_in_which_they_were_added():
    one, other = Duration(seq=2, kind="load", seconds=0.5), Duration(seq=1, kind="expose", seconds=0.0)
    assert History().plus(one).plus(other).durations == (one, other)


@pytest.mark.parametrize("seconds", [-1e-9, float("nan"), float("inf")])
def test_no_command_takes_less_than_nothing_or_for_ever(seconds):
    with pytest.raises(ValidationError):
        Duration(seq=1, kind="load", seconds=seconds)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sigma": (0.1,)}, "give each as many"),
        ({"q_inv_nm": ()}, "at least 1"),
        ({"q_inv_nm": (0.2, 0.2)}, "must increase"),
        ({"sigma": (0.1, 0.1)}, "or neither"),
        ({"intensity": (1.0, 2.0)}, "or neither"),
        ({"sigma": (-0.1, None)}, "0 or more"),
    ],
)
def test_a_profile_has_an_intensity_and_a_sigma_in_each_bin_or_neither(changes, said):
    whole = {"q_inv_nm": (0.1, 0.2), "intensity": (1.0, None), "sigma": (0.1, None), "unit": "1/cm"}
    CurveProfile.model_validate(whole)
    with pytest.raises(ValidationError, match=said):
        CurveProfile.model_validate(whole | changes)


def test_what_only_warns_is_no_objection_and_older_records_know_no_warnings():
    facts = {"check": "flux", "is_ok": False, "value": 0.09, "limit": 0.05, "unit": "1", "remedy": "Look."}
    old, warning = Verdict.model_validate(facts), Verdict.model_validate(facts | {"is_warning": True})
    assert (old.is_refusal, warning.is_refusal) == (True, False)
    seen = Observation(seq=1, is_accepted=True, verdicts=(warning,))
    assert seen.objections() == ""
    assert seen.warnings() == "flux: 0.09 against a limit of 0.05. Look."
