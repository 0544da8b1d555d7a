"""A night ends: when a device hangs, when its code asks for an exit, when signals come at any moment."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.journeys.conftest import CAMPAIGN, ROOT
from tests.journeys.test_kill import read

QUICK = CAMPAIGN.replace('kind = "bayes"\ninitial = 5', 'kind = "random"').replace("= 10", "= 1")
THREADS = {
    # Python's own way out stops a daemon wherever it is, with HDF5's lock in its hand.
    "a detector that is writing": """
import threading, time, h5py, numpy as np
def work():
    while True:
        with h5py.File("never.h5", "w", driver="core", backing_store=False) as file:
            for n in range(50):
                file.create_dataset(f"d{n}", data=np.zeros(100))
        time.sleep(0.001)
threading.Thread(target=work, daemon=True).start()
""",
    "a device library that waits for ever": """
import threading, time
threading.Thread(target=time.sleep, args=(600,)).start()
""",
}
LAB = """
from instruments.virtual import Options, build as build_virtual
def build(options, context):
    return build_virtual(Options(), context)
"""
EXITING = """
from dataclasses import replace
from instruments.soft import Setting
from instruments.virtual import Options, build as build_virtual
class Changer(Setting):
    def set(self, value, **options):
        raise SystemExit(7)
def build(options, context):
    return replace(build_virtual(Options(), context), changer=Changer(name="changer", value=""))
"""


@pytest.mark.parametrize("thread", THREADS)
def test_a_thread_that_a_device_left_behind_does_not_hold_up_the_end(nightbeam_afresh, tmp_path, thread):
    (tmp_path / "lab.py").write_text(THREADS[thread] + LAB)
    (tmp_path / "night.toml").write_text(QUICK.replace('"virtual"', '"lab:build"'))
    done = nightbeam_afresh("run", "night.toml", timeout_s=60)
    assert done.returncode == 0, done.stderr
    assert "All 1 measurements of the budget are done" in done.stdout
    assert "nightbeam log" in done.stdout, "what it says last is not lost"


def test_a_device_that_asks_for_an_exit_fails_on_record_and_the_lease_is_given_back(
    nightbeam_afresh, tmp_path
):
    (tmp_path / "lab.py").write_text(EXITING)
    (tmp_path / "night.toml").write_text(QUICK.replace('"virtual"', '"lab:build"'))
    done = nightbeam_afresh("run", "night.toml", timeout_s=60)
    assert done.returncode == 3, done.stderr
    assert "6 decisions in a row brought nothing" in " ".join(done.stdout.split())
    failures = read(tmp_path).failures
    assert len(failures) == 6
    assert "changer failed at 'set': SystemExit: 7; look at the device, then resume." in failures[0].sentence
    with sqlite3.connect(tmp_path / "nightbeam.db") as database:
        assert database.execute("SELECT holder_json FROM lease").fetchall() == [(None,)]


@pytest.fixture
def start(tmp_path: Path):
    """Begins a night in a process of its own."""

    def begin() -> subprocess.Popen[str]:
        (tmp_path / "night.toml").write_text(QUICK)
        return subprocess.Popen(
            [sys.executable, "-u", "-m", "agent.cli", "run", "night.toml"], cwd=tmp_path, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)},
        )  # fmt: skip

    return begin


def wait_until_it_hears(process: subprocess.Popen[str], number: int) -> None:
    """Wait until a process has a handler of its own for a signal."""
    status, deadline = Path(f"/proc/{process.pid}/status"), time.monotonic() + 30.0
    while not int(re.findall(r"SigCgt:\s*(\w+)", status.read_text())[0], 16) >> (number - 1) & 1:
        assert time.monotonic() < deadline, "it never listened"
        time.sleep(0.01)


def test_a_signal_while_the_program_starts_is_answered_and_leaves_nothing(start, tmp_path):
    process = start()
    wait_until_it_hears(process, signal.SIGTERM)  # its libraries take more than a second from here on
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (3, "")
    assert err == (
        "nightbeam: stopped before anything began: nothing moved, and nothing is on record of this run.\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["night.toml"]


def test_signals_while_the_end_is_being_told_do_not_break_it_off(start, tmp_path):
    process = start()
    assert process.stdout is not None
    assert process.stderr is not None
    told = ""
    while told.strip() != "SIGTERM asked to stop.":
        told = process.stdout.readline()
        assert told, "it ended before it was asked to"
        if told.lstrip().startswith("1 blank"):
            process.send_signal(signal.SIGTERM)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
        process.send_signal(number)
        time.sleep(0.05)
    with process, process.stdout, process.stderr:
        assert "nightbeam log" in process.stdout.read()
        assert process.stderr.read() == ""
    assert process.returncode == 3
