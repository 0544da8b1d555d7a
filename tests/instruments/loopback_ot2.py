"""An OT-2's HTTP server on loopback: keeps runs and commands, counts what it carried out, fails when told."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SLOW_S = 3.0
"""Far longer than the tests' patience."""


@dataclass
class Robot:
    """What the server remembers."""

    pipettes: dict[str, str | None] = field(
        default_factory=lambda: {"left": "p300_single_gen2", "right": None}
    )
    trouble: dict[str, str] = field(default_factory=dict)
    """How the reply to a request fails, by its name: a command's type, ``look``, or a path."""
    n_times: int = 1
    """How often it fails."""
    done: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """Commands that were carried out, in their order."""
    asked: list[str] = field(default_factory=list)
    """Requests by name."""
    states: dict[str, dict[str, Any]] = field(default_factory=dict)
    n_runs: int = 0
    is_stopped: bool = False
    released: threading.Event = field(default_factory=threading.Event)

    def n_done(self, kind: str) -> int:
        return sum(name == kind for name, _ in self.done)

    def mode(self, name: str) -> str | None:
        mode = self.trouble.get(name)
        if mode is None or self.n_times <= 0:
            return None
        self.n_times -= 1
        return mode

    def take(self, kind: str, params: dict[str, Any], mode: str | None) -> dict[str, Any]:
        """Carry a command out, unless it is one that fails before it begins."""
        command_id = f"c{len(self.states) + 1}"
        state: dict[str, Any] = {"id": command_id, "status": "succeeded", "result": {"pipetteId": "p-left"}}
        if mode == "failed":
            state = {"id": command_id, "status": "failed"}
            state["error"] = {"errorType": "overpressure", "detail": "the plunger\nis stuck"}
        elif mode == "never":
            state = {"id": command_id, "status": "running"}
        if mode != "500":
            self.done.append((kind, params))
        if mode == "repeated" and self.states:
            return {"id": next(reversed(self.states))}
        self.states[command_id] = state
        return {"id": command_id}


class Desk(BaseHTTPRequestHandler):
    robot: Robot
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None: ...

    def do_GET(self) -> None:
        if "/commands/" in self.path:
            self.answer("look", {"data": self.robot.states[self.path.rsplit("/", 1)[1]]})
        elif self.path == "/pipettes":
            self.answer("/pipettes", {mount: {"name": name} for mount, name in self.robot.pipettes.items()})
        elif self.path == "/health":
            self.answer("/health", {"api_version": "7.1.0"})
        else:
            is_ours = self.path == f"/runs/r{self.robot.n_runs}" and not self.robot.is_stopped
            status = "idle" if is_ours else "stopped"
            self.answer("/run", {"data": {"current": is_ours, "status": status}})

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        said = json.loads(self.rfile.read(length) or b"{}")
        if self.path == "/runs":
            self.robot.n_runs, self.robot.is_stopped = self.robot.n_runs + 1, False
            self.answer("/runs", {"data": {"id": f"r{self.robot.n_runs}"}})
        elif self.path.endswith("/commands"):
            kind, params = said["data"]["commandType"], said["data"]["params"]
            mode = self.robot.mode(kind)
            self.answer(kind, {"data": self.robot.take(kind, params, mode)}, mode)
        elif self.path.endswith("/labware_definitions"):
            name = said["data"]["parameters"]["loadName"]
            self.answer("/labware", {"data": {"definitionUri": f"pylabrobot/{name}/1"}})
        elif self.path.endswith("/actions"):
            self.robot.is_stopped = True
            self.answer("/stop", {"data": {"id": "a1"}})
        else:
            self.answer("/home", {"message": "home"})

    def answer(self, name: str, body: dict[str, Any], mode: str | None = None) -> None:
        robot = self.robot
        robot.asked.append(name)
        mode = mode or robot.mode(name)
        raw = json.dumps(body).encode()
        if mode == "slow":
            robot.released.wait(SLOW_S)
        status = 500 if mode == "500" else 200
        if mode == "500":
            raw = b'{"errors":\n [{"detail": "a motor driver did not answer"}]}'
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        if mode == "dropped":
            self.wfile.write(raw[:5])
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        elif mode == "dripping":
            for byte in raw:
                if robot.released.is_set():
                    break
                self.wfile.write(bytes([byte]))
                time.sleep(0.1)
        else:
            self.wfile.write(b"nonsense"[: len(raw)].ljust(len(raw)) if mode == "nonsense" else raw)


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is what some tests are about."""


@contextmanager
def serving(robot: Robot) -> Iterator[int]:
    """The port of a server that is up."""
    server = QuietServer(("127.0.0.1", 0), type("DeskOfOne", (Desk,), {"robot": robot}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        robot.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
