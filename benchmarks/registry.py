"""Every benchmark there is. To add one: a module here with ``measure(task)``, and its name below."""

from collections.abc import Callable
from importlib import import_module

from benchmarks.row import Row
from benchmarks.task import Task

Measure = Callable[[Task], list[Row]]
"""Runs a benchmark; raises `Skipped` where it cannot."""

NAMES = (
    "coverage", "denoising", "diagnostics", "idle", "latency", "loop_turn", "photons", "record", "reduction",
    "rehearsal", "sample_search", "scan", "thrift",
)  # fmt: skip
"""Modules of this package, in the order in which they run."""


def find_benchmark(name: str) -> Measure:
    """The function that runs a benchmark; its libraries are loaded now."""
    return import_module(f"benchmarks.{name}").measure
