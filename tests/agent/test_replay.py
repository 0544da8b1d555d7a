"""Decisions computed again: bit for bit from the record alone, and every edit and limit is seen."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_limits
from typer.testing import CliRunner

from agent.cli import app
from agent.commands import replay as command
from agent.loop import Loop, Parts
from agent.narrators import Silent
from agent.replay import Circumstances, Replayed, history_before, replay
from agent.strategy.problem import Problem
from agent.strategy.stack import build_strategy
from models.domain.campaign import BlankSpec, BudgetSpec, CampaignSpec, MeasurementSpec, Plug
from models.domain.canonical import canonical_json, sha256_text
from models.domain.decision import Decision, ModelState, Override
from models.domain.history import History
from models.domain.space import Point
from models.gp import makers, state
from models.gp.hyperparameters import Standardised
from tests import fakes

REPOSITORY = Path(__file__).parents[2]
BEGAN = "2026-01-01T00:00:00.000000+00:00"
WATER = {"surfactant": 0.0, "cosurfactant": 0.0, "water": 1.0}
SUGGESTED = 14
"""A decision of the night that a model made, with points that lack the feature behind it."""
THREADED = 17
"""A decision of the night that comes out otherwise where BLAS may use two threads."""


def night_spec(**changes: object) -> CampaignSpec:
    tables: dict[str, object] = {
        "strategy": Plug.model_validate({"kind": "bayes", "initial": 5, "pool": 256, "alternatives": 3}),
        "measurement": MeasurementSpec(attempts=2, blank=BlankSpec(point=WATER, every=8)),
        "budget": BudgetSpec(measurements=16),
    }
    return fakes.spec(**(tables | changes))


def problem_of(spec: CampaignSpec) -> Problem:
    return Problem(
        space=spec.space(), objective=spec.objective, units={"height": "1/cm"},
        exposure_s=spec.measurement.exposure_s, seed=spec.seed,
    )  # fmt: skip


@dataclass(frozen=True)
class Night:
    """A campaign on record."""

    spec: CampaignSpec
    history: History
    database: Path

    @property
    def problem(self) -> Problem:
        return problem_of(self.spec)

    def under(self, seq: int, utc: str = BEGAN) -> Circumstances:
        model = self.history.decision(seq).model
        return Circumstances(self.spec, BEGAN, utc, model.sha256 if model else None)

    def replay(self, seq: int, history: History | None = None) -> Replayed:
        return replay(self.problem, history or self.history, seq, self.under(seq))

    def edited(self, seq: int, **changes: object) -> History:
        """The history with one decision changed by an editor's hand."""
        decisions = list(self.history.decisions)
        decisions[seq - 1] = decisions[seq - 1].model_copy(update=changes)
        return self.history.model_copy(update={"decisions": tuple(decisions)})


def run_night(folder: Path, spec: CampaignSpec, during: Callable[[Loop], None] = lambda _: None) -> Night:
    """A campaign with a rejected frame, a failed device and curves that lack the feature, on a real file."""
    url, clock = fakes.sqlite_url(folder), fakes.ticking_clock()
    log = fakes.open_log(url, spec, folder, clock)
    parts = Parts(
        fakes.FakeInstrument(fails=lambda action: action.seq == 10),
        fakes.FakeAnalysis(rejects=lambda seq: seq == 4, lacks=lambda point: point["cosurfactant"] > 0.3),
        build_strategy(spec, problem_of(spec)), log, Silent(),
    )  # fmt: skip
    loop = Loop(parts, spec.budget, lambda: clock().utc, log.began_utc)
    during(loop)
    loop.run()
    log.close()
    return Night(spec, loop.history, folder / "log.db")


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    found = run_night(tmp_path_factory.mktemp("night"), night_spec())
    assert found.history.decision(SUGGESTED).kind == "suggest"
    return found


def invoke(*arguments: str):
    return CliRunner().invoke(app, ["replay", *arguments])


def model_with(decision: Decision, **changes: object) -> ModelState:
    assert decision.model is not None
    return decision.model.model_copy(update=changes)


def test_every_decision_of_a_night_is_computed_again_bit_for_bit(night):
    kinds = {decision.kind for decision in night.history.decisions}
    assert kinds == {"blank", "initial_design", "repeat", "suggest", "stop"}
    database = f"sqlite:///{shutil.copy(night.database, night.database.with_name('copy.db'))}"
    done = invoke("all", "--db", database)
    told = [line for line in done.stdout.splitlines() if not line.startswith("environment: ")]
    n = len(night.history.decisions)
    assert done.exit_code == 0, done.output
    assert len(told) == n + 1
    assert told[0].split() == ["1", "blank", "exact", "bit", "for", "bit."]
    assert told[-1].startswith(f"{n} decisions: {n} exact; environment "), done.output


def test_it_is_bit_for_bit_whatever_the_process_did_before(night):
    torch.set_num_threads(2)
    torch.set_flush_denormal(True)
    torch.manual_seed(123)
    with threadpool_limits(limits=2):
        np.linalg.svd(np.random.default_rng(1).random((300, 300)))
        torch.randn(300, 300).svd()
        replayed = night.replay(THREADED)
    assert replayed.verdict == "exact", replayed.sentence
    assert float(np.float64(5e-324) * 1.0) > 0.0, "numbers below the smallest normal one are kept"


@pytest.mark.parametrize("n_threads", ["1", "2"])
def test_it_is_bit_for_bit_in_a_fresh_process_with_other_threads(night, n_threads):
    copy = night.database.with_name(f"copy{n_threads}.db")
    shutil.copy(night.database, copy)
    variables = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    done = subprocess.run(
        [sys.executable, "-m", "agent.cli", "replay", str(THREADED), "--json", "--db", f"sqlite:///{copy}"],
        capture_output=True, text=True, check=True, cwd=REPOSITORY,
        env=os.environ | dict.fromkeys(variables, n_threads),
    )  # fmt: skip
    assert json.loads(done.stdout)["decisions"][0]["verdict"] == "exact", done.stdout


def test_with_the_routines_of_another_processor_it_is_within_tolerance_and_the_variable_is_named(night):
    done = subprocess.run(
        [sys.executable, "-m", "agent.cli", "replay", str(THREADED), "--json",
         "--db", f"sqlite:///{night.database}"],
        capture_output=True, text=True, check=True, cwd=REPOSITORY,
        env=os.environ | {"OPENBLAS_CORETYPE": "PRESCOTT", "NUMBA_CPU_NAME": "generic"},
    )  # fmt: skip
    told = json.loads(done.stdout)
    assert told["decisions"][0]["verdict"] in ("exact", "within tolerance")
    assert "OPENBLAS_CORETYPE: none then, PRESCOTT now" in told["environment"]
    assert "NUMBA_CPU_NAME: none then, generic now" in told["environment"]


def test_what_came_later_changes_nothing(night):
    before = history_before(night.history, SUGGESTED)
    assert [d.seq for d in before.decisions] == list(range(1, SUGGESTED))
    assert max(o.seq for o in before.observations) == night.history.decision(SUGGESTED).watermark
    assert before.durations == tuple(d for d in night.history.durations if d.seq < SUGGESTED)
    assert len(before.durations) < len(night.history.durations)
    history = before.plus(night.history.decision(SUGGESTED))
    assert night.replay(SUGGESTED, history) == night.replay(SUGGESTED)


@pytest.mark.parametrize("changes", [
    {"seed": 5}, {"exposure_s": 2.0}, {"watermark": 99}, {"kind": "fallback"}, {"repeats": 2},
], ids=lambda changes: next(iter(changes)))  # fmt: skip
def test_an_edited_field_differs_and_is_named_with_both_values(night, changes):
    replayed = night.replay(SUGGESTED, night.edited(SUGGESTED, **changes))
    ((name, value),) = changes.items()
    named = {"exposure_s": "exposure time in s", "repeats": "repeated decision"}.get(name, name)
    assert replayed.verdict == "differs"
    assert replayed.sentence.startswith(f"{named}: {value} then, ")


def test_an_edited_point_differs_and_is_named_with_both_values(night):
    there = night.history.decision(SUGGESTED).point
    moved = there.coordinates | {"water": there["water"] + 1e-5}
    replayed = night.replay(SUGGESTED, night.edited(SUGGESTED, point=Point(coordinates=moved)))
    assert replayed.verdict == "differs"
    assert replayed.sentence == f"water of point: {moved['water']!r} then, {there['water']!r} now."


@pytest.mark.parametrize("field", ["mean", "sigma"])
def test_an_edited_expectation_of_a_runner_up_differs(night, field):
    candidates = list(night.history.decision(SUGGESTED).candidates)
    told = candidates[2].prediction
    candidates[2] = candidates[2].model_copy(
        update={"prediction": told.model_copy(update={field: getattr(told, field) * 1.001})}
    )
    replayed = night.replay(SUGGESTED, night.edited(SUGGESTED, candidates=tuple(candidates)))
    assert replayed.verdict == "differs"
    assert replayed.sentence.startswith(f"posterior {field} of candidate 2: ")


def test_an_edited_acquisition_value_differs_and_a_rounded_one_is_within_tolerance(night):
    first, *others = night.history.decision(SUGGESTED).candidates
    for factor, verdict in ((1.00001, "differs"), (1.0 + 1e-9, "within tolerance")):
        other = first.model_copy(update={"acquisition_value": first.acquisition_value * factor})
        replayed = night.replay(SUGGESTED, night.edited(SUGGESTED, candidates=(other, *others)))
        assert replayed.verdict == verdict
        assert "acquisition of candidate 0: " in replayed.sentence


def test_a_runner_up_that_was_taken_away_differs(night):
    fewer = night.history.decision(SUGGESTED).candidates[:-1]
    replayed = night.replay(SUGGESTED, night.edited(SUGGESTED, candidates=fewer))
    assert replayed.sentence == "count of candidates: 3 then, 4 now."


def test_an_edited_observation_is_seen_in_the_training_set(night):
    observations = list(night.history.observations)
    place = next(i for i, o in enumerate(observations) if o.seq == 3)
    (feature,) = observations[place].features
    observations[place] = observations[place].model_copy(
        update={"features": (feature.model_copy(update={"value": feature.value + 1e-12}),)}
    )
    history = night.history.model_copy(update={"observations": tuple(observations)})
    replayed = night.replay(SUGGESTED, history)
    assert replayed.verdict == "differs"
    assert replayed.sentence.startswith(f"what decisions 1 to {SUGGESTED - 1} teach now is not what it ")


def test_an_edited_model_state_is_refused_by_its_hash(night):
    decision = night.history.decision(SUGGESTED)
    text = decision.model.canonical_json.replace("matern-5/2", "matern-3/2")
    history = night.edited(SUGGESTED, model=model_with(decision, canonical_json=text))
    replayed = night.replay(SUGGESTED, history)
    assert replayed.verdict == "refused"
    assert sha256_text(text)[:12] in replayed.sentence
    assert decision.model.sha256[:12] in replayed.sentence
    assert not replayed.is_good


@pytest.mark.parametrize("sha256", [None, "0" * 64])
def test_a_model_state_whose_hash_was_edited_is_refused(night, sha256):
    under = Circumstances(night.spec, BEGAN, BEGAN, sha256)
    assert replay(night.problem, night.history, SUGGESTED, under).verdict == "refused"


@pytest.mark.parametrize("text", ["not json", "[]", "3", "{}", '{"belief":{"members":"y"}}', "\x80\x04."])
def test_a_model_state_that_makes_no_sense_is_told_and_never_loaded(night, text):
    decision = night.history.decision(SUGGESTED)
    history = night.edited(SUGGESTED, model=model_with(decision, canonical_json=text))
    under = Circumstances(night.spec, BEGAN, BEGAN, sha256_text(text))
    assert not replay(night.problem, history, SUGGESTED, under).is_good


def fit_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library whose fits land a little beside ours."""
    fit = state.fit_hyperparameters

    def beside(known: Standardised, start: np.ndarray | None) -> np.ndarray:
        return fit(known, start) + 1e-4

    monkeypatch.setattr(state, "fit_hyperparameters", beside)


def test_where_the_fit_lands_elsewhere_the_logged_hyperparameters_are_taken_and_it_says_so(
    night, monkeypatch
):
    fit_elsewhere(monkeypatch)
    replayed = night.replay(SUGGESTED)
    assert replayed.verdict == "within tolerance"
    assert replayed.sentence.startswith("the fit lands elsewhere now (")
    assert replayed.sentence.endswith("with the hyperparameters on record: bit for bit.")


def test_an_edited_point_is_not_excused_by_a_fit_that_lands_elsewhere(night, monkeypatch):
    fit_elsewhere(monkeypatch)
    there = night.history.decision(SUGGESTED).point
    moved = Point(coordinates=there.coordinates | {"water": there["water"] + 1e-4})
    replayed = night.replay(SUGGESTED, night.edited(SUGGESTED, point=moved))
    assert replayed.verdict == "differs"
    assert "; with the hyperparameters on record, water of point: " in replayed.sentence


def test_hyperparameters_that_were_edited_with_their_hash_differ(night):
    decision = night.history.decision(SUGGESTED)
    state = json.loads(decision.model.canonical_json)
    state["beliefs"]["height"]["members"][0]["logs"][-2] += 0.01
    text = canonical_json(state)
    history = night.edited(SUGGESTED, model=model_with(decision, canonical_json=text))
    under = Circumstances(night.spec, BEGAN, BEGAN, sha256_text(text))
    assert replay(night.problem, history, SUGGESTED, under).verdict == "differs"


def test_with_logged_hyperparameters_nothing_is_fitted(night, monkeypatch):
    from agent.strategy.stack import build_chooser

    def refuse(*_: object) -> None:
        raise AssertionError("fitted")

    decision = night.history.decision(SUGGESTED)
    monkeypatch.setattr(makers, "fit_state", refuse)
    chooser = build_chooser(night.spec, night.problem).with_state(decision.model.canonical_json)
    assert chooser.propose(history_before(night.history, SUGGESTED)) == decision


def test_a_measurement_beyond_the_budget_differs(night):
    last = len(night.history.decisions)
    extra = night.history.decision(SUGGESTED).model_copy(update={"seq": last, "model": None})
    history = night.history.model_copy(update={"decisions": (*night.history.decisions[: last - 1], extra)})
    replayed = replay(night.problem, history, last, Circumstances(night.spec, BEGAN, BEGAN))
    assert replayed.sentence == "kind: suggest then, stop now."


def test_a_stop_is_held_against_the_budget_of_its_own_session(night):
    last = len(night.history.decisions)
    assert night.history.decision(last).reason.code == "finished"
    larger = night.spec.model_copy(update={"budget": BudgetSpec(measurements=99)})
    replayed = replay(night.problem, night.history, last, Circumstances(larger, BEGAN, BEGAN))
    assert (replayed.verdict, replayed.sentence[:17]) == ("differs", "kind: stop then, ")


def test_a_stop_for_its_hours_is_computed_from_its_own_time(night):
    spec = night.spec.model_copy(update={"budget": BudgetSpec(measurements=99, hours=1.0)})
    sentence = "1.25 h have passed (limit 1 h)."
    seq = 8
    reason = night.history.decision(seq).reason.model_copy(update={"code": "hours", "sentence": sentence})
    stop = Decision(seq=seq, kind="stop", point=None, reason=reason, watermark=seq - 1)
    history = History(
        **{**dict(history_before(night.history, seq)), "decisions": (*night.history.decisions[:7], stop)}
    )
    for utc, verdict in (("2026-01-01T01:15:00+00:00", "exact"), ("2026-01-01T00:45:00+00:00", "differs")):
        assert replay(night.problem, history, seq, Circumstances(spec, BEGAN, utc)).verdict == verdict


def test_what_was_decided_just_before_the_hours_were_over_stands(night):
    spec = night.spec.model_copy(update={"budget": BudgetSpec(measurements=99, hours=1.0)})
    under = Circumstances(spec, BEGAN, "2026-01-01T01:00:00.001000+00:00")
    assert replay(night.problem, night.history, 3, under).verdict == "exact"


def test_what_a_person_decided_is_not_computed_and_what_follows_is(tmp_path):
    point = Point(coordinates={"surfactant": 0.3, "cosurfactant": 0.2, "water": 0.5})

    def interfere(loop: Loop) -> None:
        carry_out = loop._carry_out

        def then(decision: Decision, *answers: object) -> object:
            ending = carry_out(decision, *answers)
            if decision.seq == 3:
                loop.request_override(
                    Override(point=point, who="Ada", why="I want to see this.", exposure_s=1.0)
                )
            if decision.seq == 6:
                loop.request_stop("Ada")
            return ending

        loop._carry_out = then

    found = run_night(tmp_path, night_spec(), interfere)
    replayed = [found.replay(decision.seq) for decision in found.history.decisions]
    assert [found.history.decision(4).kind, found.history.decision(7).kind] == ["human_override", "stop"]
    verdicts = ["exact"] * 3 + ["not computed"] + ["exact"] * 2 + ["not computed"]
    assert [one.verdict for one in replayed] == verdicts
    assert replayed[3].sentence == "a person decided."
    assert all(one.is_good for one in replayed)


def test_equal_values_fall_back_and_the_fallback_is_computed_again(tmp_path, monkeypatch):
    monkeypatch.setattr(fakes, "hill", lambda _: 1.0)
    spec = night_spec(budget=BudgetSpec(measurements=7))
    url, clock = fakes.sqlite_url(tmp_path), fakes.ticking_clock()
    log = fakes.open_log(url, spec, tmp_path, clock)
    strategy = build_strategy(spec, problem_of(spec))
    parts = Parts(fakes.FakeInstrument(), fakes.FakeAnalysis(lambda _: 1.0), strategy, log, Silent())
    loop = Loop(parts, spec.budget, lambda: clock().utc, log.began_utc)
    loop.run()
    log.close()
    found = Night(spec, loop.history, tmp_path / "log.db")
    seq = next(d.seq for d in found.history.decisions if d.kind == "fallback")
    assert found.replay(seq).verdict == "exact"


# The command


@pytest.fixture
def copy(night: Night, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the database alone, in another folder."""
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copy(night.database, tmp_path / "nightbeam.db"))


def test_the_differences_of_the_environment_come_first(copy):
    done = invoke("1")
    assert done.stdout.splitlines()[0].startswith("environment: ")
    assert "environment differs in " in done.stdout.splitlines()[-1]


def test_nothing_is_written(copy):
    before = copy.read_bytes()
    invoke("1")
    assert copy.read_bytes() == before


def edit(database: Path, statement: str, *values: object) -> None:
    """An editor's hand in the file, past every guard."""
    with sqlite3.connect(database) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in names:
            connection.execute(f'DROP TRIGGER "{name}"')
        assert connection.execute(statement, values).rowcount == 1
    connection.close()


def test_an_edited_database_ends_with_status_one_and_names_the_decision(copy):
    edit(copy, "UPDATE decision SET seed = seed + 1 WHERE seq = 2")
    done = invoke("2")
    assert done.exit_code == 1
    assert "   2  initial_design  differs           seed: " in done.stdout


def test_an_edited_model_state_in_the_database_is_refused(copy):
    edit(copy, "UPDATE decision SET model_json = replace(model_json, '0', '1') WHERE seq = ?", SUGGESTED)
    done = invoke(str(SUGGESTED))
    assert done.exit_code == 1
    assert "1 refused" in done.stdout


@pytest.mark.parametrize("statement", [
    "UPDATE decision SET kind = 'whim' WHERE seq = 2",
    "UPDATE decision SET point_json = '{' WHERE seq = 2",
    "UPDATE campaign SET problem_json = '{}'",
    "UPDATE session SET spec_json = '[]'",
    "UPDATE session SET environment_json = 'nothing'",
])  # fmt: skip
def test_a_record_that_cannot_be_read_is_one_clear_line(copy, statement):
    edit(copy, statement)
    done = invoke("all")
    assert type(done.exception).__name__ == "BadInput", done.exception
    assert "nightbeam verify" in str(done.exception)


@pytest.mark.parametrize("which", ["0", "99", "-1", "one", "1.5", "²"])
def test_a_decision_that_is_not_there_is_refused(copy, which):
    done = invoke("--", which)
    assert "there is no such decision" in str(done.exception)


def test_json_holds_the_same(night, copy):
    told = json.loads(invoke("3", "--json").stdout)
    assert told["decisions"] == [
        {"seq": 3, "kind": "initial_design", "verdict": "exact", "sentence": "bit for bit."}
    ]
    assert told["campaign"] == "fake"


def test_ones_own_strategy_runs_only_from_the_folder_that_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    home = tmp_path / "home"
    home.mkdir()
    (home / "whim_for_replay.py").write_text(
        "from models.domain.decision import Reason\n"
        "from models.domain.space import Point\n"
        "class Whim:\n"
        "    def __init__(self, problem): self.problem = problem\n"
        "    def propose(self, history):\n"
        "        share = 0.1 + 0.02 * len(history.decisions)\n"
        "        where = {'surfactant': share, 'cosurfactant': 0.2, 'water': 0.8 - share}\n"
        "        point = Point(coordinates=where)\n"
        "        return self.problem.measure(history, 'suggest', point, Reason(code='whim', sentence='so'))\n"
        "def build(options, problem): return Whim(problem)\n"
    )
    monkeypatch.syspath_prepend(str(home))
    spec = night_spec(strategy=Plug(kind="whim_for_replay:build"), budget=BudgetSpec(measurements=3))
    found = run_night(tmp_path, spec)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry != str(home)])
    del sys.modules["whim_for_replay"]
    database = f"sqlite:///{found.database}"
    silent = invoke("all", "--db", database)
    assert "--home DIR" in str(silent.exception)
    assert "whim_for_replay" not in sys.modules
    elsewhere = invoke("all", "--db", database, "--home", str(tmp_path))
    assert "whim_for_replay" in str(elsewhere.exception)
    named = invoke("all", "--db", database, "--home", str(home))
    assert named.exit_code == 0, named.output
    assert "5 decisions: 5 exact" in named.stdout


def test_among_several_campaigns_one_has_to_be_named(night, copy):
    log = fakes.open_log(f"sqlite:///{copy}", night_spec(name="other"), copy.parent)
    log.close()
    assert "--campaign NAME" in str(invoke("1").exception)
    assert invoke("1", "--campaign", "fake").exit_code == 0
    assert "0 decisions" in invoke("all", "--campaign", "other").stdout


def test_ranges_of_decisions_are_told_short():
    assert command._ranges([1, 2, 3, 7, 9, 10]) == "1-3, 7, 9-10"
