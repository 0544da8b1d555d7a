"""A table of measured values, without curves, is a world to rehearse on."""

from pathlib import Path

import numpy as np
import pytest

from agent.config import read_campaign
from agent.rehearsal.contenders import contenders_of
from agent.rehearsal.measured import FEWEST_KEPT, SHARE_KEPT, without_some
from agent.rehearsal.one import ALL, rehearse
from agent.rehearsal.setting import Setting, choose_world, in_world, prepare_setting
from agent.rehearsal.standard import set_standard
from agent.rehearsal.worlds import furnish
from agent.rehearsal.yardsticks.catalog import yardstick_for
from agent.strategy.problem import Problem
from models.domain.errors import BadInput

N_SAMPLES = 40
DESCRIPTION = """
source = "made for this test"
licence = "CC0"
sample_column = "name"
[[axes]]
column = "x"
[[values]]
column = "height"
unit = "nm"
sigma_column = "error"
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    folder = tmp_path / "table"
    folder.mkdir()
    (folder / "dataset.toml").write_text(DESCRIPTION)
    rows = ["name,x,height,error"]
    for i, x in enumerate(np.linspace(0, 1, N_SAMPLES)):
        rows.append(f"S{i},{x:.4f},{5 * np.exp(-(((x - 0.7) / 0.1) ** 2)):.5f},0.01")
    rows[3] = "S2,0.0513,,0.01"  # one sample has no value and is left out
    (folder / "samples.csv").write_text("\n".join(rows))
    return folder


def setting_of(table: Path, **objective: object) -> Setting:
    lines = [f"{key} = {value!r}".replace("'", '"') for key, value in objective.items()]
    file = table.parent / "night.toml"
    file.write_text(
        "\n".join(
            ['name = "night"', "seed = 1", "[objective]", 'feature = "height"', *lines, "[instrument]",
             'kind = "dataset"', "[strategy]", 'kind = "bayes"', "initial = 4", "[budget]",
             "measurements = 7"]
        )
    )  # fmt: skip
    spec = read_campaign(file, table)
    choice = choose_world(None, spec)
    own = in_world(spec, choice)
    setting = prepare_setting(choice, own, contenders_of(own, ()), file.parent)
    plan = setting.plan
    setting.scene.standards[ALL] = set_standard(furnish(setting.scene), plan.spec.objective, plan.problem)
    return setting


@pytest.mark.parametrize(
    "objective",
    [
        {"goal": "maximise"},
        {"goal": "target", "target": 3.0},
        {"goal": "map"},
        {"goal": "level", "level": 2.0},
    ],
    ids=lambda one: one["goal"],
)
def test_every_goal_is_scored_on_a_table_of_values(table, objective):
    setting = setting_of(table, **objective)
    track = rehearse(setting.job("bayes", 0), setting.scene).track
    assert len(track.steps) == 7
    assert not track.failed
    assert track.steps[-1].score is not None
    assert 0.0 <= track.steps[-1].score < setting.scene.standards[ALL].scale


def test_what_a_night_reads_is_what_the_table_holds(table):
    setting = setting_of(table)
    stamped = rehearse(setting.job("random", 0), setting.scene).stamped
    read = [record.observation for record, _ in stamped if hasattr(record, "observation")]
    asked = {r.decision.seq: r.decision.point for r, _ in stamped if hasattr(r, "decision")}
    assert len(read) == 7
    for one in read:
        (feature,) = one.features
        x = asked[one.seq]["x"]
        assert feature.value == pytest.approx(5 * np.exp(-(((x - 0.7) / 0.1) ** 2)), abs=2e-3)
        assert (feature.sigma, feature.unit) == (0.01, "nm")


def test_nights_differ_though_nothing_is_drawn_in_them(table):
    setting = setting_of(table)
    listed = [Problem.model_validate_json(setting.job("bayes", k).problem_json) for k in range(4)]
    counts = [len(one.space.candidates) for one in listed]
    n_all = N_SAMPLES - 1
    assert counts == [n_all] + [round(SHARE_KEPT * n_all)] * 3
    names = [tuple(point.sample for point in one.space.candidates) for one in listed]
    assert len(set(names)) == 4
    beside = Problem.model_validate_json(setting.job("grid", 2).problem_json)
    assert beside.space.candidates == listed[2].space.candidates  # on one seed all choose among the same


def test_a_small_table_is_not_thinned_out(table):
    problem = setting_of(table).plan.problem
    few = problem.space.model_copy(update={"candidates": problem.space.candidates[:FEWEST_KEPT]})
    assert len(without_some(problem.model_copy(update={"space": few})).space.candidates) == FEWEST_KEPT


def test_a_night_is_held_against_the_best_that_it_could_choose(table):
    setting = setting_of(table)
    yardstick, space = yardstick_for(setting.plan.spec.objective), setting.plan.space
    whole = setting.scene.standards[ALL]
    best = int(np.nanargmin(whole.values))
    left = space.model_copy(
        update={"candidates": tuple(p for k, p in enumerate(space.candidates) if k != best)}
    )
    assert yardstick.among(whole, space).best == whole.best
    assert yardstick.among(whole, left).best == np.sort(whole.values)[1] > whole.best


def test_a_dataset_without_its_folder_is_asked_for(table):
    setting_of(table)
    with pytest.raises(BadInput, match="Name the folder of the data with --dataset DIR"):
        choose_world(None, read_campaign(table.parent / "night.toml"))
