"""The file of an SQLite database: opened where it is, never made by mistake, missed when it is gone."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from models.domain.errors import BadInput

IN_FORCE = "rw"
"""How a file is opened that must be there."""


def beside(path: Path, ending: str) -> Path:
    """A file that SQLite keeps beside the database: ``-wal`` or ``-shm``."""
    return path.with_name(f"{path.name}{ending}")


def has_waiting(path: Path) -> bool:
    """True when commits wait beside the file that are not in it yet."""
    waiting = beside(path, "-wal")
    return waiting.exists() and waiting.stat().st_size > 0


def is_archived(path: Path) -> bool:
    """True when nothing can be written around a whole file: then it is read as it lies.

    SQLite wants to put files of its own beside one that was written with a log of commits, even to read it.
    """
    return (
        path.exists()
        and not os.access(path.parent, os.W_OK)
        and not has_waiting(path)
        and not beside(path, "-shm").exists()
    )


def connecting_to(path: Path, identity: tuple[int, int] | None = None) -> Callable[..., None]:
    """A listener that opens this very file, and never makes one.

    Parameters
    ----------
    path
        The file.
    identity
        Which file it must be; any when None.
    """

    def connect(_dialect: Any, _record: Any, arguments: list[Any], options: dict[str, Any]) -> None:
        if identity is not None:
            refuse_lost(path, identity)
        how = "immutable=1" if identity is None and is_archived(path) else f"mode={IN_FORCE}"
        arguments[:] = [f"file:{quote(str(path))}?{how}"]
        options["uri"] = True

    return connect


def make_file(path: Path, where: str) -> None:
    """Make the empty file of a new database.

    Raises
    ------
    BadInput
        When it cannot be made, or would swallow what another file of that name left.
    """
    if (not path.exists() or path.stat().st_size == 0) and has_waiting(path):
        raise BadInput(
            where,
            f"there is nothing in {path}, but {beside(path, '-wal').name} beside it holds the last commits "
            "of one that was moved or removed",
            f"Bring the file back under this name; or, to begin anew, remove {beside(path, '-wal').name}",
        )
    try:
        path.touch()
    except OSError as error:
        raise BadInput(
            where, f"it cannot be written ({error.strerror})", "Give this user the right, or name another"
        ) from error


def identity_of(path: Path) -> tuple[int, int] | None:
    """Which file it is, whatever its name; None when there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def refuse_lost(path: Path, identity: tuple[int, int] | None) -> None:
    """Refuse a file that was removed or replaced: SQLite would go on writing, and all of it would be lost."""
    if identity_of(path) != identity:
        raise sqlite3.OperationalError(
            f"the file {path} was removed or replaced: bring it back under its name, and leave "
            f"{beside(path, '-wal').name} where it is"
        )
