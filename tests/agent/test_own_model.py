"""A campaign with a kernel for GPyTorch or an acquisition for BoTorch decides, and decides so again."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from agent.replay import Circumstances, replay
from agent.strategy import bayes
from agent.strategy.problem import Problem
from models.domain.campaign import BudgetSpec, CampaignSpec, Plug
from models.domain.decision import Decision
from models.domain.errors import BadInput
from models.domain.history import History
from models.domain.objective import as_objective
from models.gp.mind import read_state
from tests import fakes

REPOSITORY = Path(__file__).parents[2]
EXAMPLE = REPOSITORY / "examples" / "own_parts"
KERNEL, ACQUISITION = "own_kernel:make_kernel", "own_acquisition:make"
WAYS = {
    "kernel": {"kernel": KERNEL},
    "acquisition": {"acquisition": ACQUISITION},
    "both": {"kernel": KERNEL, "acquisition": ACQUISITION},
}
EACH_WAY = pytest.mark.parametrize("way", WAYS)


@pytest.fixture(autouse=True)
def beside_the_example(monkeypatch, tmp_path):
    """Modules of the example, and those of a test, can be found as beside a campaign file."""
    monkeypatch.syspath_prepend(str(EXAMPLE))
    monkeypatch.syspath_prepend(str(tmp_path))


def task(seed: int = 7, **goal: object) -> Problem:
    objective = as_objective(feature="height", **goal)
    return Problem(
        space=fakes.TERNARY, objective=objective, units={"height": "1/cm"}, exposure_s=1.0, seed=seed
    )


def strategy(problem: Problem, **parts: str) -> bayes.Bayes:
    return bayes.build(bayes.Options(initial=6, pool=128, alternatives=2, **parts), problem)


def after(history: History, decision: Decision, analysis: fakes.FakeAnalysis) -> History:
    """The history after that decision was carried out."""
    exposure = fakes.exposure_of(fakes.FakeInstrument().actions(decision)[1], decision)
    return history.plus(decision).plus(exposure).plus(analysis(exposure, None).observation)


def campaign(chooser: bayes.Bayes, n_steps: int, **faults) -> History:
    history, analysis = History(), fakes.FakeAnalysis(**faults)
    for _ in range(n_steps):
        history = after(history, chooser.propose(history), analysis)
    return history


@EACH_WAY
def test_each_way_climbs_the_hill_and_says_by_what(way):
    history = campaign(strategy(task(), **WAYS[way]), 13)
    last = history.decisions[-1]
    assert {decision.kind for decision in history.decisions[6:]} == {"suggest"}
    assert max(fakes.hill(d.point) for d in history.decisions if d.point) > 0.9
    assert last.model is not None
    state = read_state(last.model.canonical_json).beliefs["height"]
    assert ("own_kernel:make_kernel" in state.model_dump_json()) == (way != "acquisition")
    if way == "kernel":
        assert last.reason.code in ("expected_improvement", "exploration")
    else:
        assert last.model.acquisition == ACQUISITION
        assert last.reason.sentence.startswith(f"Largest value of {ACQUISITION}: height ")
    for decision in history.decisions:
        assert decision.point is not None
        assert fakes.TERNARY.objections(decision.point) == []


@EACH_WAY
def test_a_restart_gives_the_same_decisions_bit_for_bit(way):
    problem = task(3)
    kept = strategy(problem, **WAYS[way])
    history, analysis = History(), fakes.FakeAnalysis(lacks=lambda point: point["cosurfactant"] > 0.35)
    for step in range(11):
        decision = kept.propose(history)
        if step in (6, 10):
            np.random.default_rng().random(3)
            torch.manual_seed(step)
            restored = History.model_validate_json(history.model_dump_json())
            assert strategy(problem, **WAYS[way]).propose(restored) == decision
        history = after(history, decision, analysis)
    assert {decision.kind for decision in history.decisions[6:]} == {"suggest"}


@EACH_WAY
def test_a_decision_on_record_is_computed_again_exactly_and_with_its_hyperparameters_nothing_is_fitted(
    way, monkeypatch
):
    problem = task(4)
    history = campaign(strategy(problem, **WAYS[way]), 9)
    plug = Plug.model_validate({"kind": "bayes", "initial": 6, "pool": 128, "alternatives": 2, **WAYS[way]})
    spec: CampaignSpec = fakes.spec(seed=4, strategy=plug, budget=BudgetSpec(measurements=99))
    last = history.decisions[-1]
    assert last.model is not None
    under = Circumstances(spec, "2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00+00:00", last.model.sha256)
    assert replay(problem, history, last.seq, under).verdict == "exact"
    from models.gp import makers
    from models.gp.library import fit

    def refuse(*_: object) -> None:
        raise AssertionError("fitted")

    monkeypatch.setattr(makers, "fit_state", refuse)
    monkeypatch.setattr(fit, "fit_library_state", refuse)
    before = History(
        decisions=history.decisions[:-1], exposures=history.exposures[:-1],
        observations=history.observations[:-1],
    )  # fmt: skip
    again = strategy(problem, **WAYS[way]).with_state(last.model.canonical_json)
    assert again.propose(before) == last


@pytest.mark.parametrize("goal", [
    {"goal": "minimise"}, {"goal": "target", "target": 0.5}, {"goal": "map"}, {"goal": "level", "level": 0.5},
], ids=lambda goal: goal["goal"])  # fmt: skip
def test_a_kernel_and_an_acquisition_of_ones_own_serve_every_goal_on_one_feature(goal):
    for parts in ({"kernel": KERNEL}, WAYS["both"]):
        history = campaign(strategy(task(5, **goal), **parts), 8)
        assert [d.kind for d in history.decisions[6:]] == ["suggest", "suggest"]


def test_an_acquisition_that_breaks_in_the_night_leaves_the_choice_to_the_goals_own(tmp_path):
    (tmp_path / "moody.py").write_text(
        "from botorch.acquisition import PosteriorStandardDeviation\n"
        "def make(model, context):\n"
        "    if len(context.measured) == 7:\n"
        "        raise ZeroDivisionError('seven\\nis bad')\n"
        "    return PosteriorStandardDeviation(model)\n"
    )
    history = campaign(strategy(task(), acquisition="moody:make"), 9)
    codes = [decision.reason.code for decision in history.decisions[6:]]
    assert codes == ["own_acquisition", "expected_improvement", "own_acquisition"]
    broken = history.decision(8)
    assert broken.kind == "suggest"
    assert broken.reason.sentence.startswith(
        "The acquisition moody:make raised ZeroDivisionError: seven is bad: the goal's own acquisition is "
        "used instead. Largest expected improvement: height "
    )
    plain = strategy(task()).propose(History.model_validate(
        {"decisions": history.decisions[:7], "exposures": history.exposures[:7],
         "observations": history.observations[:7]}
    ))  # fmt: skip
    assert plain.point == broken.point


def test_a_kernel_that_breaks_in_the_night_leaves_the_space_to_be_filled(tmp_path):
    (tmp_path / "weary.py").write_text(
        "from gpytorch.kernels import RBFKernel\n"
        "class Weary(RBFKernel):\n"
        "    def forward(self, x1, x2, **keys):\n"
        "        covariances = super().forward(x1, x2, **keys)\n"
        "        return covariances * float('nan') if x1.shape[-2] == 7 else covariances\n"
        "def make(columns):\n    return Weary()\n"
    )
    history = campaign(strategy(task(), kernel="weary:make"), 9)
    assert [decision.kind for decision in history.decisions[6:]] == ["suggest", "fallback", "suggest"]
    told = history.decision(8).reason.sentence
    assert told.startswith("No model can be had (the kernel weary:make ")
    assert told.endswith("; the space is filled instead.")


def test_a_campaign_that_gives_up_its_kernel_goes_on_with_our_own():
    history = campaign(strategy(task(), kernel=KERNEL), 8)
    decision = strategy(task()).propose(history)
    assert decision.kind == "suggest"
    assert decision == strategy(task()).propose(history)
    back = strategy(task(), kernel=KERNEL).propose(after(history, decision, fakes.FakeAnalysis()))
    assert back.kind == "suggest"


def test_a_maker_of_a_kernel_that_breaks_in_the_night_leaves_the_space_to_be_filled(tmp_path):
    (tmp_path / "spent_kernel.py").write_text(
        "from gpytorch.kernels import MaternKernel\n"
        "made = []\n"
        "def make(columns):\n"
        "    made.append(columns)\n"
        "    if len(made) > 3:\n"
        "        raise ValueError('tired')\n"
        "    return MaternKernel(ard_num_dims=len(columns))\n"
    )
    history = campaign(strategy(task(), kernel="spent_kernel:make"), 8)
    reasons = [decision.reason for decision in history.decisions]
    assert reasons[-1].code == "no_model"
    assert "the kernel spent_kernel:make raised ValueError: tired" in reasons[-1].sentence


def test_mistakes_are_refused_before_the_night(tmp_path):
    (tmp_path / "no_kernel.py").write_text("def make(columns):\n    return columns\n")
    with pytest.raises(
        BadInput, match=r"strategy.kernel: is 'no_kernel:make', which returned a tuple and no"
    ):
        strategy(task(), kernel="no_kernel:make")
    with pytest.raises(
        BadInput, match=r"strategy.acquisition: is 'no_kernel:make': on a model of made-up val"
    ):
        strategy(task(), acquisition="no_kernel:make")
    with pytest.raises(BadInput, match="No module named 'nowhere'"):
        strategy(task(), kernel="nowhere:make")


def test_torch_is_loaded_only_where_a_kernel_or_an_acquisition_is_named():
    script = (
        "import sys\n"
        "sys.path[:0] = ['.', 'examples/own_parts']\n"
        "from agent.strategy import bayes\n"
        "from agent.strategy.problem import Problem\n"
        "from models.domain.history import History\n"
        "from models.domain.objective import as_objective\n"
        "from tests import fakes\n"
        "problem = Problem(space=fakes.TERNARY, objective=as_objective(feature='height'),\n"
        "                  units={'height': '1/cm'}, exposure_s=1.0, seed=1)\n"
        "chooser, history = bayes.build(bayes.Options(initial=3, pool=64), problem), History()\n"
        "for _ in range(5):\n"
        "    decision = chooser.propose(history)\n"
        "    exposure = fakes.exposure_of(fakes.FakeInstrument().actions(decision)[1], decision)\n"
        "    observation = fakes.FakeAnalysis()(exposure, None).observation\n"
        "    history = history.plus(decision).plus(exposure).plus(observation)\n"
        "assert decision.model is not None\n"
        "print([m for m in ('torch', 'gpytorch', 'botorch') if m in sys.modules])\n"
        "bayes.build(bayes.Options(kernel='own_kernel:make_kernel'), problem)\n"
        "print([m for m in ('torch', 'gpytorch') if m in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=REPOSITORY
    )
    assert done.stdout.splitlines() == ["[]", "['torch', 'gpytorch']"]


def test_the_example_is_checked_run_and_replayed(nightbeam):
    status, out, _ = nightbeam("check", str(EXAMPLE / "library.toml"))
    assert status == 0, out
    status, out, error = nightbeam("run", str(EXAMPLE / "library.toml"))
    assert status == 0, error
    assert "own_model: All 10 measurements of the budget are done." in out
    status, out, error = nightbeam("replay", "all", "--campaign", "own_model")
    assert status == 0, out + error
    assert "11 exact" in out
