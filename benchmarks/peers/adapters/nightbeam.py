"""Nightbeam itself, asked as a campaign asks it: a strategy of `agent.strategy`, and a history."""

import warnings
from typing import Any

import numpy as np
from pydantic import ValidationError

from agent.ports import Strategy
from agent.strategy.learned import learned
from agent.strategy.problem import Problem
from agent.strategy.stack import build_strategy
from models.domain.action import Exposure
from models.domain.campaign import AnalysisSpec, BudgetSpec, CampaignSpec, ObjectiveSpec, Plug
from models.domain.decision import Decision, Reason
from models.domain.history import History, Observation
from models.domain.scattering import Feature
from models.domain.space import Axis, Point, SearchSpace, SumConstraint
from models.gp.design import scale_to_unit
from models.gp.posterior_grid import believe_at
from models.gp.surrogate import use_one_thread

from region import Region
from wire import Lacking, Rows, serve

FEATURE = "value"


class Nightbeam:
    """A campaign without instrument: what is told becomes its history."""

    def __init__(self, begin: dict[str, Any]) -> None:
        """Build the strategy."""
        self._region = Region(begin["space"])
        self._space = _read_space(begin["space"])
        self._history = History()
        self.says = ""
        self._objective, kind = self._aim(begin)
        self._problem = Problem(
            space=self._space, objective=self._objective, unit="1", exposure_s=1.0, seed=begin["seed"]
        )
        self._strategy = self._build(kind, begin)

    def tell(self, points: Rows, values: list[float], sigmas: list[float]) -> None:
        """Put observations on the history; points that nobody proposed are an initial design."""
        for row, value, sigma in zip(points, values, sigmas, strict=True):
            seq = self._history.next_seq
            point = self._point(row)
            decision = Decision(
                seq=seq, kind="initial_design", point=point, exposure_s=1.0,
                reason=Reason(code="given", sentence="Given."),
            )  # fmt: skip
            feature = Feature(name=FEATURE, value=value, sigma=sigma, unit="1")
            exposure = Exposure(
                seq=seq, action_id=f"a-{seq}", run_uid="", point=point, exposure_s=1.0, assets=()
            )
            self._history = self._history.plus(decision).plus(exposure)
            self._history = self._history.plus(Observation(seq=seq, is_accepted=True, features=(feature,)))

    def ask(self, n: int) -> Rows:
        """What the strategy proposes."""
        if n == 1:
            decisions = [self._strategy.propose(self._history)]
        elif hasattr(self._strategy, "propose_batch"):
            decisions = list(self._strategy.propose_batch(self._history, n))  # pyright: ignore
        else:
            raise Lacking("its strategies propose one point at a time")
        points = [decision.point for decision in decisions if decision.point is not None]
        if len(points) < n:
            raise RuntimeError(f"it stopped: {decisions[-1].reason.sentence}")
        return [[point[name] for name in self._space.names] for point in points]

    def predict(self, points: Rows) -> tuple[list[float], list[float]]:
        """The posterior that pictures and milestones show."""
        training = learned(self._space, self._objective, self._history).training
        unit = scale_to_unit(self._space, tuple(self._point(row) for row in points))
        believed = believe_at(training, unit)
        return believed.mean.tolist(), believed.sigma.tolist()

    def _point(self, row: list[float]) -> Point:
        coordinates = dict(zip(self._space.names, row, strict=True))
        if not self._space.candidates:
            return Point(coordinates=coordinates)
        gaps = [max(abs(c[name] - coordinates[name]) for name in coordinates) for c in self._space.candidates]
        return self._space.candidates[int(np.argmin(gaps))]

    def _aim(self, begin: dict[str, Any]) -> tuple[ObjectiveSpec, str]:
        """The objective and the kind of strategy; an even filling where there is no objective of that kind."""
        goal, level = begin["goal"], begin.get("level")
        told: dict[str, Any] = {"feature": FEATURE, "goal": goal}
        for words in ({}, {"target": level}, {"level": level}):
            try:
                return ObjectiveSpec.model_validate(told | words), begin["setting"].replace("default", "bayes")
            except ValidationError:
                continue
        self.says = f"there is no objective {goal!r} yet; an even filling stands in for it"
        return ObjectiveSpec(feature=FEATURE), "space_filling"

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
