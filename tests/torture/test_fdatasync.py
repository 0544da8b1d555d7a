"""SIGKILL cannot tell whether a commit reached the disk, since the system's cache outlives a process.

So the system calls are watched: between the beginning and the end of every append, the log's file must
be forced to disk, after the last write to it.
"""

import sys
from pathlib import Path

import pytest

from tests.torture.appends import AFTER, BEFORE, records
from tests.torture.runs import ROOT
from tests.torture.syscalls import Call, trace

SYNCS = ("fsync", "fdatasync")


def appends_seen(folder: Path, *words: str) -> list[list[Call]]:
    """What each append did."""
    command = [sys.executable, "-m", "tests.torture.appends", str(folder), *words]
    seen: list[list[Call]] = []
    now: list[Call] | None = None
    for call in trace(command, ROOT):
        if call.path == "/dev/null" and call.size == len(BEFORE):
            now = []
        elif call.path == "/dev/null" and call.size == len(AFTER):
            assert now is not None
            seen.append(now)
            now = None
        elif now is not None:
            now.append(call)
    return seen


def is_on_disk(calls: list[Call]) -> bool:
    """True when the log's file was written to and then forced to disk."""
    about_log = [call for call in calls if "log.db" in call.path]
    wrote = [n for n, call in enumerate(about_log) if call.name == "pwrite64"]
    synced = [n for n, call in enumerate(about_log) if call.name in SYNCS and call.result == 0]
    return bool(wrote) and bool(synced) and max(synced) > max(wrote)


def test_every_append_reaches_the_disk_before_it_returns(tmp_path: Path):
    seen = appends_seen(tmp_path)
    assert len(seen) == len(records())
    assert [is_on_disk(calls) for calls in seen] == [True] * len(seen)


def test_a_log_that_leaves_it_to_the_cache_is_found_out(tmp_path: Path):
    seen = appends_seen(tmp_path, "--careless")
    assert len(seen) == len(records())
    assert not any(is_on_disk(calls) for calls in seen)


def test_a_machine_that_nobody_can_trace_on_is_no_silent_pass(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr("platform.machine", lambda: "vax")
    with pytest.raises(RuntimeError, match="no system call numbers for vax"):
        trace([sys.executable, "-c", "pass"], tmp_path)
