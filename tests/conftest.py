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
