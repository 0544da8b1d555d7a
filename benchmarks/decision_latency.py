"""From one new observation to the next decision, beside plain BoTorch on the same observations."""

import warnings
from dataclasses import dataclass

import numpy as np
import torch
from botorch.acquisition.analytic import LogExpectedImprovement
from botorch.fit import fit_gpytorch_mll
from botorch.models import SingleTaskGP
from botorch.optim import optimize_acqf
from gpytorch.mlls import ExactMarginalLogLikelihood
from pydantic import JsonValue

from agent.strategy import bayes
from agent.strategy.problem import Problem
from benchmarks.machine import machine_settings
from benchmarks.row import Peer, Row, make_row
from benchmarks.task import Task
from benchmarks.timing import time_turn_about
from models.domain.action import Exposure
from models.domain.campaign import ObjectiveSpec
from models.domain.decision import Decision, Reason
from models.domain.history import History, Observation
from models.domain.scattering import Feature
from models.domain.space import Axis, Point, SearchSpace, SumConstraint
from models.gp.threads import use_one_thread
from tests.draws import draw_feasible, scale_to_unit, unscale

SIZES = (20, 100)
"""Observations that are known when the decision is asked for."""
N_REPEATS = 9
N_WARM_UPS = 1
N_RESTARTS, N_RAW = 10, 512
"""Restarts and raw samples of the peer, as BoTorch's own closed-loop tutorial sets them."""
NOISE = 0.02
"""One standard deviation of an observation; the hill is 1 high."""

ON_TOP = 0.9
"""A choice that is lower on the hill has missed it: with 20 observations or more its place is known."""

MIXTURE = SearchSpace(
    axes=(
        Axis(name="surfactant", low=0.02, high=0.60, unit="g/g"),
        Axis(name="cosurfactant", low=0.0, high=0.45, unit="g/g"),
        Axis(name="water", low=0.30, high=0.98, unit="g/g"),
    ),
    sums=(SumConstraint(axes=("surfactant", "cosurfactant", "water")),),
)
"""The ternary mixture of ``examples/first_light.toml``."""
OBJECTIVE = ObjectiveSpec(feature="height")


@dataclass(frozen=True)
class Situation:
    """A campaign at the moment when one more observation comes in."""

    before: History
    """All but the last observation."""
    news: Observation
    """The last one."""


def measure(task: Task) -> list[Row]:
    """Rows for each size of history."""
    use_one_thread()
    return [_measure_size(task, n, task.repeats(N_REPEATS, 3)) for n in SIZES]


def _measure_size(task: Task, n: int, n_repeats: int) -> Row:
    situations = [draw_situation(n, seed) for seed in range(n_repeats)]
    strategy = bayes.build(
        bayes.Options(), Problem(space=MIXTURE, objective=OBJECTIVE, unit="1", exposure_s=1.0, seed=7)
    )
    plain = PlainBotorch()
    heights: list[float] = []

    def propose(number: int) -> None:
        situation = situations[number]
        decision = strategy.propose(situation.before.plus(situation.news))
        assert decision.kind == "suggest"
        assert decision.point is not None
        heights.append(hill(decision.point))

    def propose_plainly(number: int) -> None:
        situation = situations[number]
        plain.propose(situation.before.plus(situation.news), seed=number)

    rounds = task.track(range(n_repeats), f"decision latency, {n} observations")
    ours, peer = time_turn_about((propose, propose_plainly), rounds, N_WARM_UPS)
    settings: dict[str, JsonValue] = {
        "n": n,
        **ours.wall_s.settings(),
        "cpu_s": ours.cpu_s,
        "n_missed_hill": _count_misses(heights),
        "peer_quartiles": peer.wall_s.settings()["quartiles"],
        "peer_cpu_s": peer.cpu_s,
        "peer_n_missed_hill": _count_misses(plain.heights),
        "peer_is": "SingleTaskGP, LogExpectedImprovement, optimize_acqf with an equality constraint",
        "peer_restarts": N_RESTARTS,
        "peer_raw_samples": N_RAW,
        "peer_n_retries": sum(plain.retries[N_WARM_UPS:]),
        **machine_settings("botorch", "gpytorch", "torch", "numpy", "scipy"),
    }
    beside = Peer(name=PlainBotorch.name, value=peer.wall_s.median)
    return make_row(f"decision_latency.{n}", ours.wall_s.median, "s", settings, beside)


def _count_misses(heights: list[float]) -> int:
    """How many choices lie off the top of the hill: a fast answer is worth nothing when it is wrong."""
    return sum(height < ON_TOP for height in heights[N_WARM_UPS:])


def draw_situation(n: int, seed: int) -> Situation:
    """A history of `n` noisy observations of a smooth hill, evenly drawn over the mixture."""
    rng = np.random.default_rng(seed)
    history, news = History(), None
    for seq, point in enumerate(unscale(MIXTURE, draw_feasible(MIXTURE, n, seed)), start=1):
        reason = Reason(code="drawn", sentence="Drawn evenly.")
        history = history.plus(Decision(seq=seq, kind="suggest", point=point, reason=reason, exposure_s=1.0))
        history = history.plus(
            Exposure(seq=seq, action_id=f"a-{seq}", run_uid="", point=point, exposure_s=1.0, assets=())
        )
        value = hill(point) + NOISE * float(rng.standard_normal())
        feature = Feature(name=OBJECTIVE.feature, value=value, sigma=NOISE, unit="1")
        news = Observation(seq=seq, is_accepted=True, features=(feature,))
        if seq < n:
            history = history.plus(news)
    assert news is not None
    return Situation(history, news)


def hill(point: Point) -> float:
    """A smooth hill of height 1 with its top at surfactant 0.30, cosurfactant 0.15."""
    distance = (point["surfactant"] - 0.30) ** 2 + (point["cosurfactant"] - 0.15) ** 2
    return float(np.exp(-distance / 0.02))


class PlainBotorch:
    """BoTorch's own defaults: fit, log expected improvement, multi-start search.

    It is given the same scaled coordinates, values and noise, and the sum as an equality constraint.
    """

    name = "plain BoTorch"

    def __init__(self) -> None:
        """Nothing was proposed yet."""
        self.heights: list[float] = []
        """True height of the hill at each proposed point."""
        self.retries: list[int] = []
        """How often each search failed and was begun again."""

    def propose(self, history: History, seed: int) -> None:
        """Find the next point."""
        torch.manual_seed(seed)
        accepted = list(history.accepted())
        points = tuple(decision.point for decision, _ in accepted if decision.point is not None)
        features = [observation.features[0] for _, observation in accepted]
        x = torch.from_numpy(scale_to_unit(MIXTURE, points))
        y = torch.tensor([[feature.value] for feature in features], dtype=torch.float64)
        variance = torch.tensor([[feature.sigma**2] for feature in features], dtype=torch.float64)
        model = SingleTaskGP(x, y, variance)
        fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
        improvement = LogExpectedImprovement(model, best_f=y.max())
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", RuntimeWarning)
            chosen = self._search(improvement)
        self.retries.append(sum("Trying again" in str(warning.message) for warning in caught))
        self.heights.append(hill(unscale(MIXTURE, chosen.numpy())[0]))

    def _search(self, improvement: LogExpectedImprovement) -> torch.Tensor:
        spans = torch.tensor([axis.span for axis in MIXTURE.axes], dtype=torch.float64)
        left = 1.0 - sum(axis.low for axis in MIXTURE.axes)
        bounds = torch.stack([torch.zeros_like(spans), torch.ones_like(spans)])
        chosen, _ = optimize_acqf(
            improvement,
            bounds=bounds,
            q=1,
            num_restarts=N_RESTARTS,
            raw_samples=N_RAW,
            equality_constraints=[(torch.arange(spans.numel()), spans, left)],
        )
        return chosen
