"""The lease: one agent an instrument. Its fence rises with every holder, and every commit asks for it."""

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, Row
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from db import schema
from db.engine import reading
from db.holder import Holder, read_holder
from db.triggers import HIGHEST_FIRST_FENCE, LONGEST_STEP
from models.domain.canonical import canonical_json
from models.domain.clock import Clock, Stamp
from models.domain.errors import BadInput, LeaseLost, LogUnavailable

TERM_S = 30.0
"""A holder that gave no sign of life for so long has lost its lease to whoever asks."""
RENEW = (
    schema.lease.update()
    .where(schema.lease.c.instrument == sa.bindparam("of"), schema.lease.c.fence == sa.bindparam("under"))
    .values(beat=schema.lease.c.beat + 1, monotonic_ns=sa.bindparam("now"))
)
HELD = sa.select(schema.lease).where(schema.lease.c.instrument == sa.bindparam("of"))
FENCE = sa.select(schema.lease.c.fence).where(schema.lease.c.instrument == sa.bindparam("of"))
LAST = sa.select(sa.func.max(schema.session.c.fence)).where(schema.session.c.instrument == sa.bindparam("of"))
HIGHEST_FENCE = 2**62
"""What a fence never reaches by itself: there is room above it in every database."""
NOBODY = "a process that its lease does not name, since somebody changed it"
MOST_BEATEN = 20
"""So often may another process be faster, before something else must be wrong."""
BEAT_S = 5.0
"""Between two signs of life, s."""
LOOK_S = 1.0
"""How often to look for a sign of life of a holder whose clock cannot be compared with ours."""


@dataclass(frozen=True)
class Ways:
    """With what a lease is taken; tests hand in their own."""

    clock: Clock
    """Tells the time."""
    sleep: Callable[[float], None] = time.sleep
    """Waits, s."""
    term_s: float = TERM_S
    """How long a silent holder keeps its lease, s."""
    patience_s: float = 0.0
    """How long a database that refuses is tried again, s."""


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
    taken_from: str | None = None
    """Whose it was that did not give it back, in words; None when it was free."""

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

    @contextmanager
    def kept_alive(self) -> Generator[None]:
        """Give signs of life from a thread of its own, however long the agent thinks or waits."""
        is_over = threading.Event()

        def beat() -> None:
            with suppress(LeaseLost):  # whoever commits or commands next is told
                while not is_over.wait(BEAT_S):
                    self.renew()

        thread = threading.Thread(target=beat, name="lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()

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
        When another process holds it and lives; the message says which. Or when this user may not write.
    LogUnavailable
        When the database refuses for longer than the patience lasts.
    """
    begun_ns = ways.clock().monotonic_ns
    first_beat: int | None = None
    n_beaten = 0
    while True:
        now = ways.clock()
        waited_s = (now.monotonic_ns - begun_ns) / 1e9
        try:
            with engine.begin() as connection:
                row = connection.execute(HELD, {"of": instrument}).one_or_none()
                _refuse_odd(instrument, row)
                first_beat = row.beat if row is not None and first_beat is None else first_beat
                is_silent = row is not None and row.beat == first_beat and waited_s >= ways.term_s
                if row is None or is_silent or _is_free(row, holder, now, ways.term_s):
                    fence = _write(connection, instrument, holder, now, row)
                    if fence is not None:
                        return Lease(engine, instrument, fence, ways.clock, _taken_from(row, now))
                    n_beaten += 1
                    if n_beaten > MOST_BEATEN:
                        raise _changed(instrument, "has a lease that takes no new holder")
                    continue  # another process was faster: look again
        except ProgrammingError as error:
            raise BadInput(
                "--db", f"it cannot be written ({error.orig})", "Give this user the role nightbeam_agent"
            ) from error
        except DBAPIError as error:
            if waited_s >= ways.patience_s:
                raise LogUnavailable(
                    f"the log cannot be written ({error.orig}; tried for {ways.patience_s:g} s); free it and "
                    "run the same command again"
                ) from error
            ways.sleep(LOOK_S)
            continue
        other = read_holder(row.holder_json)
        if row.beat != first_beat or (other is not None and other.boot_id == now.boot_id):
            raise BadInput(
                f"instrument {instrument!r}",
                f"is in use by {other.text() if other else NOBODY}",
                "Wait until that run ends, or stop it",
            )
        ways.sleep(LOOK_S)


def _taken_from(row: Row[Any] | None, now: Stamp) -> str | None:
    """Whose lease it was that did not give it back, in words; None when it was free."""
    if row is None or row.holder_json is None:
        return None
    other = read_holder(row.holder_json)
    if other is None:
        return NOBODY
    is_near = other.boot_id == now.boot_id
    silent = f", silent for {(now.monotonic_ns - row.monotonic_ns) / 1e9:.0f} s" if is_near else ""
    return f"{other.text()}{silent}"


def _refuse_odd(instrument: str, row: Row[Any] | None) -> None:
    """Refuse a lease whose numbers are none: SQLite would hold anything."""
    numbers = () if row is None else (row.fence, row.beat, row.monotonic_ns)
    if not all(isinstance(number, int) for number in numbers):
        raise _changed(instrument, "has a lease whose fence or sign of life is no number")


def _next_fence(connection: Connection, instrument: str, row: Row[Any] | None) -> int:
    """A fence above all that were ever on record, also where somebody deleted or lowered the lease."""
    last = connection.scalar(LAST, {"of": instrument}) or 0
    here = 0 if row is None else row.fence
    fence = max(last, here) + 1 if isinstance(last, int) else 0
    highest = HIGHEST_FIRST_FENCE if row is None else min(here + LONGEST_STEP, HIGHEST_FENCE)
    if not 1 <= fence <= highest:
        was = "no lease" if row is None else f"fence {here} in its lease"
        raise _changed(instrument, f"has {was}, and a run had fence {last!r}: no fence can follow")
    return fence


def _changed(instrument: str, problem: str) -> BadInput:
    return BadInput(
        f"instrument {instrument!r}",
        f"{problem}, since somebody changed the database",
        "Run nightbeam verify; the section on leases in docs/the-record.md says how to put it right",
    )


def _write(
    connection: Connection, instrument: str, holder: Holder, now: Stamp, row: Row[Any] | None
) -> int | None:
    """Write the new holder down, and give it its fence; None when another process was faster."""
    table = schema.lease
    fence = _next_fence(connection, instrument, row)
    held = {"holder_json": canonical_json(holder), "monotonic_ns": now.monotonic_ns, "fence": fence}
    if row is None:
        try:
            with connection.begin_nested():
                connection.execute(table.insert().values(instrument=instrument, beat=1, **held))
        except IntegrityError:
            return None
        return fence
    unchanged = (table.c.instrument == instrument, table.c.fence == row.fence, table.c.beat == row.beat)
    done = connection.execute(table.update().where(*unchanged).values(beat=row.beat + 1, **held))
    return fence if done.rowcount == 1 else None


def _is_free(row: Row[Any], asking: Holder, now: Stamp, term_s: float) -> bool:
    """True when what is known here is enough to say that nobody uses it any more.

    A process that runs on this machine keeps it, however long it thinks. One that was stopped, or whose
    number cannot be looked up from here, loses it when it gave no sign of life for the whole term.
    """
    if row.holder_json is None:
        return True
    other = read_holder(row.holder_json)
    if other is None:
        return False  # only a whole term without a sign of life tells
    life = other.life(asking)
    if life in ("dead", "runs"):
        return life == "dead"
    is_dated = other.boot_id == now.boot_id  # monotonic clocks compare only within one boot
    return is_dated and now.monotonic_ns - row.monotonic_ns > term_s * 1e9
