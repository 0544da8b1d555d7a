import gc
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.warmed import SINGLE_THREADED

ROOT = Path(__file__).parents[1]
LONGEST_FIRST = ("torture", "docs", "journeys")
"""Rooms whose files take longest: they begin, so that no worker has one left when the others are done."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.parent.name not in LONGEST_FIRST)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Look for no garbage while a million objects are loaded that stay."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        _settle()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Settle after each file; what it left unclosed is found here, and not in another's test."""
    yield
    if nextitem is None or nextitem.path != item.path:
        _settle()


def _settle() -> None:
    """Throw garbage away, and look through what is left no more: it is what was loaded, and it stays."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a `nightbeam` in it that starts at once, as a process of its own: see `tests/forked.py`.

    It also takes ``-c SOURCE``, as Python does.
    """
    folder = tmp_path_factory.mktemp("quick")
    client = [sys.executable, "-I", "-S", str(ROOT / "tests" / "forked_client.py"), str(folder / "s")]
    program = folder / "nightbeam"
    program.write_text(f'#!/bin/sh\nexec {shlex.join(client)} "$@"\n')
    program.chmod(0o755)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.forked", str(folder / "s")], cwd=ROOT, text=True, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, env=os.environ | SINGLE_THREADED | {"PYTHONPATH": str(ROOT)},
    ) as server:  # fmt: skip
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n", "it has died; its last words are above"
        yield folder
