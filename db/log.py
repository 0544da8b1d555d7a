"""The only writer of a run: each record is one transaction under the lease, sealed in the ledger."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, NoResultFound, OperationalError

from db import histories, schema
from db.anchors.heads import Head
from db.engine import reading
from db.identity import CampaignIdentity
from db.lease import Lease
from db.ledger import Chain, Entry, Sealed, is_on_record
from db.requests import count_requests, read_requests, with_ages
from db.rows import Writer
from models.domain.campaign import CampaignSpec
from models.domain.canonical import canonical_json, sha256_text
from models.domain.clock import Clock, Stamp
from models.domain.errors import LogUnavailable
from models.domain.history import History
from models.domain.records import Answered, Decided, Event, LoggedAction, Record
from models.domain.request import LoggedRequest

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 2.0
"""Between two tries at a database that refuses, s."""


@dataclass(frozen=True)
class Opening:
    """What a log is opened for."""

    identity: CampaignIdentity
    """Which campaign."""
    spec: CampaignSpec
    """The campaign file in force."""
    problem_json: str
    """What strategies are told of the task, as canonical JSON."""


@dataclass(frozen=True)
class Process:
    """The process that writes."""

    clock: Clock
    """Tells the time."""
    environment_json: str
    """With what it computes, as canonical JSON."""
    say: Callable[[str], None] = lambda _: None
    """Tells a person that a database refuses, and that it is tried again."""
    publish: Callable[[Head], tuple[str, ...]] = lambda _: ()
    """Publishes a head outside the database; says where it could not."""
    monotonic_s: Callable[[], float] = time.monotonic
    """Counts the patience."""
    sleep: Callable[[float], None] = time.sleep
    """Waits, s."""


class DecisionLog:
    """The log of one campaign, open for one process life."""

    def __init__(self, engine: Engine, lease: Lease, opening: Opening, process: Process) -> None:
        """Begin a campaign, or a further session of it.

        Parameters
        ----------
        engine
            The database.
        lease
            The right to use the instrument; no commit stands without it.
        opening
            What it is opened for.
        process
            The process that will write.

        Raises
        ------
        LogUnavailable
            When the database refuses.
        """
        self._engine, self._lease, self._process = engine, lease, process
        self._identity, self._rules = opening.identity, opening.spec.record
        self._chain = Chain(0, opening.identity.uid)
        self._session_id = 0
        self._last_seq = 0
        self._asked: tuple[LoggedRequest, ...] | None = None
        self._are_answered = False
        self.began_utc = ""
        """When the campaign began, ISO 8601."""
        self.head = self._commit("Opened", lambda entry, stamp: self._open(entry, stamp, opening))
        """The last entry of the ledger that this process wrote."""

    def append(self, record: Record) -> None:
        """Write one record, whole or not at all; it is on the disk when this returns.

        Raises
        ------
        LogUnavailable
            When it cannot be written, after it was tried for as long as the campaign file says. Nothing may
            move then.
        LeaseLost
            When another agent has taken over.
        """

        def write(entry: Entry, stamp: Stamp) -> int | None:
            return Writer(entry, self._chain, self._session_id, stamp).write(record)

        self.head = self._commit(type(record).__name__, write)
        if isinstance(record, Decided | Answered) and record.answers:
            self._are_answered = True
        if not isinstance(record, Decided):
            return
        self._last_seq = record.decision.seq
        if self._last_seq % self._rules.anchors.every == 0:
            for sentence in self._publish():
                self._process.say(sentence)
                self.append(
                    Event(level="warning", code="anchor_not_published", sentence=sentence, seq=self._last_seq)
                )

    def history(self) -> History:
        """All that is on record."""
        with reading(self._engine).connect() as connection:
            return histories.read_history(connection, self._chain.campaign_id)

    def actions(self, seq: int) -> tuple[LoggedAction, ...]:
        """The commands of a decision in order, each in its last attempt."""
        with reading(self._engine).connect() as connection:
            return histories.read_actions(connection, self._chain.campaign_id, seq)

    def requests(self) -> tuple[LoggedRequest, ...]:
        """What people ask, in the order in which they did, with the answers; cheap while nothing is new.

        A database that does not answer for a moment is no reason to end: then it is what was known before,
        and the next record has to wait for the database anyway.
        """
        asked = self._asked
        try:
            with reading(self._engine).connect() as connection:
                n_asked = count_requests(connection, self._chain.campaign_id)
                if asked is None or self._are_answered or len(asked) != n_asked:
                    asked = read_requests(connection, self._chain.campaign_id)
                    self._asked, self._are_answered = asked, False
        except (LogUnavailable, OperationalError) as error:
            if asked is None:
                raise LogUnavailable(f"what people ask cannot be read ({_said(error)}); run again") from error
        return with_ages(asked, self._process.clock) if asked else ()

    def close(self) -> None:
        """Publish the head, give the instrument back and let go of the database."""
        for sentence in self._publish():
            self._process.say(sentence)
        self._lease.give_back()
        self._engine.dispose()

    def _publish(self) -> tuple[str, ...]:
        """Publish the head of the record; where that failed."""
        return self._process.publish(
            Head(
                campaign=self._identity.label,
                uid=self._chain.uid,
                n=self.head.n,
                seq=self._last_seq,
                sha256=self.head.sha256,
                utc=self._process.clock().utc,
            )
        )

    def _commit(self, name: str, write: Callable[[Entry, Stamp], int | None]) -> Sealed:
        """One transaction: lease, rows, ledger. A database that refuses is tried until patience ends."""
        stamp = self._process.clock()
        deadline = self._process.monotonic_s() + self._rules.patience_s
        pause_s = FIRST_PAUSE_S
        sealed: Sealed | None = None
        while True:
            try:
                with self._engine.begin() as connection:
                    self._lease.hold(connection)
                    # A connection that broke during COMMIT leaves open whether it went through.
                    if sealed is not None and is_on_record(connection, self._chain, sealed):
                        return sealed
                    entry = Entry(connection)
                    seq = write(entry, stamp)
                    sealed = entry.seal(self._chain, name, seq, stamp.utc)
                break
            except (IntegrityError, NoResultFound) as error:
                raise LogUnavailable(
                    f"the log holds this {name} already, or lacks what it refers to "
                    f"({_said(error)}); is another agent running the same campaign?"
                ) from error
            except DBAPIError as error:
                may_pass = isinstance(error, OperationalError | InterfaceError)
                if not may_pass or self._process.monotonic_s() >= deadline:
                    raise LogUnavailable(
                        f"the log cannot be written ({_said(error)}; tried for "
                        f"{self._rules.patience_s:g} s); free it and run the same command again"
                    ) from error
                if pause_s == FIRST_PAUSE_S:
                    self._process.say(
                        f"the log cannot be written ({_said(error)}); nothing moves until it can, "
                        f"trying for up to {self._rules.patience_s:g} s"
                    )
                self._process.sleep(pause_s)
                pause_s = min(2.0 * pause_s, LONGEST_PAUSE_S)
        return sealed

    def _open(self, entry: Entry, stamp: Stamp, opening: Opening) -> None:
        """Add the campaign's row when it is not there, and this process' session."""
        campaign_id, self.began_utc = add_campaign(entry, opening, stamp)
        self._last_seq = _last_seq(entry, campaign_id)
        self._chain = Chain(campaign_id, opening.identity.uid)
        self._session_id = entry.add(
            schema.session,
            campaign_id=campaign_id,
            spec_json=canonical_json(opening.spec),
            environment_json=self._process.environment_json,
            instrument=self._lease.instrument,
            fence=self._lease.fence,
            **stamp.model_dump(),
        )


def add_campaign(entry: Entry, opening: Opening, stamp: Stamp) -> tuple[int, str]:
    """Key and beginning of the campaign's row, which is added when it is not there."""
    table, spec, identity = schema.campaign, opening.spec, opening.identity
    row = entry.connection.execute(sa.select(table).where(table.c.name == spec.name)).one_or_none()
    if row is not None and row.uid != identity.uid:
        raise LogUnavailable(f"another agent began the campaign {spec.name!r} a moment ago; run again")
    if row is not None:
        return row.id, row.utc
    text = canonical_json(spec)
    campaign_id = entry.add(
        table, name=spec.name, uid=identity.uid, utc=stamp.utc, folder=str(identity.folder),
        spec_json=text, spec_sha256=sha256_text(text), problem_json=opening.problem_json,
    )  # fmt: skip
    return campaign_id, stamp.utc


def _last_seq(entry: Entry, campaign_id: int) -> int:
    table = schema.decision
    last = sa.select(sa.func.max(table.c.seq)).where(table.c.campaign_id == campaign_id)
    return entry.connection.scalar(last) or 0


def _said(error: Exception) -> str:
    """What the database said, on one line."""
    return " ".join(str(getattr(error, "orig", None) or error).split())
