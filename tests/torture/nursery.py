"""A process that has everything loaded and no thread started, and forks a campaign's run in milliseconds.

Run as ``python -m tests.torture.nursery``, or forked off such a process itself; it takes one JSON line per
order and answers with one.
"""

import ctypes
import faulthandler
import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from tests.warmed import n_threads, warm_up

PR_SET_PDEATHSIG = 1


def become(order: dict[str, Any], answers: int) -> None:
    """Become one run of `nightbeam`; never returns."""
    status = 70
    try:
        parent = os.getppid()
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(status)
        os.close(answers)
        os.chdir(order["folder"])
        said = os.open("said.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for descriptor, source in ((0, nothing), (1, said), (2, said)):
            os.dup2(source, descriptor)
        faulthandler.register(signal.SIGUSR1)
        status = _forecast(order) if order["words"][0] == "forecast" else _run(order)
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(status)


def _run(order: dict[str, Any]) -> int:
    from agent import cli
    from tests.torture.traps import arm, set_stage
    from tests.torture.witness import Witness

    witness = Witness(Path())
    witness.say("began", trap=order.get("trap"))
    arm(witness, order)
    set_stage()
    sys.argv = ["nightbeam", *order["words"]]
    try:
        cli.main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    return 0


def _forecast(order: dict[str, Any]) -> int:
    from tests.torture.forecast import forecast

    forecast(Path("torture.toml"), order["words"][1])
    return 0


def serve(*, is_warm: bool = False) -> None:
    """Take orders until there are none."""
    answers = os.dup(1)
    os.dup2(2, 1)
    if not is_warm:
        warm_up(("tests.torture.traps",))
    _answer(answers, {"threads": n_threads()})
    for line in sys.stdin:
        order = json.loads(line)
        if order["do"] == "start":
            pid = os.fork()
            if pid == 0:
                become(order, answers)
            _answer(answers, {"pid": pid, "t_s": time.monotonic()})
        else:
            _, status = os.waitpid(order["pid"], 0)
            _answer(answers, {"status": os.waitstatus_to_exitcode(status)})


def _answer(descriptor: int, what: dict[str, Any]) -> None:
    os.write(descriptor, json.dumps(what).encode() + b"\n")


if __name__ == "__main__":
    serve()
