"""A load is exposed, measured again, rinsed, made again or left out, each with its reason; and that ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.domain.scattering import Verdict
from models.saxs.loads import Load, LoadLimits, Transmission, Tries, judge_load

WORDS = ("fine", "remeasure", "rinse", "re-dispense", "skip")
SIGMA = 0.001


def at(value: float, sigma: float = SIGMA) -> Transmission:
    return Transmission(value=value, sigma=sigma)


def load(**changes: object) -> Load:
    usual = {"loaded": at(0.70), "empty": at(0.95), "empty_clean": at(0.95), "blank": at(0.72)}
    return Load.model_validate(usual | changes)


def carried(value: float) -> Verdict:
    return Verdict(
        check="carry_over", is_ok=abs(value) <= 0.05, value=value, limit=0.05, unit="1", remedy="Wash."
    )


@pytest.mark.parametrize(
    ("changes", "verdict", "said"),
    [
        ({}, "fine", "transmits 0.7, at most 1.02 is possible: expose it."),
        ({"empty": None, "empty_clean": None, "blank": None}, "fine", "expose it."),
        ({"loaded": at(0.0)}, "remeasure", "loaded cell transmits 0, between 0.0001 and 1.02 is possible"),
        ({"empty": at(1.2)}, "remeasure", "empty cell transmits 1.2, between 0.0001 and 1.02 is possible"),
        ({"empty": at(0.92)}, "rinse", "empty cell transmits 3.16% less than when it was clean, limit 2.00%"),
        ({"empty": at(0.98)}, "rinse", "empty cell transmits 3.16% more than when it was clean, limit 2.00%"),
        ({"carry_over": carried(0.08)}, "rinse", "the last blank is 8.00% more than before, limit 5.00%"),
        ({"carry_over": carried(0.04)}, "fine", "expose it"),
        ({"loaded": at(0.95)}, "rinse", "transmits 0.00% more than empty, filled is 2.00% less"),
        ({"loaded": at(0.76)}, "rinse", "5.56% more than the blank, limit +2.00%: there is air in it: rinse"),
        ({"loaded": at(0.30)}, "re-dispense", "58.33% less than the blank, limit -50.00%: it has settled"),
        ({"loaded": at(0.74, 0.02)}, "remeasure", "there is air in it, but 3 sigma are 8.34%: measure"),
    ],
)  # fmt: skip
def test_a_load_is_judged_with_its_value_and_its_limit(changes, verdict, said):
    judged = judge_load(load(**changes))
    assert judged.verdict == verdict, judged.sentence
    assert said in judged.sentence


def test_a_cure_that_was_tried_often_enough_gives_way_to_the_next():
    seen, tries = [], Tries()
    for _ in range(6):
        seen.append(judge_load(load(loaded=at(0.95), tries=tries)).verdict)
        tries = tries.after(seen[-1])
    assert seen == ["rinse", "rinse", "re-dispense", "rinse", "rinse", "skip"]


def test_what_noise_may_have_made_is_measured_again_and_then_taken_as_fine():
    doubtful = load(loaded=at(0.74, 0.02), tries=Tries(n_remeasured=2))
    judged = judge_load(doubtful)
    assert judged.verdict == "fine"
    assert "3 sigma are 8.34%: expose it" in judged.sentence


values = st.floats(-0.1, 1.3)
sigmas = st.floats(0.0, 0.2)
transmissions = st.builds(Transmission, value=values, sigma=sigmas)
maybe = st.none() | transmissions
counts = st.integers(0, 3)
any_load = st.builds(
    Load, loaded=transmissions, empty=maybe, empty_clean=maybe, blank=maybe,
    carry_over=st.none() | st.floats(-1, 1).map(carried),
    tries=st.builds(Tries, n_remeasured=counts, n_rinsed=counts, n_dispensed=counts),
)  # fmt: skip


@given(any_load)
def test_every_load_gets_one_of_five_words_and_one_line(judged):
    verdict = judge_load(judged)
    assert verdict.verdict in WORDS
    assert "\n" not in verdict.sentence
    assert verdict.sentence.endswith(".")
    shown = (f"{verdict.limit:g}", f"{abs(verdict.limit):.2%}")
    assert any(limit in verdict.sentence for limit in shown), verdict


@given(any_load)
def test_whoever_follows_the_verdicts_comes_to_an_end_though_nothing_gets_better(judged):
    limits = LoadLimits()
    longest = (1 + limits.n_dispensed) * (1 + limits.n_rinsed) * (1 + limits.n_remeasured) + 1
    for _ in range(longest):
        verdict = judge_load(judged, limits).verdict
        if verdict in ("fine", "skip"):
            return
        judged = judged.model_copy(update={"tries": judged.tries.after(verdict)})
    raise AssertionError("it did not end")


@given(st.floats(0.3, 1.0), st.floats(0.1, 0.97), st.floats(0.0, 0.01))
def test_a_sample_like_its_blank_in_a_steady_cell_is_always_fine(empty, share, sigma):
    same = Transmission(value=empty * share, sigma=sigma * empty * share / 10)
    steady = Transmission(value=empty, sigma=sigma * empty / 10)
    assert judge_load(Load(loaded=same, empty=steady, empty_clean=steady, blank=same)).verdict == "fine"


@given(any_load, st.floats(0.2, 0.7))
def test_the_same_load_behind_a_weaker_diode_is_judged_alike(judged, factor):
    """A factor common to all transmissions cancels, as long as all of them are possible."""
    both = [judged, judged]
    for name in ("loaded", "empty", "empty_clean", "blank"):
        one = getattr(judged, name)
        if one is None:
            continue
        value = min(max(one.value, 0.05), 1.0)
        for index, scale in enumerate((1.0, factor)):
            scaled = Transmission(value=value * scale, sigma=one.sigma * scale)
            both[index] = both[index].model_copy(update={name: scaled})
    first, second = map(judge_load, both)
    assert first.verdict == second.verdict or abs(first.value - first.limit) < 1e-9


@given(st.floats(0.021, 0.5), st.sampled_from([-1, 1]), any_load)
def test_an_empty_cell_that_has_surely_drifted_is_never_exposed(drift, sign, judged):
    clean = 0.6
    empty = Transmission(value=clean * (1 + sign * drift))
    drifted = judged.model_copy(update={"empty": empty, "empty_clean": Transmission(value=clean)})
    assert judge_load(drifted).verdict != "fine"


@given(any_load)
def test_more_patience_never_leaves_out_what_less_would_have_saved(judged):
    hasty = judge_load(judged, LoadLimits(n_remeasured=0, n_rinsed=0, n_dispensed=0)).verdict
    patient = judge_load(judged, LoadLimits(n_remeasured=9, n_rinsed=9, n_dispensed=9)).verdict
    assert hasty in ("fine", "skip")
    assert patient != "skip"
    assert hasty != "skip" or patient != "fine"
