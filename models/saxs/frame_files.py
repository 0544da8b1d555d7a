"""Read frames of area detectors: HDF5, and everything fabio knows."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from models.domain.action import Exposure
from models.domain.errors import BadInput
from models.domain.geometry import Geometry
from models.domain.scattering import Frame, Mask
from models.saxs import frame_headers, nexus_files
from models.saxs.esrf_headers import esrf_dummies, esrf_lines
from models.saxs.file_parts import name_part, split_part
from models.saxs.hdf5_values import is_hdf5
from models.saxs.image_files import count_images, open_image, read_image
from models.saxs.overflow import find_overflow

HDF5_SUFFIXES = frozenset({".h5", ".hdf5", ".nxs", ".hdf"})
"""Files of these names are read as HDF5."""
FRAME_SUFFIXES = HDF5_SUFFIXES | {".tif", ".tiff", ".cbf", ".edf", ".img", ".gfrm", ".mccd", ".mar3450"}
"""Files of these names are frames; others are curves."""


def read_frame(path: Path, *, exposure: Exposure | None = None, mask_path: Path | None = None) -> Frame:
    """Read one frame with what normalises it.

    Parameters
    ----------
    path
        HDF5 (our own, NXmx, an Eiger's master or data file), or any format of fabio (TIFF, CBF, EDF);
        ``file::number``, counted from 0, where it holds many frames.
    exposure
        The record of the exposure: its monitor, transmission and time win over the file's. Where neither
        knows them, monitor and transmission are 1: the intensity is then in counts.
    mask_path
        An image of the frame's shape; pixels that are not 0 are not used. Pixels with negative counts
        never are.

    Returns
    -------
    Frame
        As it is stored, not mirrored.

    Raises
    ------
    BadInput
        When the file is absent, truncated, foreign or of another shape than its mask.
    """
    frame = nexus_files.read_frame(path) if _is_hdf5(path) else _image_frame(path)
    if exposure is not None:
        frame = replace(
            frame,
            exposure_s=exposure.exposure_s,
            attenuation=exposure.attenuation,
            monitor=frame.monitor if exposure.monitor is None else exposure.monitor,
            transmission=frame.transmission if exposure.transmission is None else exposure.transmission,
            transmission_sigma=(
                frame.transmission_sigma if exposure.transmission is None else exposure.transmission_sigma
            ),
        )
    if mask_path is not None:
        frame = frame.without(read_mask(mask_path, frame.counts.shape))
    return frame


def geometry_from_header(path: Path) -> Geometry:
    """Read the geometry that a frame carries in its own header.

    Parameters
    ----------
    path
        The frame, or ``file::number``: HDF5, EDF with ESRF keywords, or TIFF and CBF with what Pilatus or
        SAXSLAB write.

    Returns
    -------
    Geometry
        For the frame as it is stored.

    Raises
    ------
    BadInput
        When it carries none.
    """
    if _is_hdf5(path):
        return nexus_files.read_geometry(path)
    counts, header, _ = open_image(path)
    return frame_headers.header_geometry(split_part(path)[0], header, counts.shape)


def read_frames(path: Path) -> Iterator[Frame]:
    """Read the frames of a file one after another; only one, or one chunk of an HDF5 file, is in memory.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    BadInput
        As `read_frame`.
    """
    if _is_hdf5(path):
        yield from nexus_files.read_frames(path)
    else:
        yield from (_image_frame(part) for part in frame_parts(path))


def frame_parts(path: Path) -> tuple[Path, ...]:
    """Name the frames of a file, so that each can be read on its own.

    Parameters
    ----------
    path
        A file, or ``file::number``.

    Returns
    -------
    tuple of Path
        The path itself where it means one frame already.

    Raises
    ------
    BadInput
        When the file, or one that it links to, is missing or cannot be read.
    """
    file, part = split_part(path)
    if part is not None:
        return (path,)
    n_frames = nexus_files.n_frames(file) if _is_hdf5(file) else count_images(file)
    return (path,) if n_frames == 1 else tuple(name_part(file, place) for place in range(n_frames))


def read_mask(path: Path, shape: tuple[int, int]) -> Mask:
    """Read a mask image.

    Parameters
    ----------
    path
        Any image that fabio reads, or a ``.npy`` array; not 0 means masked.
    shape
        Shape of the frame, (rows, columns).

    Returns
    -------
    Mask
        True where a pixel must not be used, of that shape.

    Raises
    ------
    BadInput
        When it cannot be read or has another shape.
    """
    if not path.is_file():
        raise BadInput(f"mask {path}", "there is no such file", "Check the path.")
    if path.suffix.lower() == ".npy":
        try:
            values = np.load(path, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise BadInput(
                f"mask {path}", f"is not an array: {error}", "Write it with numpy.save."
            ) from error
    else:
        values = read_image(path)
    if values.shape != shape:
        raise BadInput(
            f"mask {path}", f"has shape {values.shape}, the frame {shape}", "Give the mask of this detector."
        )
    return np.asarray(values != 0)


def _is_hdf5(path: Path) -> bool:
    """Say whether a file is read as HDF5; refuse one that is not there."""
    file, _ = split_part(path)
    if not file.is_file():
        raise BadInput(str(path), "there is no such frame", "Check the path.")
    return file.suffix.lower() in HDF5_SUFFIXES or is_hdf5(file)


def _image_frame(path: Path) -> Frame:
    """Make a frame of an image and its header."""
    file, _ = split_part(path)
    counts, header, mark = open_image(path)
    overflow = None if mark is None else find_overflow(counts, mark, None)
    settings = frame_headers.read_settings(file, header)
    mask = (counts < 0) | esrf_dummies(esrf_lines(header), counts)
    mask = mask if overflow is None else mask | overflow
    return Frame(
        counts=counts,
        mask=mask,
        exposure_s=settings.exposure_s,
        monitor=settings.monitor,
        transmission=settings.transmission,
        saturation_counts=settings.saturation_counts,
        source=str(path),
        taken_s=settings.taken_s,
        overflow=overflow,
    )
