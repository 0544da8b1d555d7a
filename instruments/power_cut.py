"""A virtual power cut: the process is killed without warning, once for each decision that has one."""

import os
import signal
from pathlib import Path

from instruments.virtual_hall import Hall

CUTS = "power_cuts"
"""Folder of marks, inside the campaign's folder: a cut that happened does not happen again."""


def cut_power(hall: Hall, folder: Path) -> None:
    """Kill this process if the world says so for the decision at hand, once for each."""
    seq = int(hall.seq.number())
    if not hall.is_struck("power_cut"):
        return
    mark = folder / CUTS / f"{seq:05d}"
    if mark.exists():
        return
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()
    os.kill(os.getpid(), signal.SIGKILL)
