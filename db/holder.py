"""Who holds a lease: a process, and whether it still lives as far as this machine can tell."""

import os
import platform
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from models.domain.clock import Stamp
from models.domain.frozen import Frozen

MACHINE_ID_FILE = Path("/etc/machine-id")
PID_SPACE_FILE = Path("/proc/self/ns/pid")
STATE, START = 0, 19
"""Places in ``/proc/PID/stat`` after the name: state, and start in ticks since the boot (proc(5))."""

Life = Literal["dead", "stopped", "runs", "unknown"]
"""What this machine can tell of a process."""


class Holder(Frozen):
    """The process that holds a lease."""

    campaign: str
    """What it runs."""
    host: str
    """Name of the machine, for people."""
    machine: str = ""
    """Identity of the machine across its boots; empty where it has none."""
    boot_id: str
    """Identity of this boot of the machine."""
    pid_space: str
    """Where its process number counts: containers number their processes anew."""
    pid: int
    """Its process number."""
    started: str
    """When the process started, as the system counts: numbers are used again."""

    def text(self) -> str:
        """For people: ``process 4711 on saxs1 (campaign 'night')``."""
        return f"process {self.pid} on {self.host} (campaign {self.campaign!r})"

    def life(self, asking: "Holder") -> Life:
        """What the machine of another process can tell of this one."""
        if self.boot_id != asking.boot_id:
            is_same = self.machine != "" and (self.machine, self.host) == (asking.machine, asking.host)
            return "dead" if is_same else "unknown"  # that machine was started again since
        if self.pid_space != asking.pid_space:
            return "unknown"
        fields = _stat(self.pid)
        if fields is None or fields[START] != self.started or fields[STATE] == "Z":
            return "dead"
        return "stopped" if fields[STATE] in "Tt" else "runs"


def read_holder(text: str) -> Holder | None:
    """The process that a lease names; None when it names none that can be read: somebody changed it."""
    try:
        return Holder.model_validate_json(text)
    except ValidationError:
        return None


def this_process(campaign: str, stamp: Stamp) -> Holder:
    """The process that runs this."""
    fields = _stat(os.getpid())
    return Holder(
        campaign=campaign,
        host=platform.node(),
        machine=MACHINE_ID_FILE.read_text().strip() if MACHINE_ID_FILE.exists() else "",
        boot_id=stamp.boot_id,
        pid_space=str(PID_SPACE_FILE.readlink()) if PID_SPACE_FILE.exists() else "",
        pid=os.getpid(),
        started=fields[START] if fields else "",
    )


def _stat(pid: int) -> list[str] | None:
    """What the system says of a process; None when there is none of that number."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
