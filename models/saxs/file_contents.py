"""What a file holds: frames or curves, one or many; told by its content where its name does not say."""

from pathlib import Path

from models.domain.errors import BadInput
from models.saxs.cansas_files import curve_names, is_cansas
from models.saxs.file_parts import name_part, split_part
from models.saxs.frame_files import FRAME_SUFFIXES, HDF5_SUFFIXES, frame_parts
from models.saxs.frame_stacks import has_frames
from models.saxs.hdf5_values import is_hdf5, opened
from models.saxs.nxcansas_files import has_curves


def is_frame(path: Path) -> bool:
    """Say whether a file holds frames; other files are curves.

    Parameters
    ----------
    path
        A file, or ``file::part``.

    Raises
    ------
    BadInput
        When there is no such file, or it is HDF5 that was cut off or holds neither.
    """
    file, _ = split_part(path)
    if not file.is_file():
        raise BadInput(str(file), "there is no such file", "Check the path.")
    suffix = file.suffix.lower()
    if suffix not in HDF5_SUFFIXES and not is_hdf5(file):
        return suffix in FRAME_SUFFIXES
    with opened(file) as content:
        if has_curves(content):
            return False
        if has_frames(content):
            return True
    raise BadInput(
        str(file),
        "holds neither a frame nor a curve",
        "Give HDF5 with counts in /entry/data, or NXcanSAS with an SASdata.",
    )


def parts_of(path: Path) -> tuple[Path, ...]:
    """Name all that a file holds, so that each can be read on its own.

    Parameters
    ----------
    path
        A file, or ``file::part``.

    Returns
    -------
    tuple of Path
        The path itself where it means one frame or curve already.

    Raises
    ------
    BadInput
        When the file cannot be read or holds nothing.
    """
    file, part = split_part(path)
    if part is not None:
        return (path,)
    if is_frame(file):
        return frame_parts(file)
    names = curve_names(file) if is_cansas(file) else ()
    return tuple(name_part(file, name) for name in names) if len(names) > 1 else (path,)
