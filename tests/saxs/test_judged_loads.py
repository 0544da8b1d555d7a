"""Loads as the record tells them: looks add up, the impossible is left out, and dirt is no precipitate."""

from models.domain.action import Exposure
from models.domain.decision import Decision, Reason
from models.domain.history import History, Observation
from models.domain.load_limits import LoadLimits
from models.domain.point import Point
from models.saxs.checks.earlier import look_back
from models.saxs.judged_loads import check_load, load_of

WATER = Point(coordinates={"water": 1.0})


def shot(seq: int, transmission: float | None = 0.75, empty: float | None = None) -> Exposure:
    return Exposure(
        seq=seq, action_id=f"a{seq}", run_uid="u", point=WATER, exposure_s=1.0, monitor=1.0, assets=(),
        transmission=transmission, transmission_sigma=0.004, empty_transmission=empty,
        empty_transmission_sigma=0.003,
    )  # fmt: skip


def test_looks_at_one_load_are_averaged_and_impossible_numbers_left_out():
    load = load_of((shot(3, 0.74), shot(4, 0.76), shot(5, 1.4)), None, LoadLimits())
    assert load is not None
    assert abs(load.loaded.value - 0.75) < 1e-12
    assert abs(load.loaded.sigma - 0.004 / 2**0.5) < 1e-12


def test_nothing_is_said_of_a_load_whose_transmission_nobody_measured():
    assert load_of((shot(3, None),), None, LoadLimits()) is None
    assert check_load(shot(3, None), None, LoadLimits()) == ()


def test_a_frame_is_refused_for_what_is_sure_and_kept_in_doubt():
    (air,) = check_load(shot(3, 0.9), shot(1), LoadLimits())
    assert air.is_refusal
    assert "there is air in it" in air.text()
    noisy = shot(3, 0.77).model_copy(update={"transmission_sigma": 0.02})
    (doubt,) = check_load(noisy, shot(1), LoadLimits())
    assert not doubt.is_refusal


def test_a_dirty_cell_does_not_look_like_something_that_has_settled():
    before, now = shot(1, 0.75, empty=1.0), shot(2, 0.72, empty=0.96)
    reason = Reason(code="blank_due", sentence=".")
    history = History()
    for one in (before, now):
        history = history.plus(Decision(seq=one.seq, kind="blank", point=WATER, reason=reason))
    history = history.plus(before).plus(Observation(seq=1, is_accepted=True))
    ((value, sigma),) = look_back(history, now, lambda _: None).transmissions
    assert abs(value - 0.72) < 1e-12
    assert abs(sigma - 0.96 * 0.004) < 1e-12
    ((unscaled, _),) = look_back(history, shot(2, 0.72), lambda _: None).transmissions
    assert unscaled == 0.75
