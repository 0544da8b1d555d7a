"""Every problem there is. To add one: a module here with ``build()``, and its name below."""

from importlib import import_module

from benchmarks.problems.kind import BenchProblem

NAMES = {
    "twin_diagram": "twin",
    "sharp_map": "sharp_map",
    "noisy_ridge": "noisy_ridge",
    "decoy_mixture": "decoy_mixture",
    "boundary": "boundary",
    "twin_phases": "twin_phases",
    "silica": "silica",
    "vtma": "vtma",
}
"""Module of each problem, by its name."""


def find_problem(name: str) -> BenchProblem:
    """Make a problem.

    Raises
    ------
    Unavailable
        When what it is made of is not here.
    """
    return import_module(f"benchmarks.problems.{NAMES[name]}").build()
