"""Talk to a peer in a process of its own: questions out, answers in, never longer than a limit."""

import json
import os
import select
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmarks.peers.catalog import PeerSpec
from benchmarks.peers.environments import python_of

ADAPTERS = Path(__file__).parent / "adapters"
REPOSITORY = Path(__file__).parents[2]
N_BYTES = 1 << 16
START_S = 180.0
"""How long a peer may take to load its libraries, s."""
N_LAST_WORDS = 300
"""Characters of what a peer said last that are kept with its failure."""


class PeerFailed(Exception):
    """A peer crashed, raised or took too long; the message says which."""


class PeerLacks(Exception):
    """A peer has no means for what was asked; the message says what is missing."""


class Conversation:
    """One process that answers for one peer, campaign after campaign. Use it in a ``with`` statement."""

    def __init__(self, peer: PeerSpec, log: Path, *, threads: int | None = 1) -> None:
        """Start it.

        Parameters
        ----------
        peer
            Who answers.
        log
            File for what its libraries print.
        threads
            Threads of its numerical libraries; None leaves them as they are.

        Raises
        ------
        NotInstalled
            When its environment is not there.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        self._log = log.open("w", encoding="utf-8")
        self._log_path = log
        self._process = subprocess.Popen(
            [str(python_of(peer)), str(ADAPTERS / peer.adapter), peer.name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log,
            env=_environment(peer, threads), cwd=REPOSITORY,
        )  # fmt: skip
        self._rest = b""
        self._has_answered = False

    def __enter__(self) -> "Conversation":
        """Nothing more to do: it is running."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process."""
        self.close()

    @property
    def is_alive(self) -> bool:
        """False once the process has ended or was ended."""
        return self._process.poll() is None

    def request(self, message: dict[str, Any], limit_s: float) -> dict[str, Any]:
        """Ask, and wait for the answer.

        Raises
        ------
        PeerFailed
            When it crashed, raised, or did not answer within the limit: it is ended then.
        PeerLacks
            When it has no means for this.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write((json.dumps(message) + "\n").encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            raise PeerFailed(f"crashed: {self._last_words()}") from None
        allowed_s = limit_s if self._has_answered else limit_s + START_S
        answer: dict[str, Any] = json.loads(self._read_line(allowed_s))
        self._has_answered = True
        if "none" in answer:
            raise PeerLacks(answer["none"])
        if "error" in answer:
            raise PeerFailed(f"raised {answer['error']}")
        return answer

    def close(self) -> None:
        """End the process, if it has not ended."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(BrokenPipeError):  # it died with a question unread
                    stream.close()
        self._log.close()

    def _read_line(self, limit_s: float) -> bytes:
        assert self._process.stdout is not None
        descriptor, deadline = self._process.stdout.fileno(), time.monotonic() + limit_s
        while b"\n" not in self._rest:
            left_s = deadline - time.monotonic()
            if left_s <= 0 or not select.select([descriptor], [], [], left_s)[0]:
                self.close()
                raise PeerFailed(f"timed out after {limit_s:g} s")
            piece = os.read(descriptor, N_BYTES)
            if not piece:
                self._process.wait()
                raise PeerFailed(f"crashed with exit {self._process.returncode}: {self._last_words()}")
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def _last_words(self) -> str:
        lines = self._log_path.read_text(encoding="utf-8", errors="replace").splitlines()
        said = [line.strip() for line in lines if line.strip()]
        return said[-1][:N_LAST_WORDS] if said else "it said nothing"


def _environment(peer: PeerSpec, threads: int | None) -> dict[str, str]:
    """The surroundings of a peer: its own libraries only, and the stated count of threads."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        kept.pop(name, None)
        if threads is not None:
            kept[name] = str(threads)
    if peer.package is None:
        kept["PYTHONPATH"] = str(REPOSITORY)
    return kept
