"""How many measurements until the sought sample is found: Bayesian against random order.

Nothing is timed. Curves that were measured once are served from memory; analysis and strategies are the
real ones. Among existing samples the Bayesian strategy draws nothing at random, so each seed draws the first
sample instead, the same one for both orders: everything after it differs from seed to seed.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import JsonValue

from agent.ports import Strategy
from agent.strategy import bayes, random
from agent.strategy.problem import Problem
from benchmarks.machine import machine_settings
from benchmarks.row import Peer, Row, make_row
from benchmarks.shelf import Shelf, fill_shelf
from benchmarks.task import Skipped, Task
from benchmarks.timing import spread_of
from instruments.dataset_table import read_dataset
from models.domain.decision import Decision, Reason
from models.domain.history import History
from models.domain.objective import Extreme, Target, as_objective
from models.domain.seeds import derive_seed
from models.gp.threads import use_one_thread

DESCRIPTION = Path(__file__).parent.parent / "examples" / "mesoporous_silica" / "dataset.toml"
"""What the columns of the measured silica mean."""
N_SEEDS = 20
STRONGEST = as_objective(feature="peak_strength")
SPACING = "peak_d"
"""Feature of the second search: each seed seeks another of the spacings that exist."""

Order = Literal["bayes", "random"]


@dataclass(frozen=True, eq=False)
class Hunt:
    """One sample is sought among those on a shelf."""

    shelf: Shelf
    """The samples."""
    objective: Extreme | Target
    """What is sought."""
    sought: str
    """Name of the sample that meets it best."""


def measure(task: Task) -> list[Row]:
    """A row for each objective."""
    if not task.dataset.is_dir():
        raise Skipped(f"there is no dataset at {task.dataset}; name one with --dataset DIR")
    use_one_thread()
    with tempfile.TemporaryDirectory() as folder:
        shelf = fill_shelf(read_dataset(DESCRIPTION, task.dataset), Path(folder))
    n_seeds = task.repeats(N_SEEDS, 3)
    strongest = begin_hunt(shelf, STRONGEST)
    return [
        _measure_hunts(task, "strongest_peak", STRONGEST.text(), [strongest] * n_seeds),
        _measure_hunts(
            task, "target_spacing", f"{SPACING} of a sample that exists", spacings(shelf, n_seeds)
        ),
    ]


def begin_hunt(shelf: Shelf, objective: Extreme | Target) -> Hunt:
    """Look up which sample meets the objective best: what no strategy may know."""
    values = {
        sample: feature.value
        for sample, observation in shelf.observations.items()
        if (feature := observation.feature(objective.feature)) is not None
    }
    return Hunt(shelf, objective, min(values, key=lambda sample: objective.distance(values[sample])))


def spacings(shelf: Shelf, n_hunts: int) -> list[Hunt]:
    """Hunts for spacings that exist, evenly over their ranks: no target is picked because it is easy."""
    found = [o.feature(SPACING) for o in shelf.observations.values()]
    values = sorted(feature.value for feature in found if feature is not None)
    ranks = [int((number + 0.5) / n_hunts * len(values)) for number in range(n_hunts)]
    return [
        begin_hunt(shelf, as_objective(feature=SPACING, goal="target", target=values[rank])) for rank in ranks
    ]


def count_until_found(hunt: Hunt, order: Order, seed: int) -> int:
    """Measurements until the sought sample is measured, itself and the first, drawn one among them.

    Parameters
    ----------
    hunt
        What is sought.
    order
        How the next sample is chosen.
    seed
        Draws the first sample, and the random order.
    """
    shelf = hunt.shelf
    unit = next(
        f.unit for o in shelf.observations.values() for f in o.features if f.name == hunt.objective.feature
    )
    problem = Problem(
        space=shelf.space,
        objective=hunt.objective,
        units={hunt.objective.feature: unit},
        exposure_s=1.0,
        seed=seed,
    )
    strategy: Strategy = (
        bayes.build(bayes.Options(), problem) if order == "bayes" else random.build(random.Options(), problem)
    )
    history = History()
    decision = _first(problem, history)
    while decision.point is not None:
        history = _carry_out(shelf, history, decision)
        if decision.point.sample == hunt.sought:
            return history.n_measured
        decision = strategy.propose(history)
    raise AssertionError(f"{order} stopped before {hunt.sought} was measured: {decision.reason.sentence}")


def _first(problem: Problem, history: History) -> Decision:
    points = problem.space.candidates
    drawn = np.random.default_rng(derive_seed(problem.seed, "first")).integers(len(points))
    reason = Reason(code="first", sentence="Drawn at random: each seed begins elsewhere.")
    return problem.measure(history, "initial_design", points[int(drawn)], reason)


def _carry_out(shelf: Shelf, history: History, decision: Decision) -> History:
    history = history.plus(decision)
    for action in shelf.actions(decision):
        exposure = shelf.perform(action, decision).exposure
        assert exposure is not None
        history = history.plus(exposure).plus(shelf(exposure, None).observation)
    return history


def _measure_hunts(task: Task, name: str, aim: str, hunts: Sequence[Hunt]) -> Row:
    """Run each hunt with a seed of its own, in both orders."""
    numbered = list(enumerate(hunts))
    bayesian = [count_until_found(h, "bayes", seed) for seed, h in task.track(numbered, f"{name}, bayes")]
    drawn = [
        count_until_found(h, "random", seed) for seed, h in task.track(numbered, f"{name}, random order")
    ]
    ours, peer = spread_of(bayesian), spread_of(drawn)
    n_samples = len(hunts[0].shelf.space.candidates)
    task.say(
        f"{aim}: bayes: median {ours.median:g} of {n_samples} measurements (quartiles {ours.low:g} to "
        f"{ours.high:g}); random order: {peer.median:g} ({peer.low:g} to {peer.high:g})."
    )
    settings: dict[str, JsonValue] = {
        "objective": aim,
        "sought": list(dict.fromkeys(hunt.sought for hunt in hunts)),
        "n": n_samples,
        **ours.settings(),
        "counts": list(bayesian),
        "peer_quartiles": peer.settings()["quartiles"],
        "peer_counts": list(drawn),
        "peer_expected_mean": (n_samples + 1) / 2,
        **machine_settings("botorch", "gpytorch", "torch", "numpy", "scipy"),
    }
    beside = Peer(name="random order", value=peer.median)
    return make_row(f"sample_search.{name}", ours.median, "measurements", settings, beside)
