"""What is rehearsed is what runs at night; bad input is answered before any campaign starts."""

import json
import sys
from pathlib import Path

import pytest

from agent.campaign import Campaign
from agent.cli import answer
from agent.config import read_campaign
from agent.rehearsal.contenders import PLAIN, contenders_of
from agent.rehearsal.one import ALL, rehearse
from agent.rehearsal.reaching import sentence_of
from agent.rehearsal.setting import Choice, choose_world, prepare_setting
from agent.rehearsal.standard import set_standard
from agent.rehearsal.verdict import Fared, Pairing, Quartiles
from agent.rehearsal.worlds import furnish
from agent.rehearsal.yardsticks.standard import Standard
from models.domain.campaign import CampaignSpec
from models.domain.errors import BadInput
from models.domain.inputs import read_toml, validated

EXAMPLE = Path(__file__).parents[2] / "examples" / "first_light.toml"
SMALL = {
    "strategy": {"kind": "bayes", "initial": 4, "pool": 128},
    "budget": {"measurements": 6},
    "analysis": {
        "features": ["peak"], "q_min_inv_nm": 0.08, "q_max_inv_nm": 4.0, "n_bins": 120, "scale": 76054.6,
        "intensity_unit": "1/cm",
    },
    "instrument": {"kind": "virtual", "world": {"faults": {"stuck_motor": {"at": [3]}}}},
}  # fmt: skip


def small(**tables: object) -> CampaignSpec:
    return validated(CampaignSpec, read_toml(EXAMPLE) | SMALL | tables, "small")


def setting_of(spec: CampaignSpec, world: str = "fast", named: tuple[str, ...] = ()):
    choice = choose_world(world, spec)
    return prepare_setting(choice, spec, contenders_of(spec, named), EXAMPLE.parent)


def with_any_standard(setting):
    """Scores do not matter here."""
    import numpy as np

    setting.scene.standards[ALL] = Standard(np.zeros((1, 3)), np.zeros(1), 0.0, 1.0)
    return setting


def asked(*words: str, monkeypatch, capsys) -> tuple[int, str]:
    monkeypatch.setattr(sys, "argv", ["nightbeam", *words])
    with pytest.raises(SystemExit) as ended:
        answer()
    return int(ended.value.code or 0), capsys.readouterr().err


def test_a_rehearsal_on_the_full_twin_decides_as_a_run_of_the_same_seed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    strategy = {"kind": "bayes", "initial": 2, "pool": 128}
    spec = small(name="equal", budget={"measurements": 4}, strategy=strategy)
    campaign = Campaign(spec, db="sqlite:///night.db")
    campaign.run()
    night = campaign.history().decisions
    setting = with_any_standard(setting_of(spec, "twin"))
    (rehearsed,) = [rehearse(setting.job("bayes", 0), setting.scene)]
    decided = [record.decision for record, _ in rehearsed.stamped if hasattr(record, "decision")]
    assert [d.kind for d in decided] == [d.kind for d in night]
    assert {"blank", "initial_design", "suggest", "repeat", "stop"} == {d.kind for d in night}
    for mine, its in zip(decided, night, strict=True):
        assert mine == its


def test_the_same_seed_is_the_same_night_and_another_seed_another(tmp_path):
    setting = with_any_standard(setting_of(small()))
    first, again, other = (rehearse(setting.job("bayes", place), setting.scene) for place in (1, 1, 2))
    assert first.stamped[:-4] == again.stamped[:-4]
    assert first.stamped[3] != other.stamped[3]
    assert first.track.model_copy(update={"cpu_s": 0.0}) == again.track.model_copy(update={"cpu_s": 0.0})


def test_a_track_tells_scores_time_dose_stock_faults_and_forecasts(monkeypatch):
    monkeypatch.setattr("agent.rehearsal.standard.N_DENSE", 48)
    monkeypatch.setattr("agent.rehearsal.yardsticks.best.N_AROUND", 4)
    setting = setting_of(small())
    world, plan = furnish(setting.scene), setting.plan
    standard = set_standard(world, plan.spec.objective, plan.problem)
    setting.scene.standards[ALL] = standard
    track = rehearse(setting.job("bayes", 0), setting.scene).track
    assert len(track.steps) == 6
    assert track.failed == {"BeamlineFault": 1}
    assert track.repeats == 1
    scores = [step.score for step in track.steps if step.score is not None]
    assert scores
    assert all(score >= 0 for score in scores)
    hours = [step.hours for step in track.steps]
    assert hours == sorted(hours)
    assert hours[-1] == pytest.approx(6 * 91.0 / 3600.0)  # a blank, and five of six: one got stuck on its way
    assert track.steps[-1].exposed_s == 6.0
    assert sum(track.steps[-1].used.values()) == pytest.approx(7.0)  # fractions of seven samples
    assert track.forecasts
    assert all(one.gain is not None for one in track.forecasts)


def test_plain_strategies_always_run_beside():
    assert [one.name for one in contenders_of(small(), ())] == ["bayes", *PLAIN]
    assert [one.name for one in contenders_of(small(strategy={"kind": "random"}), ())] == [
        "random", "grid", "sobol",
    ]  # fmt: skip


def test_a_sweep_over_any_field_is_one_line():
    tables = {
        "start": {"strategy": {"initial": {"each": [3, 5]}}},
        "longer": {"measurement": {"exposure_s": {"each": [0.5, 4.0]}}, "stop": {"unchanged": 4}},
        "even": {"strategy": {"kind": "space_filling"}},
        "mapped": {"objective": {"goal": "map", "feature": "peak_strength"}},
    }
    spec = small(rehearsal={"strategies": tables})
    found = {one.name: one.spec for one in contenders_of(spec, ())}
    assert list(found)[:7] == [
        "bayes", "start-3", "start-5", "longer-0.5", "longer-4", "even", "mapped",
    ]  # fmt: skip
    assert found["start-5"].strategy.options == {"initial": 5, "pool": 128}
    assert found["longer-4"].measurement.exposure_s == 4.0
    assert found["longer-4"].measurement.blank is not None
    assert found["longer-4"].stop.unchanged == 4
    assert found["even"].strategy.options == {}
    assert found["mapped"].objective.goal == "map"
    assert [one.name for one in contenders_of(spec, ("start", "longer-4"))] == [
        "start-3", "start-5", "longer-4", *PLAIN,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("tables", "says"),
    [
        ({"a": {"stragety": {}}}, "Did you mean 'strategy'?"),
        ({"a": {"strategy": {"initial": {"each": []}}}}, "sweeps over nothing"),
        ({"random": {}}, "is there anyway"),
        ({"a": {"strategy": {"initial": 1}}}, "initial"),
    ],
)
def test_a_table_that_says_something_impossible_is_refused(tables, says):
    spec = small(rehearsal={"strategies": tables})
    with pytest.raises(BadInput, match=says.replace("?", r"\?")):
        prepare_setting(Choice("fast"), spec, contenders_of(spec, ()), EXAMPLE.parent)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--strategies", "byes"], "Did you mean 'bayes'?"),
        (["--world", "twins"], "there is no such folder, and it is no name of a world"),
        (["--world", "log:first_night", "--db", "sqlite:///nothing.db"], "there is no file"),
        (["--dask", "tcp://127.0.0.1:9", "--seeds", "2"], "nobody answers within 0.5 s"),
    ],
)
def test_bad_input_is_answered_in_one_line_before_any_campaign_starts(
    words, says, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("agent.rehearsal.engine.CONNECT_S", 0.5)
    status, said = asked("rehearse", str(EXAMPLE), *words, monkeypatch=monkeypatch, capsys=capsys)
    assert status == 2
    assert said.count("\n") == 1
    assert says in said
    assert not list(tmp_path.glob("**/*.db"))


def test_a_goal_without_a_score_and_a_real_instrument_without_a_world_are_refused():
    with pytest.raises(BadInput, match="has no score"):
        setting_of(small(objective={"goal": "my_goals:STEEPEST", "feature": "peak_strength"}))
    with pytest.raises(BadInput, match="there are twins of 'virtual'"):
        choose_world(None, small(instrument={"kind": "opentrons"}))
    with pytest.raises(BadInput, match="which the analysis does not make"):
        setting_of(small(objective={"feature": "rg"}))


def test_a_world_without_the_feature_is_refused():
    setting = setting_of(small())

    class Nothing:
        def truth(self, point, place):
            found = furnish(setting.scene).truth(point, place)
            return found.model_copy(update={"features": ()})

    problem = setting.plan.problem
    space = problem.space.model_copy(update={"candidates": tuple(_points(problem.space, 3))})
    with pytest.raises(BadInput, match="has peak_strength at none of 3 points"):
        set_standard(Nothing(), setting.plan.spec.objective, problem.model_copy(update={"space": space}))


def _points(space, n):
    from agent.rehearsal.standard import dense_points

    return dense_points(space, 1)[:n]


def test_a_campaign_file_may_name_strategies_and_still_is_the_same_campaign(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = {"strategies": {"eager": {"strategy": {"initial": 3}}}}
    Campaign(small(budget={"measurements": 1}), db="sqlite:///night.db").run()
    plan = Campaign(small(budget={"measurements": 1}, rehearsal=table), db="sqlite:///night.db").check()
    assert not plan.identity.is_new
    assert json.loads(plan.spec.model_dump_json())["rehearsal"] == table


def test_the_example_still_has_no_rehearsal_of_its_own():
    assert read_campaign(EXAMPLE).rehearsal is None


def fared(name: str, *, is_plain: bool = False) -> Fared:
    even = Quartiles(low=1.0, middle=2.0, high=3.0)
    return Fared(
        name=name, is_plain=is_plain, n=10, final=even, by_measurement=(even,) * 6, hours=(1.0,) * 6,
        exposed_s=(1.0,) * 6, share_won=0.5, failed={}, repeats=0.0, endings={"finished": 10}, cpu_s=1.0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.8, "Run bayes: better than random in 80% of 10 fresh nights (95 % interval 40% to 95%)"),
        (0.2, "Nothing is recommended: bayes was best in the contest; fresh nights do not confirm it"),
    ],
)
def test_what_fresh_nights_speak_against_is_not_recommended(share, said):
    pairing = Pairing(
        one="bayes", other="random", n=10, wins=10 * share, share=share, low=0.4, high=0.95, gap=0.1,
        gap_low=0.0, gap_high=0.2, is_fresh=True,
    )  # fmt: skip
    sentence = sentence_of([fared("bayes"), fared("random", is_plain=True)], [pairing], ("regret", "nm"))
    assert sentence.startswith(said)
    assert f"better than random in {share:.0%} of 10 fresh nights" in sentence
