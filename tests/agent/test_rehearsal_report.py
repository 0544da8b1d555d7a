"""What a rehearsal says: pairs and intervals, a page that stands alone, a plan, an emulator."""

import re
import tomllib

import numpy as np
import pytest

from agent.rehearsal.emulator import Emulator, Night, fit_noise
from agent.rehearsal.jobs import Forecast, Step, Track
from agent.rehearsal.judging import calibrate, confirm, fared, pair_all, recommend, shares_won, sort_out
from agent.rehearsal.page import report_page
from agent.rehearsal.pairing import pair, share_interval, wins
from agent.rehearsal.planning import needs_of
from agent.rehearsal.target import read_target
from agent.rehearsal.tonight import campaign_toml
from agent.rehearsal.verdict import Verdict
from models.domain.campaign import CampaignSpec
from models.domain.errors import BadInput
from tests.agent.test_rehearsal import small

BUDGET = 6


def track(name: str, place: int, scores: list[float | None], variant: str = "") -> Track:
    steps = tuple(
        Step(score=score, hours=0.1 * n, exposed_s=float(n), used={"water": 0.5 * n})
        for n, score in enumerate(scores, start=1)
    )
    told = (Forecast(gain=1.0, gained=0.8, z=0.3), Forecast(gain=0.2, gained=0.0, z=-2.5))
    return Track(
        contender=name, place=place, variant=variant, steps=steps, forecasts=told if name == "keen" else (),
        failed={"fault": 1}, repeats=1, ending="finished",
    )  # fmt: skip


def tracks(n: int = 8) -> list[Track]:
    found = []
    for k in range(2 * n):
        found.append(track("keen", k, [None, 5.0, 3.0, 1.0 + 0.05 * k, 0.5, 0.5]))
        found.append(track("random", k, [6.0, 6.0, 5.0, 4.0, 3.0, 2.0 if k else 0.1]))
    return [*found, *(track("keen", k, [4.0, 4.0, 2.0, 2.0, 1.0, 1.0], "noise x2") for k in range(n))]


def test_nearer_wins_and_of_two_as_near_the_sooner():
    assert wins(np.array([9.0, 1.0]), np.array([9.0, 2.0]), 0.1) == 1.0
    assert wins(np.array([9.0, 2.0]), np.array([9.0, 1.0]), 0.1) == 0.0
    assert wins(np.array([1.05, 1.05]), np.array([9.0, 1.0]), 0.1) == 1.0
    assert wins(np.array([9.0, 1.0]), np.array([9.0, 1.05]), 0.1) == 0.5
    assert wins(np.array([np.inf, np.inf]), np.array([np.inf, 3.0]), 0.1) == 0.0


def test_intervals_of_shares_hold_in_about_95_of_100_also_for_few():
    rng = np.random.default_rng(3)
    for share in (0.5, 0.8, 0.95):
        inside = [
            low <= share <= high
            for low, high in (share_interval(float(rng.binomial(20, share)), 20) for _ in range(2000))
        ]
        assert 0.91 < np.mean(inside) < 0.995
    assert share_interval(20.0, 20)[0] < 0.95


def test_differences_are_paired():
    luck = np.linspace(0.0, 5.0, 12)
    ones = {k: np.array([luck[k] + 1.0]) for k in range(12)}
    others = {k: np.array([luck[k] + 1.5]) for k in range(12)}
    found = pair(("one", "other"), ones, others, 10.0)
    assert found is not None
    assert found.share == 1.0
    assert (found.gap, found.gap_low, found.gap_high) == pytest.approx((0.5, 0.5, 0.5))
    assert pair(("one", "other"), {0: np.ones(1)}, {1: np.ones(1)}, 1.0) is None


def test_the_best_is_recommended_and_confirmed_on_seeds_it_was_not_chosen_by():
    contest = sort_out(tracks(), 8, BUDGET, 8.0)
    pairs = pair_all(contest)
    assert recommend(contest, pairs) == "keen"
    (confirmed,) = confirm("keen", contest)
    assert (confirmed.other, confirmed.n, confirmed.is_fresh, confirmed.share) == ("random", 8, True, 1.0)
    (chosen,) = [one for one in pairs if one.one == "keen"]
    assert chosen.share == 7 / 8, "on seed 0 random was lucky"
    told = calibrate("keen", contest.tracks["keen"])
    assert told is not None
    assert told.coverage == 0.5


def verdict_of(found: list[Track]) -> Verdict:
    contest = sort_out(found, 8, BUDGET, 8.0)
    pairs = pair_all(contest)
    shares = shares_won(pairs)
    strategies = tuple(
        fared(name, contest, is_plain=name == "random", share_won=shares[name]) for name in contest.tracks
    )
    told = [calibrate(name, contest.tracks[name]) for name in contest.tracks]
    return Verdict(
        campaign="a <b>", objective="maximise x", world="the fast twin", is_emulated=True, trust="To 3 %.",
        score="regret", unit="nm", scale=8.0, budget=BUDGET, n_seeds=8, n_campaigns=len(found),
        strategies=strategies, pairs=pairs, confirmed=confirm("keen", contest),
        calibration=tuple(one for one in told if one is not None), recommended="keen",
        sentence="Run keen: better than random.", remarks=("Mind this.",),
    )  # fmt: skip


def test_the_report_is_one_page_that_needs_nothing_else_and_says_what_is_emulated():
    page = report_page(verdict_of(tracks()), 'name = "tonight"')
    assert page.startswith("<!doctype html>")
    assert not re.search(r'(?:src|href)\s*=\s*"(?!#)', page), "nothing is loaded from elsewhere"
    assert "<script" not in page
    assert "http" not in re.sub(
        r'xmlns(?::\w+)?="[^"]*"|<!DOCTYPE[^>]*>|<metadata>.*?</metadata>', "", page, flags=re.S
    )
    for said in (
        "Run keen: better than random.",
        "Emulated.",
        "To 3 %.",
        "a &lt;b&gt;",
        "fresh seeds",
        "Mind this.",
    ):
        assert said in page
    assert page.count("<svg") == 3
    assert page == report_page(verdict_of(tracks()), 'name = "tonight"'), "the same numbers, the same page"


def test_the_file_for_tonight_says_the_same_as_the_campaign():
    spec = small(rehearsal=None)
    text = campaign_toml(spec, "Run it.")
    again = CampaignSpec.model_validate(tomllib.loads(text))
    assert again.model_dump() == spec.model_dump()
    assert text.startswith("# Run it.\nname = ")


@pytest.mark.parametrize(
    ("text", "score", "level"),
    [("regret<2%", "regret", 0.16), ("rmse < 0.05", "rmse", 0.05), ("share<5%", "share wrong", 0.4)],
)
def test_a_target_is_a_score_or_a_share_of_the_range(text, score, level):
    assert read_target(text, score).level(8.0) == pytest.approx(level)


@pytest.mark.parametrize(
    ("text", "says"),
    [("regret>2", "is no target"), ("rmse<1", "is scored by regret"), ("regret<0", "is no target")],
)
def test_what_is_no_target_is_refused(text, says):
    with pytest.raises(BadInput, match=says):
        read_target(text, "regret")


def test_a_plan_tells_what_is_enough_in_half_and_in_nearly_all_nights():
    nights = [track("keen", k, [5.0] * (k + 1) + [0.5] * (BUDGET - k - 1)) for k in range(BUDGET)]
    reached, needs = needs_of(nights, 1.0, BUDGET, "mL")
    table = {need.what: need.enough for need in needs}
    assert reached == 5 / 6
    assert table["measurements"] == (4.0, 6.0, None)
    assert table["hours"] == pytest.approx((0.4, 0.6, None))
    assert table["water / mL"] == (2.0, 3.0, None)


def night(n: int = 24) -> Night:
    """Curves whose level and slope follow two axes, with noise of counting."""
    rng = np.random.default_rng(11)
    columns, q = rng.random((n, 2)), np.geomspace(0.1, 2.0, 40)
    means = np.exp(1.0 + 2.0 * columns[:, :1] - (1.0 + np.sin(3.0 * columns[:, 1:])) * np.log(q / 0.5))
    sigmas = np.sqrt(0.001 + 0.002 * means)
    values = means + sigmas * rng.standard_normal(means.shape)
    return Night(columns, q, values, sigmas, np.full(n, 2.0), "1/cm", 0.1)


def test_an_emulator_draws_truths_that_pass_through_what_was_measured_and_part_elsewhere():
    taught = night()
    emulator = Emulator(taught)
    dense = np.random.default_rng(1).random((60, 2))
    draws = [emulator.draw(dense, seed) for seed in range(6)]
    at_known = np.array([np.log(one.intensities(taught.columns)) for one in draws])
    off = np.abs(at_known - np.log(np.maximum(taught.intensities, 1e-9)))
    assert np.median(off) < 0.05
    far = np.array([[1.6, 1.6]])
    assert (
        np.array([np.log(one.intensities(far)) for one in draws]).std(axis=0).mean()
        > 3 * at_known.std(axis=0).mean()
    )
    place = dense[:1]
    assert np.array_equal(draws[0].intensities(place), emulator.draw(dense, 0).intensities(place))


def test_the_noise_of_a_night_is_learned_and_falls_with_exposure():
    taught = night()
    noise = fit_noise(taught)
    row = taught.intensities[0]
    assert noise.sigma(row, 2.0) == pytest.approx(taught.sigmas[0], rel=0.1)
    assert noise.sigma(row, 8.0) == pytest.approx(0.5 * noise.sigma(row, 2.0))
