"""Nightbeam itself, asked as a campaign asks it: a strategy of `agent.strategy`, and a history."""

import warnings
from typing import Any

import numpy as np
from pydantic import ValidationError
from region import Region
from wire import Rows, serve

from agent.ports import Strategy
from agent.strategy.batch import propose_batch
from agent.strategy.learned import learned
from agent.strategy.problem import Problem
from agent.strategy.stack import build_strategy
from models.domain.action import Exposure
from models.domain.analysis_spec import AnalysisSpec
from models.domain.campaign import BudgetSpec, CampaignSpec, Plug
from models.domain.decision import Decision, Reason
from models.domain.history import History, Observation
from models.domain.objective import Objective, as_objective
from models.domain.scattering import Feature
from models.domain.space import Axis, Point, SearchSpace, SumConstraint
from models.gp.encoding import Encoding
from models.gp.posterior_grid import believe_at
from models.gp.threads import use_one_thread

FEATURE = "value"


class Nightbeam:
    """A campaign without instrument: what is told becomes its history."""

    def __init__(self, begin: dict[str, Any]) -> None:
        """Build the strategy."""
        self._region = Region(begin["space"])
        self._space = _read_space(begin["space"])
        self._history = History()
        self._proposed: list[Decision] = []
        self.says = ""
        self._objective, kind = self._aim(begin)
        self._problem = Problem(
            space=self._space,
            objective=self._objective,
            units={FEATURE: "1"},
            exposure_s=1.0,
            seed=begin["seed"],
        )
        self._strategy = self._build(kind, begin)

    def tell(self, points: Rows, values: list[float], sigmas: list[float]) -> None:
        """Put observations on the history, each under the decision that asked for it.

        Points that nobody proposed are an initial design.
        """
        for row, value, sigma in zip(points, values, sigmas, strict=True):
            point = self._point(row)
            decision = self._decision_for(point)
            feature = Feature(name=FEATURE, value=value, sigma=sigma, unit="1")
            exposure = Exposure(
                seq=decision.seq, action_id=f"a-{decision.seq}", run_uid="", point=point, exposure_s=1.0,
                assets=(),
            )  # fmt: skip
            self._history = self._history.plus(decision).plus(exposure)
            observation = Observation(seq=decision.seq, is_accepted=True, features=(feature,))
            self._history = self._history.plus(observation)
        self._proposed = []

    def ask(self, n: int) -> Rows:
        """What the strategy proposes."""
        decisions = self._proposed = list(propose_batch(self._strategy, self._history, n))
        points = [decision.point for decision in decisions if decision.point is not None]
        if len(points) < n:
            raise RuntimeError(f"it stopped: {decisions[-1].reason.sentence}")
        return [[float(point[name]) for name in self._space.names] for point in points]

    def predict(self, points: Rows) -> tuple[list[float], list[float]]:
        """The posterior that pictures and milestones show."""
        encoding = Encoding(self._space)
        training = learned(encoding, self._objective, self._history).features[FEATURE]
        unit = encoding.encode([self._point(row) for row in points])
        states = [d.model.canonical_json for d in self._history.decisions if d.model is not None]
        believed = believe_at(training, unit, states[-1] if states else None, FEATURE)
        return believed.mean.tolist(), believed.sigma.tolist()

    def _decision_for(self, point: Point) -> Decision:
        """The decision that asked for a point, with all that it logs; a given one where none did."""
        seq = self._history.next_seq
        for decision in self._proposed:
            if decision.seq == seq and decision.point is not None and _is_same(decision.point, point):
                return decision
        return Decision(
            seq=seq, kind="initial_design", point=point, exposure_s=1.0,
            reason=Reason(code="given", sentence="Given."),
        )  # fmt: skip

    def _point(self, row: list[float]) -> Point:
        coordinates = dict(zip(self._space.names, row, strict=True))
        if not self._space.candidates:
            return Point(coordinates=coordinates)
        gaps = [
            max(abs(float(c[name]) - coordinates[name]) for name in coordinates)
            for c in self._space.candidates
        ]
        return self._space.candidates[int(np.argmin(gaps))]

    def _aim(self, begin: dict[str, Any]) -> tuple[Objective, str]:
        """The objective and the kind of strategy; an even filling where there is no such objective."""
        goal = begin["goal"]
        number = {goal: begin.get("level")} if goal in ("target", "level") else {}
        try:
            return as_objective(feature=FEATURE, goal=goal, **number), "bayes"
        except ValidationError:
            self.says = f"there is no objective {goal!r}; an even filling stands in for it"
            return as_objective(feature=FEATURE), "space_filling"

    def _build(self, kind: str, begin: dict[str, Any]) -> Strategy:
        options = {"initial": begin["n_initial"]} if kind == "bayes" else {}
        spec = CampaignSpec(
            name="benchmark",
            seed=begin["seed"],
            objective=self._objective,
            instrument=Plug(kind="none"),
            analysis=AnalysisSpec(features=("none",)),
            strategy=Plug.model_validate({"kind": kind, **options}),
            budget=BudgetSpec(measurements=10_000),
        )
        return build_strategy(spec, self._problem)


def _is_same(one: Point, other: Point) -> bool:
    return all(abs(float(one[name]) - float(other[name])) < 1e-9 for name in one.coordinates)


def _read_space(space: dict[str, Any]) -> SearchSpace:
    axes = tuple(Axis(name=a["name"], low=a["low"], high=a["high"]) for a in space["axes"])
    sums = tuple(SumConstraint(axes=tuple(s["axes"]), total=s["total"]) for s in space["sums"])
    names = [axis.name for axis in axes]
    candidates = tuple(
        Point(coordinates=dict(zip(names, row, strict=True)), sample=f"s{number}")
        for number, row in enumerate(space.get("candidates") or [])
    )
    return SearchSpace(axes=axes, sums=sums, candidates=candidates)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    use_one_thread()
    serve(Nightbeam)
