# pyright: reportMissingImports=false
"""AFL-agent: a pipeline of its double agent, a Gaussian process scored on a fixed grid.

As its documentation builds them: standardised compositions on a grid (`pts_per_row` = 50 on two free axes),
the extrapolator GaussianProcessRegressor with its default Matern kernel, then MaxValueAF on the variance for
a map and PseudoUCB for a best point; for phases GaussianProcessClassifier and the entropy. The grid leaves
out what was measured, and values are standardised: its kernel of variance 1 would not fit them.
"""

import itertools
import math
import warnings
from typing import Any

import numpy as np
import xarray as xr
from AFL.double_agent import Pipeline
from AFL.double_agent.AcquisitionFunction import MaxValueAF, PseudoUCB
from AFL.double_agent.Extrapolator import GaussianProcessClassifier, GaussianProcessRegressor
from memory import Memory
from region import Floats
from wire import Lacking, Rows, serve

PTS_PER_ROW = 50
"""The default of its grid generators."""
MOST_GRID = 5000
"""Grid points, at most: with more axes the grid is coarser."""
EXPLORATION = 1.0
"""Weight of the variance beside the mean in PseudoUCB."""


class AflPeer(Memory):
    """Runs the pipeline at every question."""

    def __init__(self, begin: dict[str, Any]) -> None:
        """Lay the grid."""
        super().__init__(begin)
        np.random.seed(self.seed)  # noqa: NPY002, the generator that AFL draws from
        if self.region.candidates is not None:
            self._grid = self.region.candidates
        else:
            n_free = len(self.region.free)
            n_steps = min(PTS_PER_ROW, math.floor(MOST_GRID ** (1 / n_free)))
            unit = np.array(list(itertools.product(np.linspace(0, 1, n_steps), repeat=n_free)))
            self._grid = self.region.from_free(unit[self.region.is_allowed(unit)])
        if self.goal == "level":
            self.says = "AFL has no such acquisition; it maps the value instead"

    def ask(self, n: int) -> Rows:
        """The grid points of largest acquisition; AFL draws among those within 5 % of the largest."""
        grid = self.region.without(self._grid, self.points)
        result = self._pipeline(n).calculate(self._dataset(grid))
        chosen = np.atleast_2d(result["next_samples"].transpose("AF_sample", ...).values)
        return (
            self.region.from_free(chosen).tolist()
            if self.region.candidates is None
            else (self.region.nearest_left(self.region.from_free(chosen), self.points).tolist())
        )

    def predict(self, points: Rows) -> tuple[list[float], list[float]]:
        """Mean and standard deviation on a grid of these points."""
        if self.goal == "phases":
            raise Lacking("it classifies phases")
        result = self._regressor().calculate(self._dataset(np.array(points))).output
        mean, variance = result["extrap_mean"].values, result["extrap_var"].values
        scale = self._spread()
        return (
            self.turned_back(mean * scale + self.goodness().mean()).tolist(),
            (np.sqrt(variance) * scale).tolist(),
        )

    def _pipeline(self, n: int) -> Any:
        settings: dict[str, Any] = {"grid_variable": "grid", "grid_dim": "grid_point", "count": n}
        with Pipeline() as pipeline:
            if self.goal == "phases":
                GaussianProcessClassifier(
                    feature_input_variable="composition", predictor_input_variable="labels",
                    output_prefix="extrap", grid_variable="grid", grid_dim="grid_point", sample_dim="sample",
                )  # fmt: skip
                MaxValueAF(input_variables=["extrap_entropy"], **settings)
            else:
                self._regressor()
                if self.goal in ("maximise", "minimise", "target"):
                    PseudoUCB(
                        input_variables=["extrap_mean", "extrap_var"], lambdas=[1.0, EXPLORATION], **settings
                    )
                else:
                    MaxValueAF(input_variables=["extrap_var"], **settings)
        return pipeline

    def _regressor(self) -> Any:
        return GaussianProcessRegressor(
            feature_input_variable="composition", predictor_input_variable="value",
            predictor_uncertainty_variable="variance", output_prefix="extrap", grid_variable="grid",
            grid_dim="grid_point", sample_dim="sample",
        )  # fmt: skip

    def _dataset(self, grid: Floats) -> Any:
        told = self.goodness()
        return xr.Dataset(
            {
                "composition": (("sample", "component"), self.region.to_free(self.points)),
                "value": ("sample", (told - told.mean()) / self._spread()),
                "variance": ("sample", (self.sigmas / self._spread()) ** 2),
                "labels": ("sample", np.round(self.values).astype(int)),
                "grid": (("grid_point", "component"), self.region.to_free(grid)),
            }
        )

    def _spread(self) -> float:
        return float(self.goodness().std()) or 1.0


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    serve(AflPeer)
