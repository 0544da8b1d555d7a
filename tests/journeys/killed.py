"""Runs `nightbeam` in this process and kills it, without mercy, at a named point of a decision.

Usage: ``python -m tests.journeys.killed POINT SEQ -- run CAMPAIGN.toml``
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from agent import cli
from db.log import DecisionLog
from instruments import frame_writer, runner, virtual_beam, virtual_sample
from instruments.documents import DocumentWriter
from models.domain.records import Decided, Ended, Observed, Started
from models.saxs import pipeline

RECORDS: dict[str, Callable[[Any, int], bool]] = {
    "decided": lambda r, seq: isinstance(r, Decided) and r.decision.seq == seq,
    "prepare_started": lambda r, seq: isinstance(r, Started) and f"-{seq:05d}-1prepare" in r.action_id,
    "expose_started": lambda r, seq: isinstance(r, Started) and f"-{seq:05d}-3expose" in r.action_id,
    "expose_ended": lambda r, seq: isinstance(r, Ended) and f"-{seq:05d}-3expose" in r.report.action_id,
    "observed": lambda r, seq: isinstance(r, Observed) and r.observation.seq == seq,
}
"""Commit points: the process dies right after the record is on the disk."""


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def after(owner: Any, name: str, is_due: Callable[..., bool]) -> None:
    """Let the process die right after a function of `owner` returned, when it is due."""
    function = getattr(owner, name)

    def dying(*arguments: Any, **options: Any) -> Any:
        result = function(*arguments, **options)
        if is_due(*arguments, **options):
            die()
        return result

    setattr(owner, name, dying)


def arm(point: str, seq: int) -> None:
    """Set the trap."""
    mark = f"-{seq:05d}-"
    if point in RECORDS:
        after(DecisionLog, "append", lambda _, record: RECORDS[point](record, seq))
    elif point == "mixing":
        after(virtual_sample.Journal, "write", lambda _, word, id_, *a: word == "started" and mark in id_)
    elif point == "mixed":
        after(virtual_sample.Journal, "write", lambda _, word, id_, *a: word == "done" and mark in id_)
    elif point == "frame_half_written":
        after(frame_writer, "_write_counts", lambda *_: frame_seq[0] == seq)
        watch_frames()
    elif point == "frame_written":
        after(virtual_beam, "write_frame", lambda path, *a, **o: mark in str(path))
    elif point == "event_emitted":
        after(DocumentWriter, "__call__", lambda self, name, doc: name == "event" and latest(self, mark))
    elif point == "curve_written":
        after(pipeline, "write_curve", lambda path, *a: f"{seq:05d}" in str(path))
    else:
        raise SystemExit(f"no such point: {point}")


frame_seq = [0]


def watch_frames() -> None:
    function = frame_writer.write_frame

    def noting(path: Any, *arguments: Any, **options: Any) -> None:
        frame_seq[0] = int(str(path).rsplit("-", 3)[1])
        function(path, *arguments, **options)

    frame_writer.write_frame = noting
    virtual_beam.write_frame = noting


def latest(writer: Any, mark: str) -> bool:
    return mark in str(getattr(writer._open_file, "name", ""))


if __name__ == "__main__":
    split = sys.argv.index("--")
    arm(sys.argv[1], int(sys.argv[2]))
    assert runner is not None
    sys.argv = ["nightbeam", *sys.argv[split + 1 :]]
    cli.main()
