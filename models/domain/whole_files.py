"""Files that are there whole or not at all."""

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Write a text file; a reader finds what was there before, or all of the new one.

    Parameters
    ----------
    path
        The file; its folder is made.
    text
        What it holds; its line ends stay as they are.

    Raises
    ------
    OSError
        When the disk refuses; nothing is left behind then.
    """
    write_bytes_whole(path, text.encode("utf-8"))


def write_bytes_whole(path: Path, content: bytes) -> None:
    """Write a file; a reader finds what was there before, or all of the new one.

    Parameters
    ----------
    path
        The file; its folder is made.
    content
        What it holds.

    Raises
    ------
    OSError
        When the disk refuses; nothing is left behind then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
