"""One campaign of one method on one problem: run once, kept on the disk, read again."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.catalog import OWN, PeerSpec
from benchmarks.peers.conversation import Conversation, PeerFailed, PeerLacks
from benchmarks.peers.environments import version_of
from benchmarks.problems.kind import BenchProblem
from models.domain.scattering import Floats

FOLDER = Path(__file__).parent / ".trajectories"
"""Where trajectories are kept; git does not see it."""
REPOSITORY = Path(__file__).parents[1]
OWN_SOURCES = ("agent/strategy", "models/gp", "models/domain")
"""What our own choices follow from: its content is our version."""
STEP_LIMIT_S = 300.0
"""How long one step may take, s; a peer that is slower is recorded as such."""
N_HASH = 12


@dataclass(frozen=True)
class Trajectory:
    """What one campaign measured, in order."""

    points: list[list[float]]
    """Where, in the axes' units."""
    values: list[float]
    """What."""
    sigmas: list[float]
    """One standard deviation of each."""
    step_s: list[float]
    """Time of each question after the initial design, by the peer's own clock, s."""
    ended: str
    """``budget`` when it was used up, else what went wrong."""
    says: str
    """What a reader must know of the method on this problem."""
    mean: list[float] | None
    """The method's own posterior mean at the held-out points, at the end; None without one."""
    deviation: list[float] | None
    """Its standard deviation."""
    no_posterior: str = ""
    """Why there is no posterior."""

    @property
    def measured(self) -> tuple[Floats, Floats, Floats]:
        """Points, values and sigmas as arrays."""
        return np.array(self.points), np.array(self.values), np.array(self.sigmas)


@dataclass(frozen=True)
class Method:
    """A peer in one of its settings."""

    peer: PeerSpec
    """The peer."""
    setting: str = "default"
    """How it is set."""

    @property
    def name(self) -> str:
        """For tables: ``gpcam``, ``gpcam (best)``."""
        return self.peer.name if self.setting == "default" else f"{self.peer.name} ({self.setting})"

    def version(self) -> str:
        """What its trajectories follow from: the peer's version and its adapter, or our own sources."""
        adapters = Path(__file__).parent / "peers" / "adapters"
        sources = [adapters / self.peer.adapter, adapters / "region.py"]
        if self.peer.name == OWN:
            for folder in OWN_SOURCES:
                sources += sorted((REPOSITORY / folder).rglob("*.py"))
            return f"tree-{_hash_of(sources)}"
        return f"{version_of(self.peer)}-{_hash_of(sources)}"


def place_of(problem: BenchProblem, method: Method, seed: int) -> Path:
    """File of a trajectory: it is another one when the problem, the method or its version is."""
    posed = hashlib.sha256()
    for part in (problem.space, problem.initial(seed).tolist(), problem.budget, problem.level):
        posed.update(json.dumps(part).encode())
    probe = problem.held_out()[:16]
    posed.update(np.round(np.concatenate([problem.truth(probe), problem.sigma(probe)]), 9).tobytes())
    folder = f"{method.peer.name}-{method.setting}-{method.version()}"
    return FOLDER / problem.name / folder / f"{seed:03d}-{posed.hexdigest()[:N_HASH]}.json"


def read_trajectory(path: Path) -> Trajectory | None:
    """A trajectory that was run already; None when it was not."""
    if not path.exists():
        return None
    return Trajectory(**json.loads(path.read_text(encoding="utf-8")))


def write_trajectory(path: Path, trajectory: Trajectory) -> None:
    """Keep a trajectory; it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(asdict(trajectory)), encoding="utf-8")
    unfinished.replace(path)


def run_campaign(
    problem: BenchProblem, method: Method, seed: int, talk: Callable[[], Conversation]
) -> Trajectory:
    """Let a method measure until the budget is used up, or it fails.

    Parameters
    ----------
    problem
        What is measured.
    method
        Who chooses.
    seed
        Of the initial design, of the noise, and of what the method draws.
    talk
        Gives a conversation with the method's peer that is alive.
    """
    points = problem.initial(seed)
    values, sigmas = problem.measure(points, seed, 0)
    steps: list[float] = []
    says, ended = "", "budget"
    news: dict[str, Any] = {"tell": [points.tolist(), values.tolist(), sigmas.tolist()]}
    try:
        conversation = talk()
        says = conversation.request({"begin": problem.begin(seed, method.setting)}, STEP_LIMIT_S)["says"]
        while len(points) < problem.budget:
            answer = conversation.request(news | {"ask": 1}, STEP_LIMIT_S)
            steps.append(answer["wall_s"])
            chosen = _as_allowed(problem, answer["points"], points)
            value, sigma = problem.measure(chosen, seed, len(points))
            points, values = np.vstack([points, chosen]), np.append(values, value)
            sigmas = np.append(sigmas, sigma)
            news = {"tell": [chosen.tolist(), value.tolist(), sigma.tolist()]}
        conversation.request(news, STEP_LIMIT_S)
    except (PeerFailed, PeerLacks) as reason:
        ended = str(reason)
    mean, deviation, no_posterior = _posterior(problem, talk, ended)
    return Trajectory(
        points.tolist(), values.tolist(), sigmas.tolist(), steps, ended, says, mean, deviation, no_posterior
    )


def _as_allowed(problem: BenchProblem, answered: list[list[float]], taken: Floats) -> Floats:
    """The point that a method chose, brought to the space by rounding only.

    Raises
    ------
    PeerFailed
        When it is none of the space's.
    """
    chosen = np.array(answered, dtype=np.float64)[:1]
    region = problem.region
    if region.candidates is not None:
        nearest = region.nearest_left(chosen, taken)
        if np.abs(region.to_unit(nearest) - region.to_unit(chosen)).max() > 1e-6:
            raise PeerFailed(f"chose {chosen[0].tolist()}, which is not on the list, or was measured")
        return nearest
    solved = region.from_free(region.to_free(chosen))
    is_inside = bool(region.is_allowed(region.to_free(solved))[0])
    if not is_inside or np.abs(region.to_unit(solved) - region.to_unit(chosen)).max() > 1e-4:
        raise PeerFailed(f"chose {chosen[0].tolist()}, which the space does not allow")
    return solved


def _posterior(
    problem: BenchProblem, talk: Callable[[], Conversation], ended: str
) -> tuple[list[float] | None, list[float] | None, str]:
    if ended != "budget":
        return None, None, "it did not reach the end"
    try:
        answer = talk().request({"predict": problem.held_out().tolist()}, STEP_LIMIT_S)
    except (PeerFailed, PeerLacks) as reason:
        return None, None, str(reason)
    return answer["mean"], answer["sigma"], ""


def _hash_of(sources: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in sources:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:N_HASH]
