"""Measurements needed for the same map error or regret, beside every peer that is installed.

``python -m benchmarks.thrift [PROBLEM ...]`` runs it with options of its own. Campaigns are kept one by one,
so that a run can be interrupted and gone on with.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from pydantic import JsonValue
from rich.console import Console

from benchmarks.comparison import Needed, compare
from benchmarks.machine import keep_to_one_thread, machine_settings
from benchmarks.peers.catalog import OWN, PEERS, find_peer
from benchmarks.peers.conversation import Conversation
from benchmarks.peers.environments import NotInstalled, python_of
from benchmarks.problems.catalog import NAMES, find_problem
from benchmarks.problems.kind import BenchProblem, Unavailable
from benchmarks.report import table_of, write_rows
from benchmarks.row import Peer, Row, make_row
from benchmarks.scoring import UNITS
from benchmarks.tally import Tally, counts_of, tally
from benchmarks.task import Task, Track
from benchmarks.trajectory import (
    FOLDER,
    Method,
    Trajectory,
    place_of,
    read_trajectory,
    run_campaign,
    write_trajectory,
)

N_SEEDS, N_SEEDS_QUICK = 20, 3
OTHERS = tuple(peer.name for peer in PEERS if peer.name != OWN)
QUICK_PEERS = ("random", "sobol", "gpcam")
"""Whom a quick run asks: those that answer within a second."""


@dataclass(frozen=True)
class Contest:
    """Who is compared on what."""

    problems: tuple[str, ...]
    """Names of problems."""
    methods: tuple[Method, ...]
    """Ours first."""
    n_seeds: int
    """Campaigns of each method on each problem."""
    is_fresh: bool = False
    """True to run again what was kept."""


def measure(task: Task) -> list[Row]:
    """Rows for every problem and peer."""
    names = QUICK_PEERS if task.is_quick else OTHERS
    methods = choose_methods(names, task.say, is_with_best=not task.is_quick)
    contest = Contest(tuple(NAMES), methods, task.repeats(N_SEEDS, N_SEEDS_QUICK))
    return run_contest(contest, task.track, task.say)


def choose_methods(
    names: tuple[str, ...], say: Callable[[str], None], *, is_with_best: bool = True
) -> tuple[Method, ...]:
    """Ours, and every named peer that is installed, in each of its settings."""
    chosen = [Method(find_peer(OWN))]
    for peer in map(find_peer, names):
        try:
            python_of(peer)
        except NotInstalled as reason:
            say(f"thrift: {reason}")
            continue
        chosen += [Method(peer, setting) for setting in (peer.settings if is_with_best else ("default",))]
    return tuple(chosen)


def run_contest(contest: Contest, track: Track, say: Callable[[str], None]) -> list[Row]:
    """Run what was not run yet, score it, and compare ours with each peer.

    Parameters
    ----------
    contest
        Who, on what.
    track
        Shows how far it is.
    say
        Prints one sentence.
    """
    rows: list[Row] = []
    for name in contest.problems:
        try:
            problem = find_problem(name)
        except Unavailable as reason:
            say(f"thrift: {name} is skipped, {reason}")
            continue
        tallies = [_tally_of(contest, problem, method, track) for method in contest.methods]
        for one in tallies:
            _tell(problem, one, say)
        rows += [_row(problem, tallies[0], other) for other in tallies[1:]]
    _sum_up(rows, say)
    return rows


def _sum_up(rows: list[Row], say: Callable[[str], None]) -> None:
    ratios = [row.ratio for row in rows if row.ratio is not None]
    if not ratios:
        return
    n_behind = sum(ratio > 1 for ratio in ratios)
    n_missed = sum(not row.settings["is_reached"] for row in rows if row.ratio is not None)
    say(
        f"thrift: ours need {np.median(ratios):.2f} times the measurements in the median; more than the peer "
        f"in {n_behind} of {len(ratios)} rows, and in {n_missed} of these ours did not come to its score."
    )


def _tally_of(contest: Contest, problem: BenchProblem, method: Method, track: Track) -> Tally:
    kept: list[tuple[Path, Trajectory]] = []
    with ExitStack() as stack:
        talking: list[Conversation] = []

        def talk() -> Conversation:
            if not talking or not talking[-1].is_alive:
                log = FOLDER / "logs" / f"{problem.name}-{method.peer.name}-{method.setting}.txt"
                talking.append(stack.enter_context(Conversation(method.peer, log)))
            return talking[-1]

        for seed in track(range(contest.n_seeds), f"{problem.name}, {method.name}"):
            path = place_of(problem, method, seed)
            found = None if contest.is_fresh else read_trajectory(path)
            if found is None:
                found = run_campaign(problem, method, seed, talk)
                write_trajectory(path, found)
            kept.append((path, found))
    return tally(problem, method, kept)


def _tell(problem: BenchProblem, one: Tally, say: Callable[[str], None]) -> None:
    final, worse = np.quantile(one.scores[:, -1], [0.5, 0.75])
    band = "no posterior" if one.coverage is None else f"95 % band covers {one.coverage:.0%}"
    broken = f"; {one.n_broken} broke off: {one.how_broken}" if one.n_broken else ""
    remark = f"; {one.says}" if one.says else ""
    reached = f"{UNITS.get(problem.goal, 'regret')} {final:.4g} (a quarter above {worse:.4g})"
    say(
        f"{problem.name:14} {one.method.name:16} {reached} at {problem.budget}; {band}; "
        f"{one.step_s:.3g} s a step{broken}{remark}"
    )


def _row(problem: BenchProblem, ours: Tally, theirs: Tally) -> Row:
    """Ours beside a peer. A count that was not come to is not made up: the row says so, and has no ratio."""
    needed = compare(counts_of(problem), ours.scores, theirs.scores, problem.good_enough)
    settings = _settings(problem, ours, theirs, needed)
    name, is_ours_there = f"thrift.{problem.name}", np.isfinite(needed.ours)
    value = needed.ours if is_ours_there else float(problem.budget)
    if theirs.is_broken:
        return make_row(name, value, "measurements", settings | {"peer": f"{theirs.method.name} broke off"})
    beside = Peer(name=theirs.method.name, value=needed.theirs)
    row = make_row(name, value, "measurements", settings, beside)
    if is_ours_there:
        return row
    remark = f"{beside.name}; ours is not there after {problem.budget}, the ratio is larger"
    return row.model_copy(update={"peer": remark})


def _settings(problem: BenchProblem, ours: Tally, theirs: Tally, needed: Needed) -> dict[str, JsonValue]:
    interval: list[JsonValue] = [_or_none(needed.low), _or_none(needed.high)]
    return {
        "problem": problem.says,
        "score": UNITS.get(problem.goal, "regret"),
        "level": needed.level,
        "is_reached": bool(np.isfinite(needed.ours)),
        "interval": interval,
        "seeds": len(ours.scores),
        "final": float(np.median(ours.scores[:, -1])),
        "peer_final": float(np.median(theirs.scores[:, -1])),
        "final_upper_quartile": float(np.quantile(ours.scores[:, -1], 0.75)),
        "peer_final_upper_quartile": float(np.quantile(theirs.scores[:, -1], 0.75)),
        "coverage": ours.coverage,
        "peer_coverage": theirs.coverage,
        "step_s": ours.step_s,
        "peer_step_s": theirs.step_s,
        "broken": ours.n_broken,
        "peer_broken": theirs.n_broken,
        "ended": ours.how_broken,
        "peer_ended": theirs.how_broken,
        "says": ours.says,
        "peer_says": theirs.says,
        "version": ours.method.version(),
        "peer_version": theirs.method.version(),
        **machine_settings("numpy", "scipy"),
    }


def _or_none(ratio: float) -> float | None:
    return round(ratio, 3) if np.isfinite(ratio) else None


def main(
    problems: Annotated[list[str] | None, typer.Argument(help=f"Which: {', '.join(NAMES)}.")] = None,
    peer: Annotated[
        list[str] | None, typer.Option(help="Whom to compare with, at its defaults; all, and at their best.")
    ] = None,
    seeds: Annotated[int, typer.Option(help="Campaigns of each method on each problem.")] = N_SEEDS,
    fresh: Annotated[bool, typer.Option("--fresh", help="Run again what was kept.")] = False,
    out: Annotated[Path | None, typer.Option(help="JSON file for the rows.")] = None,
) -> None:
    """Count measurements needed for the same score.

    Example: `python -m benchmarks.thrift sharp_map --peer gpcam --seeds 5`
    """
    for wanted, known in ((problems, tuple(NAMES)), (peer, OTHERS)):
        unknown = [name for name in wanted or () if name not in known]
        if unknown:
            raise typer.BadParameter(f"there is no {unknown[0]!r}; there are {', '.join(known)}")
    keep_to_one_thread()
    console = Console()

    def say(sentence: str) -> None:
        console.print(sentence, soft_wrap=True, highlight=False)

    methods = choose_methods(tuple(peer or OTHERS), say, is_with_best=not peer)
    contest = Contest(tuple(problems or NAMES), methods, seeds, fresh)
    rows = run_contest(contest, lambda steps, label: steps, say)
    console.print(table_of(rows))
    if out is not None:
        write_rows(rows, out)


if __name__ == "__main__":
    typer.run(main)
