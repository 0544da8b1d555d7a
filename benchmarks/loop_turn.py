"""Seconds of one turn of the loop, without exposure time, by phase; a commit and a RunEngine call alone."""

import sqlite3
import tempfile
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import bluesky.plan_stubs as bps
from bluesky import RunEngine
from bluesky.utils import MsgGenerator
from pydantic import JsonValue

from agent.clock import system_clock
from agent.config import read_campaign
from agent.environment import environment_json
from agent.loop import Loop, Parts
from agent.strategy import bayes
from agent.strategy.problem import Problem
from agent.strategy.upkeep import WithBlanks, WithRepeats
from benchmarks.machine import machine_settings
from benchmarks.row import Peer, Row, make_row
from benchmarks.stopwatch import (
    EndsTurns,
    Stopwatch,
    TimedAnalysis,
    TimedInstrument,
    TimedLog,
    TimedStrategy,
    TimedWorld,
)
from benchmarks.task import Task
from benchmarks.timing import spread_of, time_turn_about
from db.engine import open_to_write
from db.holder import this_process
from db.identity import CampaignIdentity
from db.lease import Ways, take_lease
from db.log import DecisionLog, Opening, Process
from instruments.kinds import BuildContext
from instruments.runner import BlueskyInstrument
from instruments.virtual import Options, beamline_around
from models.domain.campaign import BudgetSpec, CampaignSpec
from models.domain.records import Event
from models.gp.threads import use_one_thread
from models.saxs.extractors import load_extractors
from models.saxs.pipeline import build_analysis
from sims.world import WorldSpec

EXAMPLE = Path(__file__).parent.parent / "examples" / "first_light.toml"
N_INITIAL = 6
"""Turns of the even start: they warm everything up and are not counted."""
N_TURNS = 15
"""Turns with a model behind them."""
N_COMMITS = 100
N_CALLS = 100
MS = 1e3
PHASES = {
    "decide": "decide",
    "log": "all commits of a turn",
    "act": "act: RunEngine, devices, render and write the frame",
    "render": "of which the virtual beamline's rendering",
    "read": "read: frame from disk, reduce, subtract, judge, features, write the curve",
}
"""Phases of a turn, and what they are."""


def measure(task: Task) -> list[Row]:
    """Rows for the turn, its phases, a commit, and an empty RunEngine call."""
    use_one_thread()
    # in the working folder, as a campaign's own files are: what a commit costs depends on the disk
    with tempfile.TemporaryDirectory(prefix="nightbeam-bench-", dir=Path.cwd()) as folder:
        rows = _time_turns(task, Path(folder), task.repeats(N_TURNS, 3))
        rows.append(_time_commits(task, Path(folder), task.repeats(N_COMMITS, 20)))
    rows.append(_time_calls(task, task.repeats(N_CALLS, 20)))
    return rows


def run_campaign(folder: Path, n_turns: int, watch: Stopwatch) -> None:
    """Run ``examples/first_light.toml`` without faults, every part timed.

    Parameters
    ----------
    folder
        Where the database, frames and curves go.
    n_turns
        Turns after the even start.
    watch
        Notes the times.
    """
    budget = BudgetSpec(measurements=N_INITIAL + n_turns)
    spec = read_campaign(EXAMPLE).model_copy(update={"budget": budget})
    world = TimedWorld(WorldSpec(), spec.seed, watch)
    names = tuple(axis.name for axis in spec.axes)
    beamline = beamline_around(world, Options(), BuildContext(spec.name, spec.seed, folder, axes=names))
    instrument = BlueskyInstrument(beamline, spec.name, folder)
    analysis = build_analysis(
        spec.analysis, extractors=load_extractors(spec.analysis.features), folder=folder
    )
    clock = system_clock()
    with _open_log(folder / "turns.db", spec) as log:
        parts = Parts(
            TimedInstrument(instrument, watch),
            TimedAnalysis(analysis, watch),
            TimedStrategy(_strategy(spec), watch),
            TimedLog(log, watch),
            EndsTurns(watch),
        )
        ending = Loop(parts, spec.budget, lambda: clock().utc, log.began_utc).run()
    instrument.close()
    assert ending.is_finished


def _strategy(spec: CampaignSpec) -> WithBlanks:
    problem = Problem(
        space=spec.space(), objective=spec.objective, units={"peak_strength": "1"},
        exposure_s=spec.measurement.exposure_s, seed=spec.seed,
    )  # fmt: skip
    chooses = bayes.build(bayes.Options(initial=N_INITIAL), problem)
    assert spec.measurement.blank is not None
    return WithBlanks(
        WithRepeats(chooses, spec.measurement.attempts, problem), spec.measurement.blank, problem
    )


@contextmanager
def _open_log(path: Path, spec: CampaignSpec) -> Generator[DecisionLog]:
    identity = CampaignIdentity(spec.name, "0" * 16, path.parent, is_new=True)
    clock, engine = system_clock(), open_to_write(f"sqlite:///{path}")
    lease = take_lease(engine, "benchmark", this_process(spec.name, clock()), Ways(clock))
    log = DecisionLog(engine, lease, Opening(identity, spec, "{}"), Process(clock, environment_json()))
    try:
        yield log
    finally:
        log.close()


def _time_turns(task: Task, folder: Path, n_turns: int) -> list[Row]:
    task.say(f"loop_turn: running {N_INITIAL} + {n_turns} turns")
    watch = Stopwatch()
    run_campaign(folder, n_turns, watch)
    counted = [spent for decision, spent in watch.turns if decision.kind == "suggest"]
    settings: dict[str, JsonValue] = {
        "n": N_INITIAL + n_turns,
        "exposure_s": 0.0,
        **machine_settings("bluesky", "ophyd", "sqlalchemy", "botorch", "torch", "pyFAI", "numpy"),
    }
    rows: list[Row] = []
    for phase, meaning in {"turn": "the whole turn", **PHASES}.items():
        spread = spread_of([spent.get(phase, 0.0) for spent in counted])
        own: dict[str, JsonValue] = {"phase": meaning, **spread.settings()}
        name = "loop_turn" if phase == "turn" else f"loop_turn.{phase}"
        rows.append(make_row(name, spread.median, "s", own | settings))
    return rows


def _time_commits(task: Task, folder: Path, n_repeats: int) -> Row:
    """One commit of the log beside one of SQLite alone, on the same disk, both safe against power loss."""
    event = Event(level="info", code="timed", sentence="A commit was timed.")
    with (
        _open_log(folder / "commits.db", read_campaign(EXAMPLE)) as log,
        closing(sqlite3.connect(folder / "bare.db", isolation_level=None)) as bare,
    ):
        for statement in (
            "PRAGMA journal_mode=WAL",
            "PRAGMA synchronous=FULL",
            "CREATE TABLE event (id INTEGER PRIMARY KEY, code TEXT, sentence TEXT)",
        ):
            bare.execute(statement)

        def commit_barely(number: int) -> None:
            del number
            bare.execute("BEGIN IMMEDIATE")
            bare.execute("INSERT INTO event (code, sentence) VALUES (?, ?)", (event.code, event.sentence))
            bare.execute("COMMIT")

        rounds = task.track(range(n_repeats), "commits")
        ours, peer = time_turn_about((lambda _: log.append(event), commit_barely), rounds, n_warm_ups=5)
    settings: dict[str, JsonValue] = {
        "repeats": n_repeats,
        "quartiles": [ours.wall_s.low * MS, ours.wall_s.high * MS],
        "cpu_ms": ours.cpu_s * MS,
        "peer_cpu_ms": peer.cpu_s * MS,
        "database": "SQLite, journal_mode WAL, synchronous FULL, one row a commit",
        **machine_settings("sqlalchemy"),
    }
    beside = Peer(name="sqlite3 alone", value=peer.wall_s.median * MS)
    return make_row("log_commit", ours.wall_s.median * MS, "ms", settings, beside)


def _time_calls(task: Task, n_repeats: int) -> Row:
    """An empty run, nobody listening: what Bluesky itself takes of every action."""
    engine = RunEngine({}, context_managers=[])

    def plan() -> MsgGenerator[Any]:
        yield from bps.open_run()
        yield from bps.close_run()

    rounds = task.track(range(n_repeats), "RunEngine calls")
    (timing,) = time_turn_about((lambda _: engine(plan()),), rounds, n_warm_ups=5)
    engine.loop.call_soon_threadsafe(engine.loop.stop)
    settings: dict[str, JsonValue] = {
        "repeats": n_repeats,
        "quartiles": [timing.wall_s.low * MS, timing.wall_s.high * MS],
        "cpu_ms": timing.cpu_s * MS,
        **machine_settings("bluesky"),
    }
    return make_row("run_engine_call", timing.wall_s.median * MS, "ms", settings)
