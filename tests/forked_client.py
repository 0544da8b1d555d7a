"""Hands its words, folder, environment and streams to `tests/forked.py`, and ends as the program there does.

Run as ``python -I -S forked_client.py SOCKET WORDS...``: it loads next to nothing. Signals are passed on.
"""

import json
import os
import signal
import socket
import sys

PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

if __name__ == "__main__":
    order = {"words": sys.argv[2:], "folder": os.getcwd(), "env": dict(os.environ)}  # noqa: PTH109
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(sys.argv[1])
        socket.send_fds(server, [json.dumps(order).encode()], [0, 1, 2])
        for number in PASSED_ON:
            signal.signal(number, lambda number, _: server.sendall(bytes([number])))
        answer = server.recv(16)
    status = int(answer or -signal.SIGKILL)
    if status < 0:
        if -status in PASSED_ON:
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    sys.exit(status)
