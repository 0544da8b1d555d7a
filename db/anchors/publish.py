"""Publish heads of the record: to a file, to the system's log, to a program."""

import errno
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from db.anchors.heads import Head, anchor
from db.anchors.keys import KEY_VARIABLE, Signer, load_signer
from models.domain.canonical import canonical_json
from models.domain.errors import BadInput
from models.domain.record_spec import AnchorSpec

ANCHOR_FILE = "anchors.jsonl"
"""Name of the file in the campaign's folder, where the campaign file names none."""
COMMAND_TIMEOUT_S = 10.0
"""How long a command may take to publish one head."""
SYSLOG_SOCKETS = (Path("/dev/log"), Path("/var/run/syslog"))
"""Where the system's log listens, on Linux and on macOS."""
SYSLOG_NOTICE = 13
"""Priority of a line: facility user (1), severity notice (5), RFC 3164."""


class Publisher:
    """Publishes heads; what fails is said, and never stops a night."""

    def __init__(self, spec: AnchorSpec, signer: Signer | None, file: Path) -> None:
        """Take what the campaign file says.

        Parameters
        ----------
        spec
            Where heads are published.
        signer
            The key that signs them; None leaves them unsigned.
        file
            The file that they are appended to.
        """
        self._spec, self._signer, self._file = spec, signer, file

    def publish(self, head: Head) -> tuple[str, ...]:
        """Publish a head everywhere.

        Returns
        -------
        tuple of str
            One sentence for each place where it could not be published.
        """
        line = canonical_json(anchor(head, self._signer))
        doors: list[tuple[str, Callable[[], None]]] = [
            (str(self._file), lambda: append_line(self._file, line))
        ]
        if self._spec.syslog:
            doors.append(("the system's log", lambda: send_to_syslog(line, SYSLOG_SOCKETS)))
        if self._spec.command:
            command = self._spec.command
            doors.append((command[0], lambda: run_command(command, line)))
        return tuple(sentence for name, door in doors for sentence in _try(name, door, head))


def open_publisher(spec: AnchorSpec, home: Path, folder: Path, environ: Mapping[str, str]) -> Publisher:
    """The publisher that a campaign file describes; nothing is written.

    Parameters
    ----------
    spec
        Where heads are published.
    home
        The campaign file's folder, where a relative `file`, `key_file` or program starts.
    folder
        The campaign's folder, for a campaign file that names no `file`. It may be made later.
    environ
        The environment's variables.

    Raises
    ------
    BadInput
        When the key may not be used, or the file's folder or the program is not there.
    """
    signer = load_signer(spec, environ, home)
    if spec.file is None:
        file = folder / ANCHOR_FILE
    else:
        file = home / spec.file
        if not file.parent.is_dir():
            raise BadInput(
                f"record.anchors.file: {file}", "its folder is not there", f"mkdir -p {file.parent}"
            )
    if spec.command:
        spec = spec.model_copy(update={"command": (_program(spec.command[0], home), *spec.command[1:])})
    return Publisher(spec, signer, file)


def _program(name: str, home: Path) -> str:
    """The program as it will be called; one named with a folder starts at the campaign file's."""
    program = str(home.absolute() / name) if "/" in name else name
    if shutil.which(program) is None:
        raise BadInput(
            f"record.anchors.command: {program}",
            "there is no such program, or it may not be run",
            "Correct the name, or make it executable with chmod +x",
        )
    return program


def _try(name: str, door: Callable[[], None], head: Head) -> Iterator[str]:
    try:
        door()
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        yield f"{head.text()} could not be published to {name}: {why}"


def append_line(path: Path, line: str) -> None:
    """Append a line to a file, in one write; it is on the disk when this returns."""
    is_new = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        text = f"{line}\n".encode()
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            text = b"\n" + text  # a crash cut the last line short: ours must not grow onto it
        if os.write(descriptor, text) != len(text):
            raise OSError(errno.ENOSPC, "only a part of the line could be written")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if is_new:
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Bring a new file's name to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def send_to_syslog(line: str, sockets: tuple[Path, ...]) -> None:
    """Send a line to the system's log.

    The standard library's `syslog` cannot tell whether anybody listens; a datagram of our own can.
    """
    path = next((path for path in sockets if path.exists()), None)
    if path is None:
        raise FileNotFoundError(errno.ENOENT, f"nothing listens at {sockets[0]}")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
        door.settimeout(COMMAND_TIMEOUT_S)
        door.connect(str(path))
        door.send(f"<{SYSLOG_NOTICE}>nightbeam[{os.getpid()}]: {line}".encode())


def run_command(command: tuple[str, ...], line: str, timeout_s: float = COMMAND_TIMEOUT_S) -> None:
    """Give a line to a program on its standard input, without a shell.

    Raises
    ------
    subprocess.SubprocessError
        When it takes too long or ends with another exit status than 0.
    OSError
        When it cannot be started.
    """
    environment = {name: value for name, value in os.environ.items() if name != KEY_VARIABLE}
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        errors="replace", env=environment,
        start_new_session=True,  # so that Ctrl-C at the run does not cut it short
    )  # fmt: skip
    try:
        _, complaint = process.communicate(f"{line}\n", timeout=timeout_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise subprocess.SubprocessError(f"it did not end within {timeout_s:g} s and was killed") from None
    finally:
        for pipe in (process.stdin, process.stderr):
            if pipe is not None:
                pipe.close()
    if process.returncode != 0:
        last = (complaint.strip().splitlines() or ["it said nothing"])[-1]
        raise subprocess.SubprocessError(f"it ended with exit status {process.returncode} ({last})")
