from collections.abc import Iterator

import pytest

from tests.torture.runs import Nursery


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """One process that has everything loaded."""
    one = Nursery()
    yield one
    one.close()
