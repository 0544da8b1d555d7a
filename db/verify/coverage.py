"""Hold rows against the entries that sealed them: each row in exactly one, and each as it was."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Self

from db.verify.findings import MOST_IN_A_ROW
from models.domain.canonical import canonical_json

TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE sealed (tab TEXT, key TEXT, sha256 TEXT, campaign INTEGER, n INTEGER, seq INTEGER);
CREATE TABLE found (
    tab TEXT, key TEXT, sha256 TEXT, is_flawed INTEGER,
    campaign INTEGER, seq INTEGER, decision INTEGER, action TEXT
);
CREATE TABLE differing (how TEXT, campaign INTEGER, tab TEXT, seq INTEGER, key TEXT, n INTEGER);
BEGIN;
"""
INDEXES = """
CREATE INDEX sealed_key ON sealed (tab, key);
CREATE INDEX found_key ON found (tab, key);
CREATE INDEX found_decision ON found (decision) WHERE tab = 'decision';
CREATE INDEX found_action ON found (action) WHERE tab = 'action';
"""
DIFFERENCES = """
INSERT INTO differing
    SELECT 'edited', s.campaign, s.tab, s.seq, s.key, s.n
    FROM sealed s JOIN found f ON f.tab = s.tab AND f.key = s.key WHERE f.sha256 <> s.sha256;
INSERT INTO differing
    SELECT 'gone', s.campaign, s.tab, s.seq, s.key, s.n FROM sealed s
    WHERE NOT EXISTS (SELECT 1 FROM found f WHERE f.tab = s.tab AND f.key = s.key);
INSERT INTO differing
    SELECT 'added', coalesce(f.campaign, d.campaign), f.tab, coalesce(f.seq, d.seq), f.key, NULL
    FROM found f
    LEFT JOIN found a ON a.tab = 'action' AND a.action = f.action
    LEFT JOIN found d ON d.tab = 'decision' AND d.decision = coalesce(f.decision, a.decision)
    WHERE NOT EXISTS (SELECT 1 FROM sealed s WHERE s.tab = f.tab AND s.key = f.key);
INSERT INTO differing
    SELECT 'sealed twice', campaign, tab, seq, key, max(n) FROM sealed GROUP BY tab, key HAVING count(*) > 1;
INSERT INTO differing
    SELECT 'flawed', coalesce(s.campaign, f.campaign), f.tab, coalesce(s.seq, f.seq), f.key, s.n
    FROM found f LEFT JOIN sealed s ON s.tab = f.tab AND s.key = f.key WHERE f.is_flawed;
"""
"""How rows and entries may differ."""
GROUPS = "SELECT how, campaign, tab, count(DISTINCT coalesce(seq, -1)) FROM differing GROUP BY 1, 2, 3"
MEMBERS = "FROM differing WHERE how = ? AND campaign IS ? AND tab = ?"
BY_DECISION = f"SELECT seq, seq, count(*), min(key), min(n) {MEMBERS} GROUP BY seq ORDER BY seq"
ALL_TOGETHER = f"SELECT min(seq), max(seq), count(*), min(key), min(n) {MEMBERS}"


@dataclass(frozen=True)
class FoundRow:
    """A row as it stands in its table, and where it belongs as far as it says so itself."""

    key: list[Any]
    """Primary key."""
    sha256: str
    """Hash of the row."""
    is_flawed: bool
    """True when a hash that it carries of its own content does not fit."""
    campaign_id: int | None
    """Key of the campaign."""
    seq: int | None
    """`seq` of the decision."""
    decision_id: int | None
    """Key of the decision."""
    action_id: str | None
    """Key of the action."""


@dataclass(frozen=True)
class Difference:
    """Rows of one table, of one decision or of a run of them, that differ in one way from what was sealed."""

    how: str
    """``edited``, ``gone``, ``added``, ``sealed twice`` or ``flawed``."""
    campaign_id: int | None
    """Key of the campaign; None when the row belongs to none."""
    table: str
    """Name of the table."""
    first_seq: int | None
    """`seq` of the first decision; None when they belong to none."""
    last_seq: int | None
    """`seq` of the last decision."""
    n_rows: int
    """Count of rows."""
    key: str
    """Primary key of one of them, as JSON."""
    n: int | None
    """The first entry that sealed one of them; None when none did."""


class Coverage(AbstractContextManager["Coverage"]):
    """Members and rows side by side in a scratch file, so that memory stays small however long the record."""

    def __enter__(self) -> Self:
        """Make the scratch file; SQLite removes it when it is closed."""
        self._scratch = sqlite3.connect("", isolation_level=None)
        self._scratch.executescript(TABLES)
        return self

    def __exit__(self, *_: object) -> None:
        """Drop the scratch file."""
        self._scratch.close()

    def seal(self, campaign_id: int, n: int, seq: int | None, members: Iterable[list[Any]]) -> None:
        """Take up the members of an entry."""
        self._scratch.executemany(
            "INSERT INTO sealed VALUES (?, ?, ?, ?, ?, ?)",
            ((table, canonical_json(key), sha256, campaign_id, n, seq) for table, key, sha256 in members),
        )

    def find(self, table: str, rows: Iterable[FoundRow]) -> None:
        """Take up the rows of a table."""
        self._scratch.executemany(
            "INSERT INTO found VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    table, canonical_json(row.key), row.sha256, row.is_flawed,
                    row.campaign_id, row.seq, row.decision_id, row.action_id,
                )
                for row in rows
            ),
        )  # fmt: skip

    def differences(self) -> Iterator[Difference]:
        """How rows and entries differ; many decisions of one sort are told together."""
        self._scratch.executescript(f"{INDEXES}{DIFFERENCES}")
        for how, campaign_id, table, n_decisions in self._scratch.execute(GROUPS).fetchall():
            statement = BY_DECISION if n_decisions <= MOST_IN_A_ROW else ALL_TOGETHER
            for first, last, n_rows, key, n in self._scratch.execute(statement, (how, campaign_id, table)):
                yield Difference(how, campaign_id, table, first, last, n_rows, key, n)
