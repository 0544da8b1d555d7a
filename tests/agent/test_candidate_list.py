"""A list of the only points that exist: read, obeyed, and refused in one line where it is wrong."""

import re
from pathlib import Path

import pytest

from agent.candidate_list import read_candidates
from agent.strategy import bayes, random, space_filling
from agent.strategy.problem import Problem
from models.domain.canonical import canonical_json
from models.domain.errors import BadInput
from models.domain.objective import as_objective
from models.domain.space import Axis, SearchSpace
from tests import fakes
from tests.agent.test_strategy_bayes import campaign

HEADING = "surfactant,cosurfactant,water\n"
GOOD = HEADING + "0.1,0.1,0.8\n0.2,0.1,0.7\n\n0.3,0.1,0.6\n0.2,0.2,0.6\n0.3,0.3,0.4\n"


def listed(folder: Path, text: str, space: SearchSpace = fakes.TERNARY) -> SearchSpace:
    (folder / "list.csv").write_text(text, encoding="utf-8")
    return space.model_copy(update={"candidates": read_candidates("list.csv", folder, space)})


def test_each_line_is_a_point_and_an_empty_one_is_none(tmp_path):
    space = listed(tmp_path, GOOD)
    assert [point["surfactant"] for point in space.candidates] == [0.1, 0.2, 0.3, 0.2, 0.3]
    assert all(point.sample is None for point in space.candidates)


def test_names_of_samples_and_of_levels_are_read(tmp_path):
    axes = (Axis(name="t", low=0, high=9), Axis(name="cell", kind="categorical", levels=("mica", "glass")))
    space = listed(tmp_path, "sample,cell,t\nA1,mica,3\nA2,glass,4.5\n", SearchSpace(axes=axes))
    assert [point.sample for point in space.candidates] == ["A1", "A2"]
    assert space.candidates[1].coordinates == {"t": 4.5, "cell": "glass"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEADING, "lists no point"),
        ("surfactant,water\n0.1,0.9\n", "no column 'cosurfactant'"),
        (HEADING + "0.1,much,0.8\n", "line 2: cosurfactant = 'much' is no number"),
        (HEADING + "0.1,0.1,0.9\n", "line 2: surfactant + cosurfactant + water = 1.1, must be 1"),
        (HEADING + "0.1,0.1,0.8\n0.1,0.1,0.8\n", "line 3: repeats line 2"),
        (HEADING + "nan,0.1,0.8\n", "line 2: surfactant = nan is not finite"),
        (HEADING + "0.1,0.1,0.8,7\n", "line 2: has more cells than the heading"),
        ("surfactant," + HEADING + "0.1,0.1,0.1,0.8\n", "has 2 columns 'surfactant'"),
        ("sample," + HEADING + "A,0.1,0.1,0.8\nA,0.2,0.1,0.7\n", "line 3: names the sample 'A' of line 2"),
    ],
)
def test_a_list_that_is_wrong_is_refused_with_its_line(tmp_path, text, said):
    with pytest.raises(BadInput, match=re.escape(said)):
        listed(tmp_path, text)


def test_a_list_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(BadInput, match="there is no file"):
        read_candidates("none.csv", tmp_path, fakes.TERNARY)


def test_what_was_measured_is_known_again_after_the_record_sorted_its_axes(tmp_path):
    problem = Problem(
        space=listed(tmp_path, GOOD), objective=as_objective(feature="height"), units={"height": "1/cm"},
        exposure_s=1.0, seed=3,
    )  # fmt: skip
    again = Problem.model_validate_json(canonical_json(problem))
    history = campaign(space_filling.build(space_filling.Options(), problem), 5)
    assert space_filling.build(space_filling.Options(), again).propose(history).kind == "stop"


@pytest.mark.parametrize("build", [
    lambda problem: bayes.build(bayes.Options(initial=2, pool=64), problem),
    lambda problem: random.build(random.Options(), problem),
    lambda problem: space_filling.build(space_filling.Options(), problem),
], ids=["bayes", "random", "space_filling"])  # fmt: skip
def test_each_recipe_without_a_name_is_made_once_and_nothing_else(tmp_path, build):
    space = listed(tmp_path, GOOD)
    problem = Problem(
        space=space,
        objective=as_objective(feature="height"),
        units={"height": "1/cm"},
        exposure_s=1.0,
        seed=3,
    )
    history = campaign(build(problem), 9)
    made = [decision.point for decision in history.decisions[:-1]]
    assert sorted(point.text() for point in made if point) == sorted(p.text() for p in space.candidates)
    assert (history.decisions[-1].kind, history.decisions[-1].reason.code) == ("stop", "exhausted")
