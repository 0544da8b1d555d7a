"""Environments of the peers: made from the package index, one each, kept out of the repository."""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.peers.catalog import PeerSpec

FOLDER = Path(__file__).parents[1] / ".peers"
"""Where environments lie; git does not see it."""
STAMP = "installed.json"
"""Written last into an environment: without it, the installation did not finish."""
LIMIT_S = 3600.0
"""How long one installation may take, s."""


class NotInstalled(Exception):
    """A peer's environment is not there, or could not be made; the message says why."""


def python_of(peer: PeerSpec) -> Path:
    """The interpreter that runs a peer's adapter.

    Raises
    ------
    NotInstalled
        When its environment was not made yet.
    """
    if peer.package is None:
        return Path(sys.executable)
    folder = FOLDER / peer.name
    if not (folder / STAMP).exists():
        raise NotInstalled(
            f"{peer.name} is not installed; run python -m benchmarks.peers install {peer.name}"
        )
    return folder / "bin" / "python"


def versions_of(peer: PeerSpec) -> dict[str, str]:
    """Version of every package in a peer's environment; empty when it needs none."""
    python_of(peer)
    if peer.package is None:
        return {}
    found: dict[str, str] = json.loads((FOLDER / peer.name / STAMP).read_text(encoding="utf-8"))
    return found


def version_of(peer: PeerSpec) -> str:
    """Version of the peer itself; ``0`` where it has none."""
    return versions_of(peer).get((peer.package or "").lower(), "0")


def install(peer: PeerSpec) -> dict[str, str]:
    """Make a peer's environment anew, and say what is in it.

    Returns
    -------
    dict
        Versions by package name in lower case.

    Raises
    ------
    NotInstalled
        When the package index or an installation script refuses; the last line of its answer is in the
        message.
    """
    folder = FOLDER / peer.name
    (folder / STAMP).unlink(missing_ok=True)
    python = str(folder / "bin" / "python")
    _run(peer, sys.executable, "-m", "venv", "--clear", str(folder))
    _run(peer, python, "-m", "pip", "install", "--quiet", *peer.requirements)
    listed = json.loads(_run(peer, python, "-m", "pip", "list", "--format", "json"))
    versions = {package["name"].lower(): package["version"] for package in listed}
    (folder / STAMP).write_text(json.dumps(versions, indent=1) + "\n", encoding="utf-8")
    return versions


def _run(peer: PeerSpec, *command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        raise NotInstalled(f"{peer.name}: not installed within {LIMIT_S:g} s") from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or [f"exit {done.returncode}"]
        raise NotInstalled(f"{peer.name}: {lines[-1].strip()}")
    return done.stdout
