"""PostgreSQL is stopped at once in mid-campaign: the agent waits for it, or the next run goes on."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.torture.campaigns import Small
from tests.torture.postgresql import Server
from tests.torture.runs import Nursery
from tests.torture.storm import Storm


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    one = Server()
    yield one
    one.close()


def test_a_campaign_outlives_its_database(
    server: Server, raise_nursery: Callable[[], Nursery], tmp_path: Path
):
    campaign = Small(measurements=5, time_scale=0.2)
    figures = Storm(3, 3, tmp_path, server, campaign, raise_nursery).carry_out()
    print(figures.as_json())
    assert figures.objections == []
    assert figures.stops == 3
