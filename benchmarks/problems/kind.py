"""What a problem is: a space, a hidden truth, noise that is known point by point, and what is scored."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from benchmarks.peers.adapters.region import Region
from models.domain.scattering import Floats

Goal = Literal["map", "maximise", "minimise", "target", "level", "phases"]
Truth = Callable[[Floats], Floats]
"""Noise-free value at points, shape (n, n_axes) in the axes' units -> (n,)."""
N_GRID = 2000
"""Points of the dense grid on which maps are scored."""
GRID_SEED = 20_261_122
"""Seed of the grid: the same for everybody, and none that a method draws from."""
N_HELD_OUT = 300
"""Points at which posteriors are held against the truth."""


class Unavailable(Exception):
    """What a problem is made of is not here; the message says what and where."""


@dataclass(frozen=True, eq=False)
class BenchProblem:
    """One problem."""

    name: str
    """Short, for tables and folders."""
    says: str
    """What it is, in one sentence."""
    space: dict[str, Any]
    """Axes, sums and candidates, as they go over the wire."""
    goal: Goal
    """What is sought; ``phases``: the values are numbers of phases."""
    truth: Truth
    """The noise-free value."""
    sigma: Truth
    """One standard deviation of a measurement there, in the value's unit; all methods are told it."""
    n_initial: int
    """Points of the initial design, the same for all methods with one seed."""
    budget: int
    """Measurements, the initial design among them."""
    good_enough: float
    """Score below which nobody asks for more: map error, regret or share that is wrong."""
    level: float | None = None
    """The target, or the value whose boundary is sought."""
    best: float | None = None
    """Truth at the best point; None when nothing is best."""
    measured: Callable[[Floats], tuple[Floats, Floats]] | None = None
    """For a replay: values and sigmas that were measured there. Nothing is drawn then."""
    travel_s: Callable[[Floats, Floats], float] | None = None
    """Seconds from one point to another, where it has a cost."""
    region: Region = field(init=False)
    """The space, for whoever draws from it."""

    def __post_init__(self) -> None:
        """Read the space once."""
        object.__setattr__(self, "region", Region(self.space))

    def initial(self, seed: int) -> Floats:
        """The initial design of a seed, shape (n_initial, n_axes)."""
        return self.region.draw(self.n_initial, seed)

    def measure(self, points: Floats, seed: int, first: int) -> tuple[Floats, Floats]:
        """Measure: values and sigmas, each shape (n,).

        The noise of the k-th measurement of a seed is the same number of standard deviations for all methods.

        Parameters
        ----------
        points
            Where, shape (n, n_axes).
        seed
            Seed of the campaign.
        first
            Count of measurements before these.
        """
        if self.measured is not None:
            return self.measured(points)
        sigmas = self.sigma(points)
        draws = [np.random.default_rng((seed, first + k)).standard_normal() for k in range(len(points))]
        return self.truth(points) + sigmas * np.array(draws), sigmas

    def grid(self) -> Floats:
        """Where maps are scored: all candidates, or a dense even drawing, shape (n, n_axes)."""
        if self.region.candidates is not None:
            return self.region.candidates
        return self.region.draw(N_GRID, GRID_SEED)

    def held_out(self) -> Floats:
        """Where posteriors are held against the truth: an even part of the grid."""
        grid = self.grid()
        return grid[:: max(1, len(grid) // N_HELD_OUT)]

    def begin(self, seed: int, setting: str) -> dict[str, Any]:
        """What a method is told at the start."""
        return {
            "space": self.space,
            "goal": self.goal,
            "level": self.level,
            "seed": seed,
            "setting": setting,
            "n_initial": self.n_initial,
        }


def axes(**bounds: tuple[float, float]) -> dict[str, Any]:
    """A space of free axes, by name."""
    return {
        "axes": [{"name": name, "low": low, "high": high} for name, (low, high) in bounds.items()],
        "sums": [],
        "candidates": [],
    }


def mixture(**bounds: tuple[float, float]) -> dict[str, Any]:
    """A space of fractions that add up to 1."""
    return axes(**bounds) | {"sums": [{"axes": list(bounds), "total": 1.0}]}


def steady(sigma: float) -> Truth:
    """The same standard deviation everywhere."""
    return lambda points: np.full(len(points), sigma)
