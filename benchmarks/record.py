"""What the record of a decision costs: time to write, room on the disk, time to verify."""

import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path

import numpy as np
from pydantic import JsonValue

from benchmarks.loop_turn import run_campaign
from benchmarks.machine import machine_settings
from benchmarks.row import Peer, Row, make_row
from benchmarks.stopwatch import Stopwatch
from benchmarks.task import Task
from db.engine import open_to_read
from db.verify.record import check_record

N_TURNS = 30
"""Decisions after the even start."""
MS = 1e3
KB = 1e-3


def measure(task: Task) -> list[Row]:
    """Rows for a decision's commits, its bytes, and the check of them all."""
    # in the working folder, as a campaign's own files are: what a commit costs depends on the disk
    with tempfile.TemporaryDirectory(prefix="nightbeam-bench-", dir=Path.cwd()) as name:
        folder, watch = Path(name), Stopwatch()
        task.say("record: running a campaign")
        run_campaign(folder, task.repeats(N_TURNS, 5), watch)
        return [*_writing(watch, folder), _room(folder), _checking(folder)]


def _writing(watch: Stopwatch, folder: Path) -> list[Row]:
    counted = [spent.get("log", 0.0) for decision, spent in watch.turns if decision.kind == "suggest"]
    commits = np.array(watch.commits_s)
    bare_s = _time_bare_commits(folder, n=200)
    settings: dict[str, JsonValue] = {
        "database": "SQLite, journal_mode WAL, synchronous FULL; lease, rows and ledger in each commit",
        **machine_settings("sqlalchemy"),
    }
    per_decision: dict[str, JsonValue] = {"repeats": len(counted), "commits": 8}
    beside = Peer(name="8 bare commits of one row", value=8 * bare_s * MS)
    quartiles: list[JsonValue] = [float(q) * MS for q in np.quantile(commits, [0.25, 0.75])]
    per_commit: dict[str, JsonValue] = {"repeats": commits.size, "quartiles": quartiles}
    return [
        make_row(
            "record.write_a_decision", float(np.median(counted)) * MS, "ms", per_decision | settings, beside
        ),
        make_row(
            "record.commit", float(np.median(commits)) * MS, "ms",
            per_commit | settings,
            Peer(name="a bare commit of one row", value=bare_s * MS),
        ),
    ]  # fmt: skip


def _time_bare_commits(folder: Path, n: int) -> float:
    """Median of a commit of SQLite alone, as safe against power loss, s."""
    times: list[float] = []
    with closing(sqlite3.connect(folder / "bare.db", isolation_level=None)) as bare:
        bare.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t (x TEXT)")
        for number in range(n):
            begun = time.perf_counter()
            bare.execute("BEGIN IMMEDIATE")
            bare.execute("INSERT INTO t VALUES (?)", (str(number),))
            bare.execute("COMMIT")
            times.append(time.perf_counter() - begun)
    return float(np.median(times))


def _room(folder: Path) -> Row:
    """Bytes of a decision: of all rows and indexes, after the database was packed."""
    with closing(sqlite3.connect(folder / "turns.db")) as record:
        record.execute("VACUUM")
        (n_decisions,) = record.execute("SELECT count(*) FROM decision").fetchone()
        (kept,) = record.execute("SELECT sum(length(content)) FROM artifact").fetchone()
    n_bytes = (folder / "turns.db").stat().st_size
    settings: dict[str, JsonValue] = {
        "decisions": n_decisions,
        "of_which_curves_fits_and_maps": round(kept * KB / n_decisions, 2),
    }
    return make_row("record.size_of_a_decision", n_bytes * KB / n_decisions, "kB", settings)


def _checking(folder: Path) -> Row:
    begun = time.perf_counter()
    with open_to_read(f"sqlite:///{folder / 'turns.db'}").connect() as connection:
        checked = check_record(connection)
    seconds = time.perf_counter() - begun
    assert not checked.findings
    (campaign,) = checked.campaigns
    return make_row(
        "record.verify_a_decision", seconds * MS / campaign.n_decisions, "ms",
        {"decisions": campaign.n_decisions, "entries": campaign.n_entries, **machine_settings("sqlalchemy")},
    )  # fmt: skip
