"""Rehearsals: campaigns a minute, what a second worker brings, how often recommendations hold."""

import tempfile
import time
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import numpy as np

from agent.config import read_campaign
from agent.rehearsal.contenders import contenders_of
from agent.rehearsal.engine import Broken, ask_each, crew, play
from agent.rehearsal.jobs import Job, Rehearsed, Track
from agent.rehearsal.judging import Contest, pair_all, recommend, rivals_of, sort_out
from agent.rehearsal.pairing import AS_NEAR, share_interval, wins
from agent.rehearsal.record import open_record
from agent.rehearsal.setting import Setting, choose_world, prepare_setting
from agent.rehearsal.standards import find_standards
from agent.rehearsal.worlds import Scene
from benchmarks.machine import machine_settings
from benchmarks.row import Peer, Row, make_row
from benchmarks.task import Task
from models.domain.scattering import Floats

EXAMPLE = Path(__file__).parents[1] / "examples" / "first_light.toml"
N_TIMED, N_TIMED_QUICK = 60, 8
"""Campaigns that are timed."""
N_POOL, N_POOL_QUICK = 480, 12
"""Seeds from which contests and fresh nights are drawn, of each strategy."""
N_CONTEST, N_CONTEST_QUICK = 20, 4
"""Seeds of one contest."""
N_DRAWS, N_CONFIRMED = 400, 10
"""Contests that are drawn, and how often each recommendation is confirmed."""
SHORT = 12
"""Measurements of the campaigns that recommendations are tried on."""
SEED = 5


def measure(task: Task) -> list[Row]:
    """Rows for speed, for two workers, and for what recommendations are worth."""
    setting = _setting()
    with crew(None, 2) as client:
        standards = find_standards(client, setting, [-1], {})
    scene = replace(setting.scene, key="benchmark", standards=dict(standards))
    n = task.repeats(N_TIMED, N_TIMED_QUICK)
    (alone, _, _), (both, played_s, written_s) = (_rate(setting, scene, n, k, task) for k in (1, 2))
    facts = machine_settings("distributed", "numpy") | {"campaigns": n, "measurements": 30}
    rows = [
        make_row(
            "rehearsal.two_workers", both, "campaigns a minute", facts, Peer(name="one worker", value=alone)
        ),
        make_row("rehearsal.efficiency", both / (2 * alone), "1", facts),
        make_row(
            "rehearsal.processor_time",
            played_s,
            "s a campaign",
            facts,
            Peer(name="the writer", value=written_s),
        ),
    ]
    return [*rows, _holds(task)]


def _setting(measurements: int = 30) -> Setting:
    spec = read_campaign(EXAMPLE)
    budget = spec.budget.model_copy(update={"measurements": measurements})
    strategy = spec.strategy.model_copy(update={"initial": min(10, measurements // 2)})
    spec = spec.model_copy(update={"budget": budget, "strategy": strategy})
    choice = choose_world("fast", spec)
    return prepare_setting(choice, spec, contenders_of(spec, ()), EXAMPLE.parent)


def _rate(setting: Setting, scene: Scene, n: int, n_workers: int, task: Task) -> tuple[float, float, float]:
    """Campaigns a minute, written down; processor time of a campaign in a worker, and in the writer, s.

    The workers are warm. Where other programs use the processors, only the times of the processor tell.
    """
    names = list(setting.plans)
    jobs = [setting.job(names[k % len(names)], k // len(names)) for k in range(n)]
    with tempfile.TemporaryDirectory() as folder, crew(None, n_workers) as client:
        _warm(client, setting, scene, n_workers)
        with open_record(Path(folder), scene) as recorder:
            begun_s, own_s, played_s = time.perf_counter(), time.process_time(), 0.0
            played = play(client, jobs, scene)
            for _, one in zip(task.track(jobs, f"{n_workers} workers"), played, strict=True):
                if isinstance(one, Broken):
                    raise RuntimeError(one.why)
                recorder.write(one)
                played_s += one.track.cpu_s
            rate = 60.0 * n / (time.perf_counter() - begun_s)
            return rate, played_s / n, (time.process_time() - own_s) / n


def _warm(client: object, setting: Setting, scene: Scene, n_workers: int) -> None:
    jobs = [setting.job("bayes", 900 + k) for k in range(3 * n_workers)]
    ask_each(client, _play_here, scene, jobs)


def _play_here(scene: Scene, job: Job) -> str:
    from agent.rehearsal.one import rehearse

    return rehearse(job, scene).track.ending


def _holds(task: Task) -> Row:
    """How often the share of nights won lies inside the interval that a report would state of fresh ones."""
    setting = _setting(SHORT)
    n_pool, n_contest = task.repeats(N_POOL, N_POOL_QUICK), task.repeats(N_CONTEST, N_CONTEST_QUICK)
    jobs = [setting.job(name, place) for place in range(n_pool) for name in setting.plans]
    tracks: list[Track] = []
    with crew(None, 2) as client:
        standards = find_standards(client, setting, [-1], {})
        scene = replace(setting.scene, key="pool", standards=dict(standards))
        for _, one in zip(task.track(jobs, "fresh seeds"), play(client, jobs, scene), strict=True):
            if isinstance(one, Rehearsed):
                tracks.append(one.track)
    whole = sort_out(tracks, n_pool, SHORT, next(iter(standards.values())).scale)
    plain = [name for name, (one, _) in setting.plans.items() if one.is_plain]
    inside, shares = _draw_contests(whole, plain, n_contest)
    facts = machine_settings("numpy") | {
        "seeds": n_pool, "seeds_of_a_contest": n_contest, "contests": N_DRAWS, "stated": 0.95,
        "intervals": len(inside), "smallest_share": min(shares), "mean_share": float(np.mean(shares)),
        "largest_share": max(shares),
    }  # fmt: skip
    return make_row("rehearsal.interval_holds", float(np.mean(inside)), "share of intervals", facts)


def _draw_contests(whole: Contest, plain: list[str], n_contest: int) -> tuple[list[bool], list[float]]:
    """Draw contests, and confirm each on as many nights; the pool is all nights there are.

    The true share is that of the whole pool, and fresh nights are drawn from it with replacement: so the
    truth has no noise of its own, which would make an interval miss it that holds.
    """
    rng = np.random.default_rng(SEED)
    n_pool = min(len(tracks) for tracks in whole.tracks.values())
    won = _wins_of_all(whole)
    inside: list[bool] = []
    shares: list[float] = []
    for _ in range(N_DRAWS):
        chosen = {int(k) for k in rng.choice(n_pool, n_contest, replace=False)}
        contest = Contest(_only(whole, chosen), {}, {}, SHORT, whole.scale)
        pairs = pair_all(contest)
        best = recommend(contest, pairs)
        for other in rivals_of(best, contest, pairs, plain):
            share = float(won[best, other].mean())
            for _ in range(N_CONFIRMED):
                fresh = rng.integers(0, n_pool, n_contest)
                low, high = share_interval(float(won[best, other][fresh].sum()), n_contest)
                inside.append(low <= share <= high)
            shares.append(share)
    return inside, shares


def _wins_of_all(whole: Contest) -> dict[tuple[str, str], Floats]:
    """For each ordered pair of strategies who won each night of the pool, shape (n_pool,)."""
    scores = whole.scores(whole.tracks)
    return {
        (a, b): np.array([wins(scores[a][k], scores[b][k], AS_NEAR * whole.scale) for k in sorted(scores[a])])
        for a, b in permutations(scores, 2)
    }


def _only(contest: Contest, places: set[int]) -> dict[str, list[Track]]:
    return {name: [t for t in found if t.place in places] for name, found in contest.tracks.items()}
