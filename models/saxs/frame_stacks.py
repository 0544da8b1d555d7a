"""The frames of an HDF5 file and of the files that it links to, read one at a time."""

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import h5py
import numpy as np
from numpy.typing import NDArray

from models.domain.errors import BadInput
from models.domain.scattering import Counts
from models.saxs.file_parts import frame_number, split_part
from models.saxs.hdf5_values import opened, reading

FOLDER = "/entry/data"
"""Where frames lie."""
COUNTS = f"{FOLDER}/data"
"""Where the frames of a file lie that links to none."""
LINKED = re.compile(r"data_\d+")
"""Names of the datasets of a master file, as Dectris' file writer gives them, in the order of time."""
NO_COUNT = -1
"""What a pixel holds that has no count."""


@dataclass(frozen=True, eq=False)
class Stored:
    """Counts as they come out of a file."""

    counts: Counts
    """Counts, shape (n_rows, n_columns), -1 in pixels that hold none."""
    dtype: np.dtype[Any]
    """The type that they were stored as."""


def has_frames(file: h5py.File) -> bool:
    """Say whether a file has frames, or links to some."""
    folder = file.get(FOLDER)
    return isinstance(folder, h5py.Group) and any(
        name == "data" or LINKED.fullmatch(str(name)) for name in folder
    )


def count_frames(path: Path, file: h5py.File) -> int:
    """Count the frames of a file and of those that it links to.

    Raises
    ------
    BadInput
        When a linked file is missing or truncated, or a dataset holds no frames of counts.
    """
    return sum(_n_frames(dataset) for _, dataset in _datasets(path, file))


def frame_shape(path: Path, file: h5py.File) -> tuple[int, int]:
    """Shape of the frames, (rows, columns)."""
    _, dataset = next(iter(_datasets(path, file)))
    return int(dataset.shape[-2]), int(dataset.shape[-1])


def read_counts(path: Path, named: Path, file: h5py.File) -> tuple[Stored, int]:
    """Read one frame; no other is held in memory.

    Parameters
    ----------
    path
        The file.
    named
        The file, or ``file::number``.
    file
        The open file.

    Returns
    -------
    tuple of Stored and int
        The counts, and the number of the frame.
    """
    _, part = split_part(named)
    if part is None or not part.isdecimal():
        part = str(frame_number(named, count_frames(path, file)))
    place = int(part)
    for where, dataset in _datasets(path, file):
        if place < _n_frames(dataset):
            return _read(where, dataset, place, place + 1)[0], int(part)
        place -= _n_frames(dataset)
    return _beyond(named, count_frames(path, file))


def iterate_counts(path: Path, file: h5py.File) -> Iterator[Stored]:
    """Read all frames in their order; one chunk of the file is in memory at a time.

    Parameters
    ----------
    path
        The file.
    file
        The open file.
    """
    for where, dataset in _datasets(path, file):
        depth = dataset.chunks[0] if dataset.chunks and dataset.ndim == 3 else 1
        for start in range(0, _n_frames(dataset), depth):
            yield from _read(where, dataset, start, min(start + depth, _n_frames(dataset)))


def as_counts(values: NDArray[Any]) -> Counts:
    """Give counts a sign, so that -1 can say that a pixel has none.

    Parameters
    ----------
    values
        Integers of any size.

    Returns
    -------
    Counts
        The top of an unsigned range marks gaps and overflow, and becomes -1. Of 32 bits nothing is
        copied: there every count from 2^31 on is negative, thus none.
    """
    if values.dtype == np.uint32:
        return np.ascontiguousarray(values).view(np.int32)
    if values.dtype == np.int32 or values.dtype == np.int64:
        return np.ascontiguousarray(values)
    counts: Counts = values.astype(np.int32) if values.dtype.itemsize < 4 else values.astype(np.int64)
    if np.issubdtype(values.dtype, np.unsignedinteger):
        counts[values == np.iinfo(values.dtype).max] = NO_COUNT
    return counts


def _datasets(path: Path, file: h5py.File) -> Generator[tuple[Path, h5py.Dataset]]:
    """Go through the datasets of counts; a linked file is open for as long as it is looked at."""
    folder = file.get(FOLDER)
    names = sorted(filter(LINKED.fullmatch, folder)) if isinstance(folder, h5py.Group) else []
    for name in names or ["data"]:
        link = folder.get(name, getlink=True) if isinstance(folder, h5py.Group) else None
        if not isinstance(link, h5py.ExternalLink):
            yield path, _checked(path, f"{FOLDER}/{name}", file.get(f"{FOLDER}/{name}"))
            continue
        target = _linked_file(path, name, link.filename)
        with opened(target) as other:
            yield target, _checked(target, link.path, other.get(link.path))


def _linked_file(path: Path, name: str, filename: str) -> Path:
    """Find a linked file beside the file that links to it; one that moved with it counts as well."""
    target = path.parent / filename
    if not target.is_file():
        target = path.parent / Path(filename).name
    if not target.is_file():
        raise BadInput(
            f"{path}: {FOLDER}/{name}", f"its file {filename} is missing", "Copy it beside the master file."
        )
    return target


def _checked(where: Path, name: str, found: object) -> h5py.Dataset:
    """Refuse what is no dataset of frames of counts."""
    if not isinstance(found, h5py.Dataset):
        raise BadInput(f"{where}: {name}", "is absent", "Give a frame with its counts there.")
    if found.ndim not in (2, 3):
        raise BadInput(
            f"{where}: {name}",
            f"has shape {found.shape}, must be (rows, columns) or (frames, rows, columns)",
            "Write frames of counts.",
        )
    if not np.issubdtype(found.dtype, np.integer):
        raise BadInput(f"{where}: {name}", f"is of type {found.dtype}, must be integers", "Write counts.")
    if 0 in found.shape[-2:]:
        raise BadInput(f"{where}: {name}", f"is empty: its shape is {found.shape}", "Take the frame again.")
    for source in found.virtual_sources() if found.is_virtual else ():
        # HDF5 would read a frame of zeros in place of a file that is not there
        if source.file_name != "." and not (where.parent / source.file_name).is_file():
            raise BadInput(
                f"{where}: {name}", f"its file {source.file_name} is missing", "Copy it beside this file."
            )
    return found


def _beyond(named: Path, n_frames: int) -> NoReturn:
    """Refuse a number beyond the last frame."""
    frame_number(named, n_frames)
    raise AssertionError(f"{named} is one of {n_frames} frames and was not found")


def _n_frames(dataset: h5py.Dataset) -> int:
    return int(dataset.shape[0]) if dataset.ndim == 3 else 1


def _read(where: Path, dataset: h5py.Dataset, start: int, end: int) -> list[Stored]:
    """Read frames that lie behind each other, the last one at end - 1."""
    with reading(where):
        # HDF5 reads zeros where nothing was ever written
        if (
            dataset.ndim == 3
            and dataset.chunks
            and dataset.id.get_chunk_info_by_coord((start, 0, 0)).byte_offset is None
        ):
            raise BadInput(
                f"{where}: {dataset.name}",
                f"its frame {start} was announced and never written: the series was cut off",
                "Name frames before it, or take the series again.",
            )
        # the filters of HDF5 are as fast as calling the decompressor: 1.6 ms for 1 megapixel either way
        block = dataset[start:end] if dataset.ndim == 3 else dataset[()][np.newaxis]
    return [Stored(as_counts(frame), frame.dtype) for frame in block]
