# pyright: reportMissingImports=false
"""gpCAM: a GPOptimizer that is told, trained and asked.

Default: the schedule of its own `optimize` loop (train once, then at 10, 20, 50, 100 and 200 observations),
its default kernel, and `variance` for a map, `expected improvement` for a best point. Best: trained after
every observation, `noisy expected improvement`, and `target probability` or `gradient` for a level or phases.
"""

import warnings
from typing import Any

import numpy as np
from gpcam import GPOptimizer
from memory import Memory
from region import Floats
from scipy.optimize import LinearConstraint
from wire import Rows, serve

TRAIN_AT = frozenset({10, 20, 50, 100, 200})
"""The default of `GPOptimizer.optimize`."""
LEVEL_WIDTH = 0.25
"""Half-width of the band of `target probability` around a level, in standard deviations of the values."""


class GpcamPeer(Memory):
    """Keeps one GPOptimizer going."""

    def __init__(self, begin: dict[str, Any]) -> None:
        """Nothing is told yet."""
        super().__init__(begin)
        np.random.seed(self.seed)  # noqa: NPY002, the generator that gpCAM draws from
        self._optimizer: GPOptimizer | None = None

    def tell(self, points: Rows, values: list[float], sigmas: list[float]) -> None:
        """Tell, and train when the schedule says so."""
        n_before = len(self.values)
        super().tell(points, values, sigmas)
        x, y = self.region.to_free(np.array(points)), self._told()[n_before:]
        variances = np.array(sigmas) ** 2
        if self._optimizer is None:
            self._optimizer = GPOptimizer(x, y, noise_variances=variances)
            self._train()
            return
        self._optimizer.tell(x, y, noise_variances=variances, append=True)
        if self.is_at_best or len(self.values) in TRAIN_AT:
            self._train()

    def ask(self, n: int) -> Rows:
        """The points of largest acquisition."""
        assert self._optimizer is not None
        settings: dict[str, Any] = {"acquisition_function": self._acquisition(), "n": n}
        if self._acquisition() == "target probability":
            half = LEVEL_WIDTH * float(self.values.std())
            level = float(self.level or 0.0)
            self._optimizer.args = {"a": level - half, "b": level + half}  # what `ask` is given is not read
        if self.region.candidates is not None:
            left = self.region.left(self.points)
            found = self._optimizer.ask(list(self.region.to_free(left)), **settings)["x"]
            return self.region.nearest_left(self.region.from_free(found), self.points).tolist()
        rows, limits = self.region.inequalities()
        n_free = len(self.region.free)
        if len(rows):
            wide, far = np.kron(np.eye(n), rows), np.tile(limits, n)
            settings |= {"constraints": (LinearConstraint(wide, *_limits(far)),)}
        found = self._optimizer.ask(np.tile([0.0, 1.0], (n_free, 1)), **settings)["x"]
        return self.region.from_free(np.asarray(found).reshape(-1, n_free)).tolist()

    def predict(self, points: Rows) -> tuple[list[float], list[float]]:
        """gpCAM's posterior of the latent function."""
        assert self._optimizer is not None
        at = self.region.to_free(np.array(points))
        mean = self._optimizer.posterior_mean(at)["m(x)"]
        variance = self._optimizer.posterior_covariance(at, variance_only=True)["v(x)"]
        return self.turned_back(np.ravel(mean)).tolist(), np.sqrt(
            np.maximum(np.ravel(variance), 0.0)
        ).tolist()

    def _train(self) -> None:
        """Train as `optimize` does; hyperparameters that left gpCAM's own bounds stay as they are."""
        assert self._optimizer is not None
        try:
            self._optimizer.train(max_iter=20, method="global")
        except ValueError as error:
            if "outside the specified bounds" not in str(error):
                raise

    def _told(self) -> Floats:
        return self.goodness()

    def _acquisition(self) -> str:
        if self.goal in ("maximise", "minimise", "target"):
            return "noisy expected improvement" if self.is_at_best else "expected improvement"
        if self.is_at_best and self.goal == "level":
            return "target probability"
        if self.is_at_best and self.goal == "phases":
            return "gradient"
        return "variance"


def _limits(far: Floats) -> Any:
    """No lower limits, and the upper ones; the library's stub asks for one number where it takes many."""
    return np.full(len(far), -np.inf), far


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    serve(GpcamPeer)
