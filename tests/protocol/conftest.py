from pathlib import Path

import pytest

from tests.protocol.world import empty_database


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with tables and no rows."""
    return empty_database(tmp_path_factory.mktemp("template"))
