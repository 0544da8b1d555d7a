"""The folder of an export: made beside its place, and moved there when it is whole."""

import hashlib
import os
import secrets
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from models.domain.errors import BadInput

N_NAMED = 3
"""So many files are named when a folder is refused."""


@contextmanager
def new_folder(out: Path) -> Generator[Path]:
    """Make a folder whole or not at all: what is killed half-way never bears its name.

    Parameters
    ----------
    out
        The folder; it may exist when it is empty.

    Yields
    ------
    Path
        Where to write: a hidden folder beside it, which becomes `out` at the end.

    Raises
    ------
    BadInput
        When something is there already, or it cannot be written.
    """
    refuse_what_is_there(out)
    place = out.resolve()
    beside = place.parent / f".{place.name}.{secrets.token_hex(4)}.part"
    try:
        beside.mkdir(parents=True)
        try:
            yield beside
            _put_on_disk(beside)
            beside.replace(place)
            _sync(place.parent)
        finally:
            if beside.exists():
                shutil.rmtree(beside, ignore_errors=True)
    except OSError as error:
        raise BadInput(
            f"--out {out}", f"cannot be written ({error.strerror or error})", "Name a folder that can"
        ) from error


def refuse_what_is_there(out: Path) -> None:
    """Refuse a folder that holds something: an export never mixes with another.

    Raises
    ------
    BadInput
        With the names of what is there.
    """
    where = f"--out {out}"
    if not out.exists():
        return
    if not out.is_dir():
        raise BadInput(where, "is a file, not a folder", "Name a folder")
    found = sorted(path.name for path in out.iterdir())
    if found:
        more = f" and {len(found) - N_NAMED} more" if len(found) > N_NAMED else ""
        raise BadInput(
            where, f"holds {', '.join(found[:N_NAMED])}{more}", "Name a new folder, or empty this one"
        )


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _put_on_disk(folder: Path) -> None:
    """See to it that a power cut leaves no half file under a final name."""
    for path in sorted(folder.rglob("*"), reverse=True):
        _sync(path)
    _sync(folder)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
