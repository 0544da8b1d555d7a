"""The world of one example: a laboratory, a database, a clock, and the agents that come and go."""

import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy.engine import Engine

from db import engine as db_engine
from db.annotations import add_annotation
from db.lease import TERM_S
from models.domain.action import Exposure
from models.domain.campaign import BudgetSpec
from models.domain.clock import Stamp
from models.domain.decision import Override
from models.domain.errors import FrameRejected
from models.domain.record_spec import RecordSpec
from models.domain.records import Annotation, Observed, Record
from models.domain.space import Point
from tests import fakes
from tests.protocol.agents import Agent, opening_of
from tests.protocol.laboratory import Laboratory

MEMORY = Path("/dev/shm")
"""A folder in memory, where forcing to disk costs nothing; SIGKILL could not tell the difference anyway."""
PATIENCE_S = 5.0
DAWN = datetime(2026, 1, 1, tzinfo=UTC)
REJECTED_EVERY, UNREADABLE_EVERY = 3, 7
"""Every so-manieth decision brings a frame that a check rejects, or that cannot be read at all."""


class World:
    """Everything that is there whichever process lives."""

    def __init__(self, *, has_journal: bool = True, template: Path | None = None) -> None:
        """An empty laboratory; `template` is a database with tables and no rows."""
        self.root = Path(tempfile.mkdtemp(prefix="protocol-", dir=MEMORY if MEMORY.is_dir() else None))
        self.database = self.root / "log.db"
        if template is not None:
            shutil.copy(template, self.database)
        self.url = f"sqlite:///{self.database}"
        self.campaign = fakes.spec(
            budget=BudgetSpec(measurements=10_000, failures_in_a_row=1_000),
            record=RecordSpec(patience_s=PATIENCE_S),
        )
        self.opening = opening_of(self.campaign, self.url, self.root)
        self.laboratory = Laboratory(self.opening.identity.folder, self.database, has_journal)
        self.agents: list[Agent] = []
        self.acknowledged: list[Record] = []
        self.boot_id = "boot"
        self.hours_off = 0
        """How far the wall clock is off."""
        self.was_refusing = False
        """True once the database or the disk refused anything: agents may end for it."""
        self.opened: Callable[[Engine], None] = lambda _: None
        """Told of each engine that an agent opens."""
        self._monotonic_ns = 0
        self._lock: sqlite3.Connection | None = None
        self._locked_until_s = 0.0

    def __enter__(self) -> Self:
        self._usual_timeout_s = db_engine.BUSY_TIMEOUT_S
        db_engine.BUSY_TIMEOUT_S = 0.0  # a lock of the world is never let go of while SQLite waits
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        db_engine.BUSY_TIMEOUT_S = self._usual_timeout_s
        self.unlock()
        self.laboratory.let_go.set()
        for agent in self.agents:
            agent.bury()
        self.reader.dispose()
        shutil.rmtree(self.root, ignore_errors=True)

    @cached_property
    def reader(self) -> Engine:
        """For those who look: one engine, since each compiles its statements anew."""
        return db_engine.open_to_read(self.url)

    # time

    def clock(self) -> Stamp:
        self._monotonic_ns += 1_000_000
        utc = DAWN + timedelta(microseconds=self._monotonic_ns / 1e3, hours=self.hours_off)
        text = utc.isoformat(timespec="microseconds")
        return Stamp(utc=text, monotonic_ns=self._monotonic_ns, boot_id=self.boot_id)

    def monotonic_s(self) -> float:
        return self._monotonic_ns / 1e9

    def sleep(self, seconds: float) -> None:
        self._monotonic_ns += int(seconds * 1e9)
        if self._lock is not None and self.monotonic_s() >= self._locked_until_s:
            self.unlock()

    def outlast_the_term(self) -> None:
        """Wait until a silent agent has lost its lease."""
        self.sleep(TERM_S + 1.0)

    # the database

    def lock(self, for_s: float) -> None:
        """Somebody holds the database for a while."""
        self.was_refusing = True
        self._locked_until_s = self.monotonic_s() + for_s
        if self._lock is None:
            self._lock = sqlite3.connect(self.database, isolation_level=None, check_same_thread=False)
            self._lock.execute("BEGIN IMMEDIATE")

    def unlock(self) -> None:
        if self._lock is not None:
            self._lock.rollback()
            self._lock.close()
            self._lock = None

    @property
    def is_locked(self) -> bool:
        return self._lock is not None

    # people and processes

    def start(self) -> Agent:
        """Start a process; it does nothing until it is let go."""
        self.agents.append(Agent(self, len(self.agents) + 1))
        return self.agents[-1]

    def restart(self) -> Agent:
        """Start a process after the one before is known to be gone."""
        self.outlast_the_term()
        return self.start()

    def annotate(self, text: str) -> None:
        """A person says something beside the running agent."""
        note = Annotation(kind="note", who="A. Meyer", text=text)
        add_annotation(self.url, self.campaign.name, note, self.clock())
        self.acknowledged.append(note)

    def analysis(self, exposure: Exposure, blank: Any, history: Any) -> Observed:
        """Read a frame; some are rejected, some cannot be read."""
        if exposure.seq % UNREADABLE_EVERY == 0:
            raise FrameRejected("The frame is empty; look at the detector.")
        return fakes.FakeAnalysis(rejects=lambda seq: seq % REJECTED_EVERY == 0)(exposure, blank)


def override(why: str = "I want to see the corner.", sample: str | None = None) -> Override:
    """What a person asks for."""
    point = {"surfactant": 0.3, "cosurfactant": 0.3, "water": 0.4}
    return Override(point=Point(coordinates=point, sample=sample), exposure_s=0.2, who="B. Roth", why=why)


def empty_database(folder: Path) -> Path:
    """A database with tables and no rows, to copy."""
    path = folder / "template.db"
    db_engine.open_to_write(f"sqlite:///{path}").dispose()
    return path
