"""PostgreSQL is stopped at once in mid-campaign: the agent waits for it, or the next run goes on."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.torture.campaigns import Small
from tests.torture.ordeal import Ordeal, run_in_peace
from tests.torture.postgresql import Server, stop_the_server
from tests.torture.runs import Nursery

CAMPAIGN = Small(measurements=5, time_scale=0.2)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    one = Server()
    yield one
    one.close()


def test_a_campaign_outlives_its_database(nursery: Nursery, server: Server, tmp_path: Path):
    places = [tmp_path / name for name in ("calm", "stormy")]
    for place in places:
        place.mkdir()
    calm = run_in_peace(nursery, CAMPAIGN, places[0], server.url(places[0]))
    ordeal = Ordeal(places[1], server.url(places[1]))
    stops = stop_the_server(nursery, server, ordeal, CAMPAIGN, 3, random.Random(3))
    assert stops.n_stops == 3
    assert ordeal.findings(nursery, calm).objections() == {}
