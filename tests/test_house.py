"""The house stands: packages are ours, the ground floor is light, files are small and say what they are."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
PACKAGES = ("agent", "instruments", "db", "sims", "models")
FILES = sorted(path for package in PACKAGES for path in (REPOSITORY / package).rglob("*.py"))
LONGEST = 300
"""Lines of a file; one that is longer says two things."""
LONGEST_SENTENCE = 200
"""Characters of a module's first line."""


def loaded_by(modules: list[str], suspects: tuple[str, ...]) -> list[str]:
    """Which of the suspects a fresh interpreter holds after it imported the modules."""
    code = f"import sys, {', '.join(modules)}; print(*[s for s in {suspects} if s in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY
    )
    return done.stdout.split()


def modules_of(room: str) -> list[str]:
    paths = sorted((REPOSITORY / room).rglob("*.py"))
    return [".".join(path.relative_to(REPOSITORY).with_suffix("").parts) for path in paths]


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_is_imported_from_this_repository(package):
    found = importlib.import_module(package).__file__
    assert found is not None
    assert Path(found).resolve() == (REPOSITORY / package / "__init__.py").resolve()


def test_the_ground_floor_loads_no_heavy_library():
    heavy = ("torch", "bluesky", "ophyd", "sqlalchemy", "scipy", "pyFAI", "matplotlib", "h5py", "pint")
    assert loaded_by([m for m in modules_of("models/domain") if "__init__" not in m], heavy) == []


def test_designs_and_strategies_load_no_torch_until_a_model_is_asked():
    rooms = ["models.gp.design", "agent.strategy.bayes", "agent.strategy.space_filling", "agent.loop"]
    assert loaded_by(rooms, ("torch", "botorch", "bluesky", "sqlalchemy")) == []


def test_the_twin_does_not_know_the_code_that_reads_it():
    assert (
        loaded_by([m for m in modules_of("sims") if "__init__" not in m], ("models.saxs", "models.gp")) == []
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_each_module_says_in_its_first_line_what_it_is(path):
    said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert said, "no docstring"
    first = said.splitlines()[0]
    assert first[-1] in ".:", first
    assert 10 < len(first) < LONGEST_SENTENCE


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_no_module_is_longer_than_three_hundred_lines(path):
    if path.parent.name == "versions":
        return  # a migration says once and for all what the tables were
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


def test_no_module_is_named_after_nothing():
    empty_words = {
        "utils",
        "util",
        "helpers",
        "helper",
        "manager",
        "handler",
        "misc",
        "common",
        "data",
        "info",
    }
    assert {path.stem for path in FILES} & empty_words == set()
