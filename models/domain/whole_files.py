"""Files that are there whole or not at all."""

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file; a reader finds what was there before, or all of the new one.

    Parameters
    ----------
    path
        The file; its folder is made.
    content
        What it holds; text is written in UTF-8, and its line ends stay as they are.

    Raises
    ------
    OSError
        When the disk refuses; nothing is left behind then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def clear_drafts(path: Path) -> None:
    """Remove what a kill left of earlier attempts to write a file; its only writer may ask for that.

    Parameters
    ----------
    path
        The file; it stays as it is.
    """
    for draft in path.parent.glob(f".{path.name}.*"):
        draft.unlink(missing_ok=True)
