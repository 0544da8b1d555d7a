"""Time functions side by side: warm-up first, turn about, medians and quartiles."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import JsonValue


@dataclass(frozen=True)
class Spread:
    """Many figures in three."""

    median: float
    """Half are below."""
    low: float
    """A quarter is below."""
    high: float
    """A quarter is above."""
    n: int
    """How many there are."""

    def settings(self, n_digits: int = 6) -> dict[str, JsonValue]:
        """For a row's settings."""
        quartiles: list[JsonValue] = [round(self.low, n_digits), round(self.high, n_digits)]
        return {"repeats": self.n, "quartiles": quartiles}


@dataclass(frozen=True)
class Timing:
    """How long something takes."""

    wall_s: Spread
    """By the clock on the wall, s."""
    cpu_s: float
    """Median of the processor time of all threads, s: hardly changed by what else the machine does."""


def spread_of(figures: Sequence[float]) -> Spread:
    """Median and quartiles of figures."""
    low, median, high = (float(x) for x in np.quantile(np.asarray(figures), [0.25, 0.5, 0.75]))
    return Spread(median, low, high, len(figures))


def time_turn_about(
    actions: Sequence[Callable[[int], object]], rounds: Iterable[int], n_warm_ups: int = 1
) -> tuple[Timing, ...]:
    """How long each action takes.

    They take turns, so that whatever else the machine does falls on all of them.

    Parameters
    ----------
    actions
        Each is given the number of the round.
    rounds
        Numbers of the rounds.
    n_warm_ups
        Rounds of number 0 beforehand that are not counted: first calls load, compile and allocate.
    """
    for _ in range(n_warm_ups):
        for action in actions:
            action(0)
    walls: list[list[float]] = [[] for _ in actions]
    cpus: list[list[float]] = [[] for _ in actions]
    for number in rounds:
        for action, own_walls, own_cpus in zip(actions, walls, cpus, strict=True):
            wall_s, cpu_s = time.perf_counter(), time.process_time()
            action(number)
            own_walls.append(time.perf_counter() - wall_s)
            own_cpus.append(time.process_time() - cpu_s)
    return tuple(
        Timing(spread_of(own_walls), spread_of(own_cpus).median)
        for own_walls, own_cpus in zip(walls, cpus, strict=True)
    )
