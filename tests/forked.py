"""Programs in processes of their own, forked off one that has everything loaded.

Run as ``python -m tests.forked SOCKET``. Whoever connects (`tests/forked_client.py`) hands over its words,
its folder, its environment and its standard streams, then any signal that it gets, and gets back how the
program ended. A client that is killed takes its program with it. The server ends with its standard input.
"""

import contextlib
import ctypes
import json
import os
import select
import signal
import socket
import sys
import traceback
from pathlib import Path
from typing import Any

from tests.warmed import SINGLE_THREADED, warm_up

PR_SET_PDEATHSIG = 1
LONGEST_ORDER = 1 << 20
N_STREAMS = 3
ALSO_LOADED = ("torch", "gpytorch", "botorch", "db.verify.record", "agent.commands.replay")


def serve(path: Path) -> None:
    """Fork one program per connection, until standard input ends."""
    warm_up(ALSO_LOADED)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        print("ready", flush=True)
        while True:
            heard, _, _ = select.select([listening, sys.stdin], [], [])
            _bury_minders()
            if sys.stdin in heard:
                return
            client, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                _mind(client)
            client.close()


def _bury_minders() -> None:
    """Take notice of those that have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _mind(client: socket.socket) -> None:
    """Fork the program, pass signals on to it, wait for its end, tell the client; never returns."""
    message, streams, _, _ = socket.recv_fds(client, LONGEST_ORDER, N_STREAMS)
    program = os.fork()
    if program == 0:
        client.close()
        _become(json.loads(message), streams)
    for stream in (*range(N_STREAMS), *streams):
        os.close(stream)
    ended = os.pidfd_open(program)
    while ended not in (heard := select.select([client, ended], [], [])[0]):
        assert client in heard
        number = client.recv(1)  # nothing comes of a client that has died
        signal.pidfd_send_signal(ended, number[0] if number else signal.SIGKILL)
        if not number:
            break
    _, status = os.waitpid(program, 0)
    with contextlib.suppress(BrokenPipeError):
        client.sendall(f"{os.waitstatus_to_exitcode(status)}".encode())
    os._exit(0)


def _become(order: dict[str, Any], streams: list[int]) -> None:
    """Become the program; never returns."""
    status = 70
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        os.chdir(order["folder"])
        os.environ.clear()
        os.environ.update(order["env"] | SINGLE_THREADED)
        if "PYTHONUNBUFFERED" in os.environ:
            sys.stdout.reconfigure(line_buffering=True)
        status = _run(order["words"])
    except SystemExit as ending:
        status = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    except BaseException:
        traceback.print_exc()
        status = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _run(words: list[str]) -> int:
    """``-c SOURCE`` runs Python; everything else is what follows `nightbeam`."""
    if words[:1] == ["-c"]:
        sys.argv, sys.path[0] = ["-c"], ""
        exec(compile(words[1], "<page>", "exec"), {"__name__": "__main__"})
        return 0
    from agent import cli

    sys.argv = ["nightbeam", *words]
    cli.main()
    return 0


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
