# pyright: reportMissingImports=false
"""bluesky-adaptive 1.0 (Blop renamed): its Ax optimizer behind its protocol `suggest` and `ingest`.

Default: range parameters, constraints and one objective, as its tutorial sets them; what was measured
elsewhere is ingested without an id, as its how-to on attaching data says. It knows no map: there it optimises
the value.
"""

import logging
import warnings
from typing import Any

import numpy as np
from ax import RangeParameterConfig
from ax_space import as_parameters, constraints_of, from_parameters
from bluesky_adaptive.ax.optimizer import AxOptimizer
from memory import Memory
from region import Floats
from wire import Lacking, Rows, serve

METRIC = "value"


class BlopPeer(Memory):
    """Keeps one optimizer going."""

    def __init__(self, begin: dict[str, Any]) -> None:
        """Set the optimizer up."""
        super().__init__(begin)
        self._optimizer = AxOptimizer(
            parameters=[
                RangeParameterConfig(name=f"x{i}", bounds=(0.0, 1.0), parameter_type="float")
                for i in range(len(self.region.free))
            ],
            objective=METRIC,
            parameter_constraints=constraints_of(self.region) or None,
            client_kwargs={"random_seed": self.seed},
        )
        self._open: dict[tuple[float, ...], Any] = {}
        if self.goal not in ("maximise", "minimise", "target"):
            self.says = "it has no such objective; it maximises the value"

    def tell(self, points: Rows, values: list[float], sigmas: list[float]) -> None:
        """Ingest, with the id of the suggestion where there was one."""
        n_before = len(self.values)
        super().tell(points, values, sigmas)
        told: list[dict[str, Any]] = []
        for point, value, sigma in zip(points, self.goodness()[n_before:], sigmas, strict=True):
            entry: dict[str, Any] = {METRIC: (float(value), float(sigma))} | as_parameters(self.region, point)
            key = tuple(point)
            told.append(entry | {"_id": self._open.pop(key)} if key in self._open else entry)
        self._optimizer.ingest(told)

    def ask(self, n: int) -> Rows:
        """What it suggests."""
        chosen: Rows = []
        for suggestion in self._optimizer.suggest(n):
            point = from_parameters(self.region, dict(suggestion))
            if self.region.candidates is not None:
                taken = np.vstack([self.points, *chosen])
                point = self.region.nearest_left(point[np.newaxis], taken)[0]
                self._optimizer.register_failures([suggestion])
            else:
                self._open[tuple(point.tolist())] = suggestion["_id"]
            chosen.append(point.tolist())
        return chosen

    def predict(self, points: Rows) -> tuple[list[float], list[float]]:
        """What the Ax client behind it predicts."""
        if self.region.candidates is not None:
            raise Lacking("what it was told lies beside what it suggested")
        asked = [as_parameters(self.region, point) for point in points]
        found = [entry[METRIC] for entry in self._optimizer.ax_client.predict(asked)]
        mean: Floats = np.array([mean for mean, _ in found])
        return self.turned_back(mean).tolist(), [sigma for _, sigma in found]


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    serve(BlopPeer)
