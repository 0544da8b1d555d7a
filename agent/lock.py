"""One agent for one campaign: a lock that the system lets go of when its holder dies, however it dies."""

import fcntl
import os
import platform
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from models.domain.errors import BadInput

LOCK_FILE = "agent.lock"


@contextmanager
def sole_agent(folder: Path, campaign: str) -> Generator[None]:
    """Hold the campaign's folder for this process.

    Parameters
    ----------
    folder
        The campaign's folder; made when it is not there.
    campaign
        Its name, for the message.

    Raises
    ------
    BadInput
        When another process holds it; the message says which.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK_FILE).open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            raise BadInput(
                f"campaign {campaign!r}",
                f"is being run by {file.read().strip() or 'another process'}",
                "Wait until that run ends, or stop it",
            ) from None
        file.truncate(0)
        file.write(f"process {os.getpid()} on {platform.node()}")
        file.flush()
        yield
