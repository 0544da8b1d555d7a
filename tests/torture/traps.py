"""Points at which a run kills itself, and the eyewitness's ears: hooks around the real parts."""

import os
import random
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from agent import assemble
from agent.commands import run as run_command
from db import lease
from db import log as db_log
from instruments import documents, frame_writer, virtual_sample
from models.domain.canonical import canonical_json, sha256_text
from models.domain.errors import FrameRejected
from models.domain.records import Annotation, Decided, Ended, Event, Observed, Retried, Started
from models.saxs import pipeline
from tests.torture import mutants
from tests.torture.campaigns import UNREADABLE_SEQ
from tests.torture.witness import Witness

LONGEST_COMMIT_S = 0.004
"""A kill amid a commit comes at a random time up to this."""
ACTION = re.compile(r"-(\d{5})-\d(prepare|load|expose)-")


def die() -> None:
    """End this process now, without a word."""
    os.kill(os.getpid(), signal.SIGKILL)
    while True:
        time.sleep(1)


class Fate:
    """Counts how often each point is passed, and ends the process at the one that was chosen."""

    def __init__(self, witness: Witness, trap: str | None, count: int, is_stopped: bool) -> None:
        self.witness, self._trap, self._left, self._is_stopped = witness, trap, count, is_stopped
        self.record = threading.local()

    def passes(self, point: str) -> None:
        if not self.is_due(point):
            return
        if self._is_stopped:
            # To this very thread: a stop of the process would let it go on for a moment.
            signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
            self.witness.say("continued")
        else:
            die()

    def is_due(self, point: str) -> bool:
        if point != self._trap:
            return False
        self._left -= 1
        if self._left != 0:
            return False
        self.witness.say("killed", point=point)
        return True

    @property
    def name(self) -> str:
        """What is being written just now."""
        return getattr(self.record, "name", "Setup")


def arm(witness: Witness, order: dict[str, Any]) -> None:
    """Set one trap, and let the witness listen."""
    mutant, term_s = order.get("mutant"), order.get("term_s")
    if mutant is not None:
        mutants.MUTANTS[mutant]()
    if term_s is not None:
        assemble.Ways = lambda clock, **more: lease.Ways(clock, term_s=term_s, **more)
    fate = Fate(witness, order.get("trap"), order.get("count", 1), order.get("is_stopped", False))
    _watch_log(fate)
    _watch_database(fate)
    _watch_dispenser(fate)
    _watch_documents(fate)
    _watch_frames(fate)
    _watch_curves(fate)


def set_stage() -> None:
    """What every run of the harness has alike: one unreadable frame, and no picture.

    The picture is drawn after the last row is written: nothing hangs on it, and it takes seconds.
    """
    _damage_one_frame()
    run_command._draw = lambda plan, loop: None


def around(owner: Any, name: str, wrapped: Callable[..., Any]) -> None:
    """Put a function around another: `wrapped(original, *arguments)`."""
    original = getattr(owner, name)

    def outer(*arguments: Any, **options: Any) -> Any:
        return wrapped(original, *arguments, **options)

    setattr(owner, name, outer)


def name_of(record: Any) -> str:
    """Name of a record among the points."""
    action_id = getattr(record, "action_id", None) or getattr(
        getattr(record, "report", None), "action_id", ""
    )
    kind = ACTION.search(action_id)
    return f"{type(record).__name__}:{kind[2]}" if kind else type(record).__name__


def keys_of(record: Any) -> list[list[Any]]:
    """What must be in the database once the record was acknowledged."""
    match record:
        case Decided(decision=decision, actions=actions):
            whole = sha256_text(canonical_json(decision))
            return [["decision", decision.seq, whole], *(["action", a.action_id] for a in actions)]
        case Started(action_id=action_id):
            return [["action_event", action_id, "started"]]
        case Ended(report=report, failure=failure):
            keys = [["action_event", report.action_id, report.status]]
            keys += [["exposure", report.exposure.seq, report.exposure.run_uid]] if report.exposure else []
            return keys + ([["failure", failure.seq, failure.code]] if failure else [])
        case Retried(actions=actions):
            return [["action", a.action_id] for a in actions]
        case Observed(observation=observation):
            return [["observation", observation.seq, sha256_text(canonical_json(observation))]]
        case Event() | Annotation():
            return []
        case _:
            return [["failure", record.seq, record.code]]


def _watch_log(fate: Fate) -> None:
    def append(original: Callable[..., Any], log: Any, record: Any) -> None:
        name = name_of(record)
        fate.passes(f"before {name}")
        fate.record.name, fate.record.n_rows = name, 0
        try:
            original(log, record)
        finally:
            fate.record.name = "Setup"
        fate.witness.say("acknowledged", record=name, keys=keys_of(record))
        fate.passes(f"after {name}")

    def opened(original: Callable[..., Any], *arguments: Any, **options: Any) -> None:
        fate.passes("before Session")
        fate.record.name, fate.record.n_rows = "Session", 0
        try:
            original(*arguments, **options)
        finally:
            fate.record.name = "Setup"
        fate.witness.say("acknowledged", record="Session", keys=[])
        fate.passes("after Session")

    def taken(original: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        fate.passes("before Lease")
        fate.record.name = "Lease"
        try:
            mine = original(*arguments, **options)
        finally:
            fate.record.name = "Setup"
        fate.passes("after Lease")
        return mine

    around(assemble, "take_lease", taken)
    around(db_log.DecisionLog, "append", append)
    around(db_log.DecisionLog, "__init__", opened)


def _watch_database(fate: Fate) -> None:
    n_made: Counter[str] = Counter()

    def executed(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        word = statement.lstrip()[:14].upper()
        if word.startswith("CREATE TABLE"):
            n_made["table"] += 1
            fate.passes("first table" if n_made["table"] == 1 else "amid tables")
        elif word.startswith("CREATE TRIGGER"):
            fate.passes("amid triggers")
        elif word.startswith("INSERT"):
            fate.record.n_rows = getattr(fate.record, "n_rows", 0) + 1
            if fate.record.n_rows == 1:
                fate.passes(f"first row of {fate.name}")

    def committing(connection: Any) -> None:
        fate.passes(f"rows of {fate.name}")
        if fate.is_due(f"amid {fate.name}"):
            delay_s = random.Random(time.monotonic_ns()).uniform(0, LONGEST_COMMIT_S)
            threading.Thread(target=lambda: (time.sleep(delay_s), die()), daemon=True).start()

    sa.event.listen(Engine, "after_cursor_execute", executed)
    sa.event.listen(Engine, "commit", committing)


def _watch_dispenser(fate: Fate) -> None:
    def mix(original: Callable[..., Any], device: Any, action_id: str, **options: Any) -> Any:
        fate.witness.say("commanded", action_id=action_id)
        return original(device, action_id, **options)

    def begin(original: Callable[..., Any], journal: Any, action_id: str, vial: Any, fence: int) -> None:
        fate.passes("before mixing")
        if fate.is_due("mix torn"):
            _append_and_die(journal._path, f'{{"word": "started", "action_id": "{action_id}", "sam')
        original(journal, action_id, vial, fence)
        # From here on a real pump runs, whatever becomes of this process.
        fate.witness.say("pumped", action_id=action_id, sample=vial.sample)
        fate.passes("mixing")

    def end(original: Callable[..., Any], journal: Any, action_id: str, vial: Any) -> None:
        if fate.is_due("mixed torn"):
            _append_and_die(journal._path, f'{{"word": "done", "action_id": "{action_id}", "sam')
        original(journal, action_id, vial)
        fate.passes("mixed")

    around(virtual_sample.Mix, "set", mix)
    around(virtual_sample.Journal, "begin", begin)
    around(virtual_sample.Journal, "end", end)


def _append_and_die(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    die()


def _watch_documents(fate: Fate) -> None:
    now: dict[str, str] = {}

    def emit(original: Callable[..., Any], writer: Any, name: str, document: dict[str, Any]) -> None:
        if name == "start":
            now["action_id"] = document["action_id"]
            fate.witness.say("exposed", action_id=document["action_id"])
        if name in ("event", "stop") and fate.is_due(f"{name} torn"):
            path = documents.documents_path(writer._folder, now["action_id"])
            _append_and_die(path, f'["{name}", {{"uid": "{document["uid"][:8]}')
        original(writer, name, document)
        fate.passes(f"{name} emitted")

    around(documents.DocumentWriter, "__call__", emit)


def _watch_frames(fate: Fate) -> None:
    def write(original: Callable[..., Any], path: Path, fill: Callable[[Path], None]) -> None:
        def filled(partial: Path) -> None:
            fill(partial)
            if fate.is_due("frame torn"):
                os.truncate(partial, partial.stat().st_size // 2)
                die()
            fate.passes("frame unnamed")

        original(path, filled)
        fate.passes("frame written")

    around(frame_writer, "write_atomically", write)


def _watch_curves(fate: Fate) -> None:
    def write(original: Callable[..., Any], path: Path, *arguments: Any) -> Any:
        result = original(path, *arguments)
        if fate.is_due("curve torn"):
            os.truncate(path, path.stat().st_size // 2)
            die()
        fate.passes("curve written")
        return result

    around(pipeline, "write_curve", write)


def _damage_one_frame() -> None:
    """Let one decision's frame be unreadable, in every run alike."""

    def read(original: Callable[..., Any], analysis: Any, exposure: Any, blank: Any, history: Any) -> Any:
        if exposure.seq == UNREADABLE_SEQ:
            raise FrameRejected(f"decision {exposure.seq}: its frame is torn")
        return original(analysis, exposure, blank, history)

    around(pipeline.ScatteringAnalysis, "__call__", read)
