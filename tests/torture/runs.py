"""Runs of `nightbeam` in processes that may be killed, stopped and continued."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.warmed import SINGLE_THREADED

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "tests.torture.nursery")
FORKED = "import tests.torture.traps; from tests.torture.nursery import serve; serve(is_warm=True)"
"""A nursery as Python source, for a process that has everything loaded."""
LONGEST_S = 120.0
"""A run that takes longer hangs."""


@dataclass(frozen=True)
class Trap:
    """Where a process kills itself."""

    point: str
    count: int = 1
    """The how-manieth passing of the point it is."""
    is_stopped: bool = False
    """True to stop there instead, until somebody lets it go on."""


@dataclass(frozen=True)
class Run:
    """One process life."""

    pid: int
    status: int
    """Exit status; ``-9`` when it was killed."""
    wall_s: float


class Nursery:
    """Forks runs off a process that has everything loaded, and that the command starts."""

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._process = subprocess.Popen(
            command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=os.environ | SINGLE_THREADED | {"PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        self.n_threads: int = self._answer()["threads"]

    def close(self) -> None:
        """End it, and every run that still goes on: the runs die with their parent."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    def start(self, folder: Path, *words: str, trap: Trap | None = None, **settings: Any) -> "Child":
        """Begin a run; it goes on until it ends, falls into its trap, or is killed.

        Settings: ``mutant``, a fault to put in; ``term_s``, after which a silent agent loses its lease.
        """
        order: dict[str, Any] = {"do": "start", "folder": str(folder), "words": words, **settings}
        if trap is not None:
            order |= {"trap": trap.point, "count": trap.count, "is_stopped": trap.is_stopped}
        answer = self._ask(order)
        return Child(self, answer["pid"], answer["t_s"])

    def status_of(self, pid: int) -> int:
        return self._ask({"do": "wait", "pid": pid})["status"]

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the nursery has died; its last words are above")
        return json.loads(line)


class Child:
    """A run in progress."""

    def __init__(self, nursery: Nursery, pid: int, began_s: float) -> None:
        self.pid = pid
        self._nursery, self._began_s = nursery, began_s
        self._end = os.pidfd_open(pid)

    def has_ended_within(self, wait_s: float) -> bool:
        poll = select.poll()
        poll.register(self._end, select.POLLIN)
        return bool(poll.poll(max(0.0, wait_s) * 1000))

    def is_stopped_within(self, wait_s: float) -> bool:
        deadline = time.monotonic() + wait_s
        while time.monotonic() < deadline and not self.has_ended_within(0.01):
            if Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T":
                return True
        return False

    def send(self, number: signal.Signals) -> None:
        """Send a signal; nobody else can have this pid, since it has not been waited for."""
        signal.pidfd_send_signal(self._end, number)

    def wait(self, kill_after_s: float | None = None) -> Run:
        """Wait for its end, or kill it from outside after a time."""
        if not self.has_ended_within(LONGEST_S if kill_after_s is None else kill_after_s):
            if kill_after_s is None:
                self.send(signal.SIGUSR1)  # it writes where it hangs into what it said
                self.has_ended_within(1.0)
            self.send(signal.SIGKILL)
            if kill_after_s is None:
                self._nursery.status_of(self.pid)
                raise TimeoutError(f"a run did not end within {LONGEST_S:g} s; its folder says where it hung")
        status = self._nursery.status_of(self.pid)
        os.close(self._end)
        return Run(self.pid, status, time.monotonic() - self._began_s)
