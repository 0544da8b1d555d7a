"""Scores of a method on a problem over all seeds, as measurements come in; kept beside the trajectories."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from agent.rehearsal import common_model
from benchmarks import scoring
from benchmarks.problems.kind import BenchProblem
from benchmarks.scoring import coverage, score
from benchmarks.trajectory import Method, Trajectory
from models.domain.scattering import Floats

N_COUNTS = 21
"""At how many counts of measurements a score is taken."""
SCORERS = (scoring, common_model)
"""What a score follows from besides the trajectory."""


@dataclass(frozen=True, eq=False)
class Tally:
    """What a method made of a problem."""

    method: Method
    """The method."""
    scores: Floats
    """Score by seed and count, shape (n_seeds, n_counts); a campaign that broke off keeps its last score."""
    ends: tuple[str, ...]
    """How the campaigns ended, by seed."""
    coverage: float | None
    """Mean share of held-out truth inside the method's own 95 % band; None without a posterior."""
    step_s: float
    """Median time of a step, s."""
    says: str
    """What a reader must know."""

    @property
    def n_broken(self) -> int:
        """Count of campaigns that did not reach the end."""
        return sum(end != "budget" for end in self.ends)

    @property
    def how_broken(self) -> str:
        """How they broke off, each way once; empty where all reached the end."""
        return "; ".join(sorted(set(self.ends) - {"budget"}))

    @property
    def is_broken(self) -> bool:
        """True when half of its campaigns or more did not reach the end: its scores say nothing."""
        return 2 * self.n_broken >= len(self.ends)


def counts_of(problem: BenchProblem) -> Floats:
    """Counts of measurements at which scores are taken, the first and the last among them."""
    spaced = np.linspace(
        problem.n_initial, problem.budget, min(N_COUNTS, problem.budget - problem.n_initial + 1)
    )
    return np.unique(np.round(spaced))


def tally(problem: BenchProblem, method: Method, kept: list[tuple[Path, Trajectory]]) -> Tally:
    """Score all campaigns of a method on a problem.

    Parameters
    ----------
    problem
        The problem.
    method
        The method.
    kept
        Its trajectories with their files, one for each seed, in the order of seeds.
    """
    found = [trajectory for _, trajectory in kept]
    covered = [
        coverage(problem, np.array(t.mean), np.array(t.deviation), np.array(t.points))
        for t in found
        if t.mean is not None and t.deviation is not None and problem.goal != "phases"
    ]
    return Tally(
        method=method,
        scores=np.array([_scores(problem, path, trajectory) for path, trajectory in kept]),
        ends=tuple(trajectory.ended for trajectory in found),
        coverage=float(np.mean(covered)) if covered else None,
        step_s=float(np.median([s for t in found for s in t.step_s] or [0.0])),
        says="; ".join(sorted({t.says for t in found} - {""})),
    )


def _scores(problem: BenchProblem, path: Path, trajectory: Trajectory) -> list[float]:
    """Scores at each count, from the file beside the trajectory where they were taken already."""
    beside = path.with_suffix(f".{_version()}.scores")
    if beside.exists() and beside.stat().st_mtime >= path.stat().st_mtime:
        known: list[float] = json.loads(beside.read_text(encoding="utf-8"))
        return known
    points, values, sigmas = trajectory.measured
    scores: list[float] = []
    for count in counts_of(problem).astype(int).tolist():
        is_new = not scores or count <= len(points)
        scores.append(
            score(problem, points[:count], values[:count], sigmas[:count]) if is_new else scores[-1]
        )
    if path.exists():
        beside.write_text(json.dumps(scores), encoding="utf-8")
    return scores


def _version() -> str:
    digest = hashlib.sha256()
    for module in SCORERS:
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()[:8]
