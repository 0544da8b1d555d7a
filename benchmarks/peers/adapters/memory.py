"""What every adapter keeps: all observations so far. Needs only numpy."""

from typing import Any

import numpy as np
from region import Floats, Region
from wire import Lacking, Rows


class Memory:
    """Observations of one campaign; the base of adapters, which add `ask`."""

    def __init__(self, begin: dict[str, Any]) -> None:
        """Begin with nothing measured."""
        self.region = Region(begin["space"])
        self.goal: str = begin["goal"]
        """``map``, ``maximise``, ``minimise``, ``target``, ``level`` or ``phases``."""
        self.level: float | None = begin.get("level")
        """The value to hit, or whose boundary is sought."""
        self.seed: int = begin["seed"]
        self.is_at_best: bool = begin["setting"] == "best"
        """True for the setting that the documentation names as the better one."""
        self.says = ""
        """What a reader of the figures must know."""
        self.points: Floats = np.zeros((0, len(self.region.names)))
        self.values: Floats = np.zeros(0)
        self.sigmas: Floats = np.zeros(0)

    def tell(self, points: Rows, values: list[float], sigmas: list[float]) -> None:
        """Keep observations."""
        self.points = np.vstack([self.points, np.array(points, dtype=np.float64)])
        self.values = np.concatenate([self.values, np.array(values, dtype=np.float64)])
        self.sigmas = np.concatenate([self.sigmas, np.array(sigmas, dtype=np.float64)])

    def predict(self, points: Rows) -> tuple[list[float], list[float]]:
        """No posterior, unless an adapter has one."""
        raise Lacking("it has no posterior")

    def goodness(self) -> Floats:
        """The measured values turned so that larger is better: what a peer that only maximises is told."""
        if self.goal == "minimise":
            return -self.values
        if self.goal == "target" and self.level is not None:
            return -np.abs(self.values - self.level)
        return self.values

    def turned_back(self, mean: Floats) -> Floats:
        """Means of what `goodness` says, as means of the measured value.

        Raises
        ------
        Lacking
            For a target: what was learned is the distance from it, and the value cannot be had back.
        """
        if self.goal == "target":
            raise Lacking("it was told the distance from the target, not the value")
        return -mean if self.goal == "minimise" else mean
