"""An OT-2 over HTTP: no command is given twice, no reply is waited for without end.

It stands where PyLabRobot's Opentrons backend calls the package ``ot_api``, whose requests have no time
limit, whose host and run are global, and which takes a reply to another command for its own.
"""

import http.client
import json
import socket
import threading
import time
from dataclasses import dataclass
from typing import Any

from models.domain.errors import BeamlineFault

HEADERS = {"Opentrons-Version": "3", "Content-Type": "application/json"}
LONGEST_REPLY = 1 << 20
"""Bytes of a reply at most."""
LONGEST_SAID = 200
"""Characters of what the robot says of an error that are told."""
CHECK = "look at the robot, then resume"


@dataclass(frozen=True)
class Patience:
    """How long the robot may take."""

    reply_s: float = 5.0
    """For a whole reply to a request, s."""
    command_s: float = 60.0
    """For one motion, or one stroke of the plunger, s."""
    mix_s: float = 900.0
    """For a whole sample, s: no command is given later."""
    poll_s: float = 0.1
    """Between two looks at a command, s."""


class Refused(BeamlineFault):
    """The robot answered, and said no: what was asked for was not begun."""

    def __init__(self, message: str, status: int) -> None:
        """Keep the HTTP status."""
        super().__init__(message)
        self.status = status


class Wire:
    """Requests to one robot; each is sent once."""

    def __init__(self, host: str, port: int, patience: Patience) -> None:
        """Open nothing yet."""
        self.host, self.port, self.patience = host, port, patience
        self.name = f"OT-2 at {host}:{port}"

    def get(self, path: str) -> dict[str, Any]:
        """Ask for something; changes nothing."""
        return self._request("GET", path, None, self.patience.reply_s)

    def post(self, path: str, body: Any = None, within_s: float | None = None) -> dict[str, Any]:
        """Tell the robot something, once."""
        return self._request("POST", path, body, within_s or self.patience.reply_s)

    def _request(self, method: str, path: str, body: Any, within_s: float) -> dict[str, Any]:
        """One request and its whole reply.

        Raises
        ------
        Refused
            When the robot answers with an error.
        BeamlineFault
            When it does not answer in time, closes the connection, or answers nonsense.
        """
        asked = f"{self.name}: {method} {path}"
        connection = http.client.HTTPConnection(self.host, self.port, timeout=within_s)
        is_late = threading.Event()
        try:
            connection.connect()
            alarm = threading.Timer(within_s, _hang_up, (connection.sock, is_late))
            alarm.daemon = True
            alarm.start()
            try:
                text = None if body is None else json.dumps(body)
                connection.request(method, path, text, HEADERS)
                reply = connection.getresponse()
                raw = reply.read(LONGEST_REPLY)
            finally:
                alarm.cancel()
            if is_late.is_set():
                raise TimeoutError
            if reply.length:
                raise http.client.IncompleteRead(raw, reply.length)
        except (OSError, http.client.HTTPException) as error:
            if is_late.is_set() or isinstance(error, TimeoutError):
                raise BeamlineFault(f"{asked} was not answered within {within_s:g} s; {CHECK}.") from error
            what = type(error).__name__
            raise BeamlineFault(f"{asked}: the connection broke ({what}); {CHECK}.") from error
        finally:
            connection.close()
        return self._understood(asked, reply.status, raw)

    def _understood(self, asked: str, status: int, raw: bytes) -> dict[str, Any]:
        if status >= 400:
            raise Refused(f"{asked} was answered {status}: {_one_line(raw)}; {CHECK}.", status)
        try:
            said = json.loads(raw)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            raise BeamlineFault(f"{asked} was answered {_one_line(raw)!r}, which is not JSON; {CHECK}.")
        return said


def _hang_up(connected: socket.socket, is_late: threading.Event) -> None:
    """End a reply that comes too slowly, however many pieces it comes in."""
    is_late.set()
    try:
        connected.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it ended by itself meanwhile


def _one_line(raw: bytes) -> str:
    text = " ".join(raw.decode("utf-8", "replace").split())
    return text if len(text) <= LONGEST_SAID else f"{text[:LONGEST_SAID]} ..."


class RobotRun:
    """One run of the robot: commands in their order, each given once and waited for."""

    def __init__(self, wire: Wire) -> None:
        """Open nothing yet."""
        self.wire = wire
        self.run_id: str | None = None
        self._until = time.monotonic() + wire.patience.mix_s
        self._given: set[str] = set()

    def create(self) -> str:
        """Begin a run; gives its id."""
        self.run_id = str(self._part(self.wire.post("/runs"), "data", "id"))
        self._given.clear()
        return self.run_id

    def begin_sample(self) -> None:
        """From now on commands are given until the patience for one sample is over."""
        self._until = time.monotonic() + self.wire.patience.mix_s

    @property
    def is_alive(self) -> bool:
        """True while the robot knows the run and takes commands for it."""
        if self.run_id is None:
            return False
        try:
            said = self.wire.get(f"/runs/{self.run_id}")
        except Refused:
            return False
        run = said.get("data")
        return isinstance(run, dict) and bool(run.get("current", True)) and run.get("status") != "stopped"

    def command(self, kind: str, params: dict[str, Any]) -> dict[str, Any]:
        """Give one command and wait for its end.

        Raises
        ------
        BeamlineFault
            When it failed, or when nobody can tell.
        """
        name = self.wire.name
        if time.monotonic() > self._until:
            raise BeamlineFault(
                f"{name}: {kind} was not given, the sample took more than {self.wire.patience.mix_s:g} s; "
                f"{CHECK}."
            )
        path = f"/runs/{self.run_id}/commands"
        body = {"data": {"commandType": kind, "params": params, "intent": "setup"}}
        command_id = str(self._part(self.wire.post(path, body), "data", "id"))
        if command_id in self._given:
            raise BeamlineFault(f"{name}: {kind} was answered with an earlier command's reply; {CHECK}.")
        self._given.add(command_id)
        return self._wait(f"{path}/{command_id}", kind, command_id)

    def _wait(self, path: str, kind: str, command_id: str) -> dict[str, Any]:
        """Look at a command until it has ended. A look that fails is taken again: it changes nothing."""
        patience, name = self.wire.patience, self.wire.name
        deadline = time.monotonic() + patience.command_s
        trouble: BeamlineFault | None = None
        while True:
            try:
                said = self._part(self.wire.get(path), "data")
            except BeamlineFault as error:
                trouble = error
            else:
                trouble = None
                if said.get("id", command_id) != command_id:
                    raise BeamlineFault(f"{name}: {kind} was answered with another command's state; {CHECK}.")
                if said.get("status") == "succeeded":
                    return said
                if said.get("status") == "failed":
                    error_said = said.get("error") or {}
                    what = f"{error_said.get('errorType', 'error')}: {error_said.get('detail', 'no detail')}"
                    raise BeamlineFault(f"{name}: {kind} failed ({_one_line(what.encode())}); {CHECK}.")
            if time.monotonic() >= deadline:
                raise trouble or BeamlineFault(
                    f"{name}: {kind} did not end within {patience.command_s:g} s; {CHECK}."
                )
            time.sleep(patience.poll_s)

    def stop(self) -> None:
        """End the run.

        Raises
        ------
        BeamlineFault
            When the robot does not confirm it; a run that it does not know any more has ended.
        """
        if self.run_id is None:
            return
        try:
            self.wire.post(f"/runs/{self.run_id}/actions", {"data": {"actionType": "stop"}})
        except Refused as error:
            if error.status not in (404, 409):
                raise
        self.run_id = None

    def _part(self, said: dict[str, Any], *keys: str) -> Any:
        part: Any = said
        for key in keys:
            if not isinstance(part, dict) or key not in part:
                raise BeamlineFault(f"{self.wire.name} answered without {'.'.join(keys)}; {CHECK}.")
            part = part[key]
        return part
