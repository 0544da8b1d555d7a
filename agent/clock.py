"""The clock of this machine."""

import time
from datetime import UTC, datetime
from pathlib import Path

from models.domain.clock import Clock, Stamp

BOOT_ID_FILE = Path("/proc/sys/kernel/random/boot_id")


def system_clock() -> Clock:
    """A clock that reads this machine's time; monotonic times compare within one boot."""
    boot_id = BOOT_ID_FILE.read_text().strip() if BOOT_ID_FILE.exists() else "unknown"

    def now() -> Stamp:
        return Stamp(
            utc=datetime.now(UTC).isoformat(timespec="microseconds"),
            monotonic_ns=time.monotonic_ns(),
            boot_id=boot_id,
        )

    return now
