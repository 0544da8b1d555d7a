"""Which source the program runs from: the commit of its checkout, and what was changed since."""

import hashlib
import os
import subprocess
import time
from pathlib import Path

PATIENCE_S = 5.0
"""How long git may take in all, s."""
SOURCE = ("agent", "db", "instruments", "models", "sims", "pyproject.toml")
"""What the program runs from; notes and tests beside it change no decision."""


def checkout_state(folder: Path) -> dict[str, str | None] | None:
    """The commit that a folder is checked out from, and the SHA-256 of all that differs from it.

    Parameters
    ----------
    folder
        Root of the program's source.

    Returns
    -------
    dict or None
        ``commit``, and ``uncommitted_sha256``: of what differs from it in `SOURCE`, untracked files and all;
        None when nothing does. None as a whole when the folder is not the root of a checkout, or git is
        missing or takes longer than `PATIENCE_S`.
    """
    deadline = time.monotonic() + PATIENCE_S
    try:
        root = _git(folder, deadline, "rev-parse", "--show-toplevel").decode().strip()
        # Installed below somebody else's checkout, the program is not what that one holds.
        if Path(root).resolve() != folder.resolve():
            return None
        commit = _git(folder, deadline, "rev-parse", "HEAD").decode().strip()
        changes = _git(
            folder, deadline, "diff", "HEAD", "--no-ext-diff", "--no-textconv", "--binary", "--", *SOURCE
        )
        names = _git(folder, deadline, "ls-files", "-z", "--others", "--exclude-standard", "--", *SOURCE)
        new = b"".join(name + b"\0" + _content(folder, name) for name in names.split(b"\0") if name)
    except (OSError, subprocess.SubprocessError):
        return None
    changed = changes + new
    return {"commit": commit, "uncommitted_sha256": hashlib.sha256(changed).hexdigest() if changed else None}


def _git(folder: Path, deadline: float, *arguments: str) -> bytes:
    """What git answers; it never asks, never writes, and obeys nobody's variables about other checkouts."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", "--no-optional-locks", "-C", str(folder), *arguments],
        capture_output=True,
        check=True,
        env=environment | {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
        timeout=max(0.0, deadline - time.monotonic()),
    )
    return done.stdout


def _content(folder: Path, name: bytes) -> bytes:
    return (folder / os.fsdecode(name)).read_bytes()
