"""A disk that refuses: no fault of a frame and no fault of a device."""

import errno
from pathlib import Path

from models.domain.errors import LogUnavailable

REFUSALS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG})
"""Full, over quota, read-only, broken, larger than a file may be."""


def is_refusal(error: OSError) -> bool:
    """Say whether it was the disk that refused, and not the file that was asked for."""
    return error.errno in REFUSALS


def disk_refuses(path: Path, error: OSError) -> LogUnavailable:
    """The error that stops a campaign before it burns decisions on a disk that takes nothing.

    Parameters
    ----------
    path
        What could not be written.
    error
        What the system said.
    """
    return LogUnavailable(
        f"{path} cannot be written ({error.strerror or error}); free space or mount the disk, then resume."
    )
