"""Open images by fabio, and refuse those that were cut off, which fabio fills with zeros or waits for."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fabio
import numpy as np
from fabio.edfimage import EdfImage
from numpy.typing import NDArray

from models.domain.errors import BadInput
from models.domain.scattering import Counts
from models.saxs.file_parts import frame_number, split_part
from models.saxs.frame_stacks import as_counts
from models.saxs.overflow import overflow_mark

CBF_START = b"\x0c\x1a\x04\xd5"
"""Stands between the header of a CBF and its counts."""
MAX_FRACTION = 1e-3
"""A number this far from an integer is no count."""


def open_image(path: Path) -> tuple[Counts, dict[str, str], int | None]:
    """Read one frame of counts and its header.

    Parameters
    ----------
    path
        The file, or ``file::number`` where it holds many frames.

    Returns
    -------
    tuple
        Counts, shape (n_rows, n_columns), negative where a pixel holds none; the header, in a file of many
        frames the first one's where others leave things out; and what `overflow_mark` says, None of floats.

    Raises
    ------
    BadInput
        When the file is foreign or cut off, holds no counts, or many frames and none is named.
    """
    file, _ = split_part(path)
    with _opened(file) as image:
        number = frame_number(path, int(image.nframes))
        frame = image.get_frame(number) if number else image
        header = {str(key): str(value) for key, value in (*image.header.items(), *frame.header.items())}
        values = np.asarray(frame.data)
    if values.ndim != 2 or not values.size:
        raise BadInput(str(path), f"has shape {values.shape}, must be 2-D", "Give one frame per file.")
    mark = overflow_mark(values.dtype) if np.issubdtype(values.dtype, np.integer) else None
    return _whole_numbers(path, values), header, mark


def read_image(path: Path) -> NDArray[np.generic]:
    """Read the numbers of an image as they are: a mask.

    Raises
    ------
    BadInput
        When the file is foreign or cut off.
    """
    with _opened(path) as image:
        return np.asarray(image.data)


def count_images(path: Path) -> int:
    """Count the frames of an image file.

    Raises
    ------
    BadInput
        When the file is foreign or cut off.
    """
    with _opened(path) as image:
        return int(image.nframes)


@contextmanager
def _opened(path: Path) -> Generator[Any]:
    """Open an image by fabio."""
    try:
        if path.suffix.lower() == ".cbf":
            _refuse_cut_cbf(path)
        with fabio.open(str(path)) as image:
            if isinstance(image, EdfImage):
                _refuse_cut_edf(path, image)
            yield image
    except BadInput:
        raise
    except Exception as error:  # fabio's readers raise whatever a broken file makes them raise
        raise BadInput(
            str(path), f"is not an image that can be read: {error}", "Copy the frame again."
        ) from error


def _refuse_cut_cbf(path: Path) -> None:
    """Refuse a CBF without all of its counts; fabio looks for the start of the counts for ever."""
    raw = path.read_bytes()
    start = raw.find(CBF_START)
    size = re.search(rb"X-Binary-Size:\s*(\d+)", raw[: max(start, 0)])
    n_needed = start + len(CBF_START) + int(size[1]) if size else 0
    if start < 0 or len(raw) < n_needed:
        raise BadInput(
            str(path),
            f"was cut off: it has {len(raw)} bytes"
            + (f" of {n_needed}" if n_needed else ", and its counts do not begin"),
            "Copy the frame again.",
        )


def _refuse_cut_edf(path: Path, image: Any) -> None:
    """Refuse an EDF without all of its counts; fabio puts zeros for them."""
    n_bytes = path.stat().st_size
    for number in range(int(image.nframes)):
        frame = image.get_frame(number)
        n_needed = int(frame.start or 0) + int(frame.blobsize or 0)
        if n_bytes < n_needed:
            raise BadInput(
                str(path), f"was cut off: it has {n_bytes} bytes of {n_needed}", "Copy the frame again."
            )


def _whole_numbers(path: Path, values: NDArray[np.generic]) -> Counts:
    """Take counts, which some programs keep as floats; refuse what is none."""
    if np.issubdtype(values.dtype, np.integer):
        return as_counts(values)
    if not np.issubdtype(values.dtype, np.floating):
        raise BadInput(str(path), f"is of type {values.dtype}, must be counts", "Give a frame of counts.")
    floats = values.astype(np.float64)
    if np.any(np.isinf(floats)):
        raise BadInput(str(path), "holds infinite values", "Copy the frame again.")
    rounded = np.rint(floats)
    is_off = np.abs(floats - rounded) > MAX_FRACTION
    if np.any(is_off):
        raise BadInput(
            str(path),
            f"holds {np.count_nonzero(is_off)} fractions such as {floats[is_off][0]:g}, counts are meant",
            "Give the frame as the detector wrote it, before any correction.",
        )
    return np.where(np.isnan(floats), -1, rounded).astype(np.int64)
