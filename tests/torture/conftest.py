from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.torture.runs import FORKED, Nursery


@pytest.fixture(scope="session")
def raise_nursery(quick: Path) -> Callable[[], Nursery]:
    """Forks a nursery off the process that has everything loaded already."""
    return lambda: Nursery([str(quick / "nightbeam"), "-c", FORKED])


@pytest.fixture(scope="session")
def nursery(raise_nursery: Callable[[], Nursery]) -> Iterator[Nursery]:
    """One process that has everything loaded."""
    one = raise_nursery()
    yield one
    one.close()
