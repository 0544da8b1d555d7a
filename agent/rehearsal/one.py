"""Rehearse one campaign: the same loop, the same strategy, another instrument."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from agent.loop import Loop
from agent.narrators import Silent
from agent.parts import Parts
from agent.rehearsal.jobs import TRACK_ROLE, Job, Rehearsed, Track
from agent.rehearsal.memory_log import BOOT, NS_PER_S, MemoryLog
from agent.rehearsal.scoring import Judge, failures_of, forecasts_of, steps_of
from agent.rehearsal.worlds import Scene, Stage, furnish
from agent.rehearsal.yardsticks.catalog import yardstick_for
from agent.rehearsal.yardsticks.standard import Standard
from agent.strategy.problem import Problem
from agent.strategy.stack import build_strategy
from models.domain.artifact import Artifact
from models.domain.canonical import canonical_json
from models.domain.clock import Stamp
from models.domain.history import Failure, History
from models.domain.records import Decided, Ended, Observed, Record

BEGAN = datetime(2026, 1, 1, 20, 0, tzinfo=UTC)
"""When every rehearsed night begins: no real time passes, and the same night gives the same record."""
ALL = -1
"""Place of the standard that serves all seeds."""


def rehearse(job: Job, scene: Scene) -> Rehearsed:
    """Rehearse one campaign and score it.

    Parameters
    ----------
    job
        The campaign.
    scene
        What it plays on.
    """
    begun_s = time.process_time()
    world = furnish(scene)
    with world.stage(job) as stage:
        clock = _Clock(stage, job.spec.measurement.overhead_s)
        log = MemoryLog(clock, clock.expose)
        history, ending = _play(job, stage, clock, log)
    problem = Problem.model_validate_json(job.problem_json)
    standard: Standard = scene.standards[job.place if job.place in scene.standards else ALL]
    standard = yardstick_for(scene.spec.objective).among(standard, problem.space)
    judge = Judge(scene.spec.objective, problem.space, standard, world, job.place)
    track = Track(
        contender=job.contender,
        place=job.place,
        variant=job.variant,
        steps=steps_of(judge, history, job.spec, _ends(log.stamped)),
        forecasts=forecasts_of(job.spec.objective, history),
        failed=failures_of(history),
        repeats=sum(decision.kind == "repeat" for decision in history.decisions),
        ending=ending,
        cpu_s=time.process_time() - begun_s,
    )
    return Rehearsed(job, track, _with_track(log.stamped, track))


def _play(job: Job, stage: Stage, clock: "_Clock", log: MemoryLog) -> tuple[History, str]:
    """Run the loop to its ending; what happened, and the ending's code."""
    strategy = build_strategy(job.spec, Problem.model_validate_json(job.problem_json))
    parts = Parts(stage.instrument, stage.analysis, strategy, log, Silent())
    loop = Loop(parts, job.spec.budget, lambda: clock().utc, None)
    ending = loop.run()
    return loop.history, ending.code


class _Clock:
    """Tells the rehearsed time: that of the instrument, and what each measurement takes besides."""

    def __init__(self, stage: Stage, overhead_s: float) -> None:
        self._stage, self._overhead_s, self._n_exposed = stage, overhead_s, 0

    def expose(self) -> None:
        """One more exposure begins."""
        self._n_exposed += 1

    def __call__(self) -> Stamp:
        seconds = self._stage.seconds() + self._n_exposed * self._overhead_s
        utc = (BEGAN + timedelta(seconds=seconds)).isoformat(timespec="microseconds")
        return Stamp(utc=utc, monotonic_ns=round(seconds * NS_PER_S), boot_id=BOOT)


def _ends(stamped: list[tuple[Record, Stamp]]) -> dict[int, float]:
    """When the outcome of each decision was known, s since the beginning, by `seq`."""
    ends: dict[int, float] = {}
    for record, stamp in stamped:
        match record:
            case Observed(observation=outcome) | Ended(failure=Failure() as outcome) | (Failure() as outcome):
                ends[outcome.seq] = stamp.monotonic_ns / NS_PER_S
            case _:
                pass
    return ends


def _with_track(stamped: list[tuple[Record, Stamp]], track: Track) -> tuple[tuple[Record, Stamp], ...]:
    """The records, the last decision with the track beside it: it goes on record like a map of belief."""
    content = canonical_json(track).encode()
    kept = Artifact(role=TRACK_ROLE, name="track", media_type="application/json", content=content)
    last = max(place for place, (record, _) in enumerate(stamped) if isinstance(record, Decided))
    record, stamp = stamped[last]
    assert isinstance(record, Decided)
    marked: Any = record.model_copy(update={"artifacts": (*record.artifacts, kept)})
    return (*stamped[:last], (marked, stamp), *stamped[last + 1 :])
