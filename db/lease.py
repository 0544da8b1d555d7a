"""The lease: one agent an instrument. Its fence rises with every holder, and every commit asks for it."""

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, Row
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from db import schema
from db.engine import reading
from models.domain.canonical import canonical_json
from models.domain.clock import Clock, Stamp
from models.domain.errors import BadInput, LeaseLost, LogUnavailable
from models.domain.frozen import Frozen

TERM_S = 30.0
"""A holder that gave no sign of life for so long has lost its lease to whoever asks."""
RENEW = (
    schema.lease.update()
    .where(schema.lease.c.instrument == sa.bindparam("of"), schema.lease.c.fence == sa.bindparam("under"))
    .values(beat=schema.lease.c.beat + 1, monotonic_ns=sa.bindparam("now"))
)
FENCE = sa.select(schema.lease.c.fence).where(schema.lease.c.instrument == sa.bindparam("of"))
LOOK_S = 1.0
"""How often to look for a sign of life of a holder whose clock cannot be compared with ours."""


class Holder(Frozen):
    """The process that holds a lease."""

    campaign: str
    """What it runs."""
    host: str
    """The machine."""
    boot_id: str
    """Identity of this boot of the machine."""
    pid_space: str
    """Where its process number counts: containers number their processes anew."""
    pid: int
    """Its process number."""
    started: str
    """When the process started, as the system counts: numbers are used again."""

    def text(self) -> str:
        """For people: ``process 4711 on saxs1 (campaign night)``."""
        return f"process {self.pid} on {self.host} (campaign {self.campaign!r})"


def this_process(campaign: str, stamp: Stamp) -> Holder:
    """The process that runs this."""
    space = Path("/proc/self/ns/pid")
    return Holder(
        campaign=campaign,
        host=platform.node(),
        boot_id=stamp.boot_id,
        pid_space=str(space.readlink()) if space.exists() else "",
        pid=os.getpid(),
        started=_start_of(os.getpid()) or "",
    )


@dataclass(frozen=True)
class Ways:
    """With what a lease is taken; tests hand in their own."""

    clock: Clock
    """Tells the time."""
    sleep: Callable[[float], None] = time.sleep
    """Waits, s."""
    term_s: float = TERM_S
    """How long a silent holder keeps its lease, s."""


@dataclass(frozen=True)
class Lease:
    """The right to use one instrument, as long as nobody took it over."""

    engine: Engine
    """The database."""
    instrument: str
    """The instrument."""
    fence: int
    """Number of this lease; a higher one in the database means that it is lost."""
    clock: Clock
    """Tells the time."""

    def hold(self, connection: Connection) -> None:
        """Make sure of the lease inside a transaction, and give a sign of life.

        Raises
        ------
        LeaseLost
            When another agent holds it.
        """
        mine = {"of": self.instrument, "under": self.fence, "now": self.clock().monotonic_ns}
        renewed = connection.execute(RENEW, mine)
        if renewed.rowcount != 1:
            raise self._lost()

    def renew(self) -> None:
        """Give a sign of life, as far as the database takes it; long waits call this.

        Raises
        ------
        LeaseLost
            When another agent holds it.
        """
        try:
            with self.engine.begin() as connection:
                self.hold(connection)
        except DBAPIError:
            return  # the next commit will tell; without a new holder the lease is still ours

    def check(self) -> None:
        """Ask the database, right before a command, whether the lease still holds.

        Raises
        ------
        LeaseLost
            When another agent holds it.
        LogUnavailable
            When the database does not answer: nothing may move then.
        """
        try:
            with reading(self.engine).connect() as connection:
                fence = connection.scalar(FENCE, {"of": self.instrument})
        except DBAPIError as error:
            raise LogUnavailable(
                f"the database does not say whether this agent still holds the instrument ({error.orig}); "
                "free it and run the same command again"
            ) from error
        if fence != self.fence:
            raise self._lost()

    def give_back(self) -> None:
        """Let the next agent have it at once; a database that refuses is left alone."""
        table = schema.lease
        mine = (table.c.instrument == self.instrument, table.c.fence == self.fence)
        try:
            with self.engine.begin() as connection:
                connection.execute(table.update().where(*mine).values(holder_json=None))
        except DBAPIError:
            return  # it runs out by itself

    def _lost(self) -> LeaseLost:
        return LeaseLost(
            f"another agent has taken over the instrument {self.instrument!r}; this one moves and writes "
            "nothing more"
        )


def take_lease(engine: Engine, instrument: str, holder: Holder, ways: Ways) -> Lease:
    """Take the lease of an instrument; wait where only waiting tells whether its holder lives.

    Parameters
    ----------
    engine
        The database, open for writing.
    instrument
        The instrument.
    holder
        Who asks.
    ways
        With what.

    Raises
    ------
    BadInput
        When another process holds it and lives; the message says which.
    LogUnavailable
        When the database refuses.
    """
    deadline = ways.clock().monotonic_ns + int(ways.term_s * 1e9)
    first_beat: int | None = None
    while True:
        try:
            row, fence = _try_to_take(engine, instrument, holder, (ways, deadline, first_beat))
        except ProgrammingError as error:
            raise BadInput(
                "--db", f"it cannot be written ({error.orig})", "Give this user the role nightbeam_agent"
            ) from error
        except DBAPIError as error:
            raise LogUnavailable(
                f"the log cannot be written ({error.orig}); free it and run the same command again"
            ) from error
        if fence is not None:
            return Lease(engine, instrument, fence, ways.clock)
        if row is None:
            continue  # another process was faster: look again
        first_beat = row.beat if first_beat is None else first_beat
        other = Holder.model_validate_json(row.holder_json)
        if _is_near(other, ways.clock()) or row.beat != first_beat:
            raise BadInput(
                f"instrument {instrument!r}",
                f"is in use by {other.text()}",
                "Wait until that run ends, or stop it",
            )
        ways.sleep(LOOK_S)


def _try_to_take(
    engine: Engine, instrument: str, holder: Holder, watch: tuple[Ways, int, int | None]
) -> tuple[Row[Any] | None, int | None]:
    """The row of a living holder, or the new fence; neither when another process was faster."""
    ways, deadline, first_beat = watch
    with engine.begin() as connection:
        row = connection.execute(
            sa.select(schema.lease).where(schema.lease.c.instrument == instrument)
        ).one_or_none()
        now = ways.clock()
        is_silent = row is not None and now.monotonic_ns >= deadline and row.beat == first_beat
        if row is None or is_silent or _is_free(row, holder, now, ways.term_s):
            return None, _write(connection, instrument, holder, now, row)
        return row, None


def _write(
    connection: Connection, instrument: str, holder: Holder, now: Stamp, row: Row[Any] | None
) -> int | None:
    """Write the new holder down; None when another process was faster."""
    table = schema.lease
    held = {"holder_json": canonical_json(holder), "monotonic_ns": now.monotonic_ns}
    if row is None:
        try:
            with connection.begin_nested():
                connection.execute(table.insert().values(instrument=instrument, fence=1, beat=1, **held))
        except IntegrityError:
            return None
        return 1
    fence: int = row.fence + 1
    unchanged = (table.c.instrument == instrument, table.c.fence == row.fence, table.c.beat == row.beat)
    done = connection.execute(table.update().where(*unchanged).values(fence=fence, beat=row.beat + 1, **held))
    return fence if done.rowcount == 1 else None


def _is_free(row: Row[Any], asking: Holder, now: Stamp, term_s: float) -> bool:
    """True when what is known here is enough to say that nobody holds it any more."""
    if row.holder_json is None:
        return True
    other = Holder.model_validate_json(row.holder_json)
    if other.boot_id != now.boot_id:
        return other.host == asking.host  # this machine was started again since
    if now.monotonic_ns - row.monotonic_ns > term_s * 1e9:
        return True
    return other.pid_space == asking.pid_space and _start_of(other.pid) != other.started


def _is_near(other: Holder, now: Stamp) -> bool:
    """True when its signs of life can be dated with our own clock."""
    return other.boot_id == now.boot_id


def _start_of(pid: int) -> str | None:
    """When a process started, in ticks since the boot; None when there is none of that number."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else fields[19]
