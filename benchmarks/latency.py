"""Seconds from one observation told to the next point, beside every peer that is installed, in one run.

``python -m benchmarks.latency`` runs it with options of its own. A map of two axes and a mixture of three
components, noise given; a method has been going on for a few steps before it is timed; methods take turns.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
import typer
from pydantic import JsonValue
from rich.console import Console

from benchmarks.machine import keep_to_one_thread, machine_settings
from benchmarks.peers.catalog import OWN, PEERS
from benchmarks.peers.conversation import Conversation, PeerFailed, PeerLacks
from benchmarks.problems.catalog import find_problem
from benchmarks.problems.kind import BenchProblem
from benchmarks.report import table_of
from benchmarks.row import Peer, Row, make_row
from benchmarks.task import Task
from benchmarks.thrift import choose_methods
from benchmarks.trajectory import FOLDER, Method
from models.domain.scattering import Floats

SIZES = {"sharp_map": (20, 100, 500, 2000), "decoy_mixture": (10, 50, 200)}
SIZES_QUICK = {"sharp_map": (20, 100), "decoy_mixture": (10, 50)}
LABELS = {"sharp_map": "map", "decoy_mixture": "mixture"}
"""What the cases are called in rows."""
BATCH = {"sharp_map": (1,), "decoy_mixture": (1, 4)}
"""Points asked for at a time."""
TIMED = tuple(peer.name for peer in PEERS if peer.name not in (OWN, "random", "sobol"))
"""Whom there is something to time of."""
QUICK_PEERS = ("gpcam", "afl")
"""Whom a quick run asks: those that answer within a second."""
SLOW_S = 5.0
"""A first step that takes so long counts: what a library loads is small beside it."""
MOST_STEPS, FEWEST_STEPS, N_WARM_UPS = 15, 3, 2
PATIENCE_S, PATIENCE_QUICK_S = 120.0, 20.0
"""After so much time no further step is begun for a method in one case, s."""
STEP_LIMIT_S, STEP_LIMIT_QUICK_S = 300.0, 60.0
"""A method that takes longer for one step is recorded as over the limit, and asked no more."""
LONG = 3.0
"""A step of more than so many medians counts as one in which something fell due, such as a refit."""


@dataclass
class Runner:
    """One method in one case."""

    method: Method
    """The method."""
    conversation: Conversation
    """Its process."""
    points: Floats
    """What was measured so far, shape (n, n_axes)."""
    news: Floats
    """What was measured and not told yet."""
    steps_s: list[float] = field(default_factory=list)
    """Timed steps, s."""
    n_warm_ups: int = 0
    """Steps that were not counted."""
    ended: str = ""
    """Why it is asked no more; empty while it goes on."""

    def is_going_on(self, n_steps: int, patience_s: float) -> bool:
        """True while it is to be asked again."""
        if self.ended or len(self.steps_s) >= n_steps:
            return False
        return len(self.steps_s) < FEWEST_STEPS or sum(self.steps_s) < patience_s


@dataclass(frozen=True)
class Case:
    """One row of the table."""

    problem: BenchProblem
    """What is measured."""
    n: int
    """Observations, about the middle of the timed steps."""
    n_points: int
    """Points asked for at a time."""
    patience_s: float
    """After so much time no further step is begun, s."""
    limit_s: float
    """Longest step, s."""

    @property
    def name(self) -> str:
        """For rows: ``latency.map.100`` or ``latency.mixture.50.four``."""
        batch = {1: "", 4: ".four"}[self.n_points]
        return f"latency.{LABELS[self.problem.name]}.{self.n}{batch}"

    @property
    def n_steps(self) -> int:
        """Timed steps, at most: few where they would change the count of observations much."""
        return min(MOST_STEPS, max(FEWEST_STEPS + 2, self.n // 4))


def measure(task: Task) -> list[Row]:
    """Rows for every case and peer."""
    names = QUICK_PEERS if task.is_quick else TIMED
    methods = choose_methods(names, task.say, is_with_best=not task.is_quick)
    return time_all(methods, task.say, is_quick=task.is_quick)


def time_all(methods: tuple[Method, ...], say: Callable[[str], None], *, is_quick: bool) -> list[Row]:
    """Time all methods in all cases, ours first; and how their time grows."""
    rows: list[Row] = []
    patience_s = PATIENCE_QUICK_S if is_quick else PATIENCE_S
    limit_s = STEP_LIMIT_QUICK_S if is_quick else STEP_LIMIT_S
    for name, sizes in (SIZES_QUICK if is_quick else SIZES).items():
        problem = find_problem(name)
        medians: dict[str, dict[int, float]] = {method.name: {} for method in methods}
        for n_points in BATCH[name]:
            for n in sizes:
                case = Case(problem, n, n_points, patience_s, limit_s)
                runners = time_case(case, methods)
                _tell(case, runners, say)
                rows += _rows(case, runners)
                for runner in runners:
                    if runner.steps_s and n_points == 1:
                        medians[runner.method.name][n] = float(np.median(runner.steps_s))
        rows += [row for method in methods if (row := _growth(name, method.name, medians[method.name]))]
    return rows


def time_case(case: Case, methods: tuple[Method, ...]) -> list[Runner]:
    """Let methods take turns at one case.

    Parameters
    ----------
    case
        What is asked.
    methods
        Who answers.
    """
    with ExitStack() as stack:
        runners = [_begin(case, method, stack) for method in methods]
        while any(runner.is_going_on(case.n_steps, case.patience_s) for runner in runners):
            for runner in runners:
                if runner.is_going_on(case.n_steps, case.patience_s):
                    _step(case, runner)
    return runners


def _begin(case: Case, method: Method, stack: ExitStack) -> Runner:
    # peers keep their own count of threads; ours uses one, as it always does
    threads = 1 if method.peer.name == OWN else None
    log = FOLDER / "logs" / f"latency-{method.peer.name}-{method.setting}.txt"
    conversation = stack.enter_context(Conversation(method.peer, log, threads=threads))
    points = case.problem.region.draw(max(case.n - case.n_steps // 2 - N_WARM_UPS, 5), case.n)
    runner = Runner(method, conversation, points[:0], points)
    try:
        begin = case.problem.begin(seed=case.n, setting=method.setting) | {"n_initial": 2}
        conversation.request({"begin": begin}, case.limit_s)
    except (PeerFailed, PeerLacks) as reason:
        runner.ended = str(reason)
    return runner


def _step(case: Case, runner: Runner) -> None:
    """Tell what is new, ask, and note the time; the first steps warm the method up."""
    values, sigmas = case.problem.measure(runner.news, case.n, len(runner.points))
    told = [runner.news.tolist(), values.tolist(), sigmas.tolist()]
    try:
        answer = runner.conversation.request({"tell": told, "ask": case.n_points}, case.limit_s)
    except (PeerFailed, PeerLacks) as reason:
        runner.ended = str(reason)
        return
    if runner.n_warm_ups < N_WARM_UPS and float(answer["wall_s"]) < SLOW_S:
        runner.n_warm_ups += 1
    else:
        runner.steps_s.append(float(answer["wall_s"]))
    runner.points = np.vstack([runner.points, runner.news])
    runner.news = np.array(answer["points"], dtype=np.float64)[:1]


def _tell(case: Case, runners: list[Runner], say: Callable[[str], None]) -> None:
    told: list[str] = []
    for runner in runners:
        median = f"{np.median(runner.steps_s):.3g} s" if runner.steps_s else "none"
        told.append(f"{runner.method.name} {median}{f' ({runner.ended})' if runner.ended else ''}")
    say(f"{case.name}: {', '.join(told)}")


def _rows(case: Case, runners: list[Runner]) -> list[Row]:
    ours, *others = runners
    if not ours.steps_s:
        return []
    median = float(np.median(ours.steps_s))
    rows: list[Row] = []
    for other in others:
        settings: dict[str, JsonValue] = {
            "n": case.n,
            "points": case.n_points,
            "ours": _spread(ours),
            "peer": _spread(other),
            **machine_settings("numpy"),
        }
        if not other.steps_s:
            rows.append(make_row(case.name, median, "s", settings | {"no_peer": other.method.name}))
            continue
        beside = Peer(name=other.method.name, value=float(np.median(other.steps_s)))
        rows.append(make_row(case.name, median, "s", settings, beside))
    return rows


def _spread(runner: Runner) -> JsonValue:
    """Quartiles, and apart from them the steps in which something fell due."""
    if not runner.steps_s:
        return {"ended": runner.ended}
    steps = np.array(runner.steps_s)
    median = float(np.median(steps))
    long = steps[steps > LONG * median]
    return {
        "steps": len(steps),
        "quartiles": [float(q) for q in np.quantile(steps, [0.25, 0.75])],
        "longest": float(steps.max()),
        "longest_over_median": round(float(steps.max()) / median, 2),
        "long_steps": len(long),
        "long_median": float(np.median(long)) if len(long) else None,
        "ended": runner.ended,
    }


def _growth(problem: str, method: str, medians: dict[int, float]) -> Row | None:
    """Exponent of N by which the time grows, over all sizes that were timed."""
    if len(medians) < 2:
        return None
    sizes, times = np.log(list(medians)), np.log(list(medians.values()))
    slope = float(np.polyfit(sizes, times, 1)[0])
    settings: dict[str, JsonValue] = {"method": method, "s": {str(n): s for n, s in medians.items()}}
    return make_row(f"latency.{LABELS[problem]}.growth.{method}", slope, "exponent", settings)


def main(
    peer: Annotated[
        list[str] | None, typer.Option(help="Whom to time, at its defaults; all when left out.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Small sizes, few steps.")] = False,
) -> None:
    """Time one observation told to the next point.

    Example: `python -m benchmarks.latency --peer gpcam --peer botorch --quick`
    """
    keep_to_one_thread()
    console = Console()

    def say(sentence: str) -> None:
        console.print(sentence, soft_wrap=True, highlight=False)

    unknown = [name for name in peer or () if name not in TIMED]
    if unknown:
        raise typer.BadParameter(f"there is no peer {unknown[0]!r}; there are {', '.join(TIMED)}")
    methods = choose_methods(tuple(peer or TIMED), say, is_with_best=not peer)
    console.print(table_of(time_all(methods, say, is_quick=quick)))


if __name__ == "__main__":
    typer.run(main)
