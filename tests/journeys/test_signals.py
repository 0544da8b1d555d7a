"""Ctrl-C once, Ctrl-C twice, a lost connection, a closed pipe, a second agent."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from db.engine import open_to_read
from db.queries import read_campaigns, read_sessions
from tests.journeys.conftest import CAMPAIGN, ROOT
from tests.journeys.test_kill import read

WAIT_S = 60.0


@pytest.fixture
def start(tmp_path: Path) -> Callable[[float], subprocess.Popen[str]]:
    """Begins a night whose exposures take so many seconds of real time."""

    def begin(exposure_s: float) -> subprocess.Popen[str]:
        text = CAMPAIGN.replace('kind = "virtual"', 'kind = "virtual"\ntime_scale = 1.0')
        text = text.replace("exposure_s = 1.0", f"exposure_s = {exposure_s}").replace("= 10", "= 3")
        (tmp_path / "night.toml").write_text(text.replace("initial = 5", "initial = 2"))
        return subprocess.Popen(
            [sys.executable, "-u", "-m", "agent.cli", "run", "night.toml"], cwd=tmp_path, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)},
        )  # fmt: skip

    return begin


def wait_for_exposure(folder: Path) -> None:
    """Wait until the first exposure is under way."""
    deadline = time.monotonic() + WAIT_S
    while not list(folder.glob("nightbeam-data/*/documents/*.jsonl")):
        assert time.monotonic() < deadline, "no exposure began"
        time.sleep(0.05)


def test_the_first_ctrl_c_is_heard_at_once_and_obeyed_after_the_measurement(start, tmp_path):
    process = start(2.0)
    wait_for_exposure(tmp_path)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=WAIT_S)
    assert "stopping after the measurement in hand" in out
    assert process.returncode == 3
    history = read(tmp_path)
    assert [d.kind for d in history.decisions] == ["blank", "stop"]
    assert history.observation(1) is not None


def test_the_second_ctrl_c_aborts_the_exposure_and_the_same_command_goes_on(start, tmp_path):
    process = start(120.0)
    wait_for_exposure(tmp_path)
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 3
    assert "stopped at once" in err
    assert "Traceback" not in err
    (documents,) = tmp_path.glob("nightbeam-data/*/documents/*.jsonl")
    assert '"exit_status": "abort"' in documents.read_text()
    assert read(tmp_path).observations == ()


def test_a_lost_connection_and_a_closed_pipe_do_not_end_a_night(start, tmp_path):
    process = start(0.2)
    wait_for_exposure(tmp_path)
    process.send_signal(signal.SIGHUP)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.wait(timeout=WAIT_S) == 0, process.stderr.read()
    process.stderr.close()
    assert read(tmp_path).decisions[-1].reason.code == "finished"


def test_a_second_agent_is_refused_before_anything_moves(start, nightbeam, tmp_path):
    process = start(3.0)
    wait_for_exposure(tmp_path)
    other = nightbeam("run", "night.toml")
    assert other.returncode == 2
    assert f"process {process.pid}" in other.stderr
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=WAIT_S)
    assert process.returncode == 3
    with open_to_read(f"sqlite:///{tmp_path / 'nightbeam.db'}").connect() as connection:
        assert len(read_sessions(connection, read_campaigns(connection)[0].id)) == 1
    measured = read(tmp_path).observations
    runs = list(tmp_path.glob("nightbeam-data/*/documents/*.jsonl"))
    assert len(runs) == len(measured)
