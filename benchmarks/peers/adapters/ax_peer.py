# pyright: reportMissingImports=false
"""Ax: a Client that is asked for the next trials and told how they ended.

Default: the Client as its documentation sets it up (method `fast`), the initial design attached as trials
with their standard errors. It knows no map: there, and for levels and phases, it optimises the value. Best:
method `quality` for a best point, and integrated posterior variance as acquisition for a map. A list of
candidates is not expressible: the nearest candidate that is left is taken for what it suggests.
"""

import logging
import warnings
from typing import Any

import numpy as np
from ax import Client, RangeParameterConfig
from ax.api.utils.generation_strategy_dispatch import choose_generation_strategy
from ax.api.utils.structs import GenerationStrategyDispatchStruct
from ax_space import as_parameters, constraints_of, from_parameters
from botorch.acquisition.active_learning import qNegIntegratedPosteriorVariance
from memory import Memory
from region import Floats
from wire import Lacking, Rows, serve

METRIC = "value"


class AxPeer(Memory):
    """Keeps one Client going."""

    def __init__(self, begin: dict[str, Any]) -> None:
        """Set the experiment up."""
        super().__init__(begin)
        self._client = Client(random_seed=self.seed)
        self._client.configure_experiment(
            parameters=[
                RangeParameterConfig(name=f"x{i}", bounds=(0.0, 1.0), parameter_type="float")
                for i in range(len(self.region.free))
            ],
            parameter_constraints=constraints_of(self.region) or None,
        )
        self._client.configure_optimization(objective=METRIC)
        self._open: dict[tuple[float, ...], int] = {}
        self._choose_strategy()

    def tell(self, points: Rows, values: list[float], sigmas: list[float]) -> None:
        """Complete the trials that were asked for, and attach those that were not."""
        n_before = len(self.values)
        super().tell(points, values, sigmas)
        for point, value, sigma in zip(points, self.goodness()[n_before:], sigmas, strict=True):
            trial = self._open.pop(tuple(point), None)
            if trial is None:
                trial = self._client.attach_trial(parameters=as_parameters(self.region, point))
            self._client.complete_trial(trial_index=trial, raw_data={METRIC: (float(value), float(sigma))})

    def ask(self, n: int) -> Rows:
        """The parameters of the next trials."""
        chosen: Rows = []
        for trial, parameters in self._client.get_next_trials(max_trials=n).items():
            point = from_parameters(self.region, parameters)
            if self.region.candidates is not None:
                taken = np.vstack([self.points, *chosen])
                point = self.region.nearest_left(point[np.newaxis], taken)[0]
                self._client.mark_trial_abandoned(trial_index=trial)
            else:
                self._open[tuple(point.tolist())] = trial
            chosen.append(point.tolist())
        return chosen

    def predict(self, points: Rows) -> tuple[list[float], list[float]]:
        """What Ax predicts."""
        if self.region.candidates is not None:
            raise Lacking("what it was told lies beside what it suggested")
        found = self._client.predict([as_parameters(self.region, point) for point in points])
        mean = self.turned_back(_column(found, 0))
        return mean.tolist(), _column(found, 1).tolist()

    def _choose_strategy(self) -> None:
        is_map = self.goal not in ("maximise", "minimise", "target")
        if not self.is_at_best:
            self.says = "Ax has no such objective; it maximises the value" if is_map else ""
            return
        if not is_map:
            self._client.configure_generation_strategy(method="quality")
            return
        strategy = choose_generation_strategy(
            GenerationStrategyDispatchStruct(method="fast"),
            botorch_acqf_class=qNegIntegratedPosteriorVariance,
        )
        self._client.set_generation_strategy(strategy)


def _column(found: list[dict[str, tuple[float, float]]], column: int) -> Floats:
    return np.array([entry[METRIC][column] for entry in found])


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    serve(AxPeer)
