"""Read frames of area detectors: our own HDF5, and everything fabio knows."""

from dataclasses import replace
from pathlib import Path

import fabio
import numpy as np

from models.domain.action import Exposure
from models.domain.errors import BadInput
from models.domain.geometry import Geometry
from models.domain.scattering import Counts, Frame, Mask
from models.saxs import frame_headers, nexus_files

HDF5_SUFFIXES = frozenset({".h5", ".hdf5", ".nxs", ".hdf"})
"""Files of these names are read as HDF5."""
FRAME_SUFFIXES = HDF5_SUFFIXES | {".tif", ".tiff", ".cbf", ".edf", ".img", ".gfrm", ".mccd", ".mar3450"}
"""Files of these names are frames; others are curves."""


def read_frame(path: Path, *, exposure: Exposure | None = None, mask_path: Path | None = None) -> Frame:
    """Read one frame with what normalises it.

    Parameters
    ----------
    path
        HDF5 as the virtual detector writes it, or any format of fabio (TIFF, CBF, EDF).
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
    if not path.is_file():
        raise BadInput(str(path), "there is no such frame", "Check the path.")
    frame = nexus_files.read_frame(path) if path.suffix.lower() in HDF5_SUFFIXES else _fabio_frame(path)
    if exposure is not None:
        frame = replace(
            frame,
            exposure_s=exposure.exposure_s,
            monitor=frame.monitor if exposure.monitor is None else exposure.monitor,
            transmission=frame.transmission if exposure.transmission is None else exposure.transmission,
            transmission_sigma=(
                frame.transmission_sigma if exposure.transmission is None else exposure.transmission_sigma
            ),
        )
    if mask_path is not None:
        frame = replace(frame, mask=frame.mask | read_mask(mask_path, frame.counts.shape))
    return frame


def geometry_from_header(path: Path) -> Geometry:
    """Read the geometry that a frame carries in its own header.

    Parameters
    ----------
    path
        The frame: our own HDF5, or a TIFF with a SAXSLAB header.

    Returns
    -------
    Geometry
        For the frame as it is stored.

    Raises
    ------
    BadInput
        When it carries none.
    """
    if not path.is_file():
        raise BadInput(str(path), "there is no such frame", "Check the path.")
    if path.suffix.lower() in HDF5_SUFFIXES:
        return nexus_files.read_geometry(path)
    counts, _ = _open(path)
    geometry = frame_headers.saxslab_geometry(path, counts.shape)
    if geometry is None:
        raise BadInput(
            f"{path}: header", "states no complete geometry", "Give a .poni file or a RAW .dat by --geometry."
        )
    return geometry


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
        values, _ = _open(path)
    if values.shape != shape:
        raise BadInput(
            f"mask {path}", f"has shape {values.shape}, the frame {shape}", "Give the mask of this detector."
        )
    return np.asarray(values != 0)


def _open(path: Path) -> tuple[Counts, dict[str, str]]:
    """Open an image by fabio."""
    try:
        with fabio.open(str(path)) as image:
            return np.asarray(image.data), {str(key): str(value) for key, value in image.header.items()}
    except Exception as error:  # fabio's readers raise whatever a broken file makes them raise
        raise BadInput(
            str(path), f"is not an image that can be read: {error}", "Copy the frame again."
        ) from error


def _fabio_frame(path: Path) -> Frame:
    """Make a frame of an image and its header."""
    counts, header = _open(path)
    if counts.ndim != 2:
        raise BadInput(str(path), f"has shape {counts.shape}, must be 2-D", "Give one frame per file.")
    if not np.issubdtype(counts.dtype, np.integer):
        if not np.all(np.isfinite(counts) | np.isnan(counts)):
            raise BadInput(str(path), "holds infinite values", "Copy the frame again.")
        counts = np.where(np.isnan(counts), -1, np.rint(counts)).astype(np.int64)
    settings = frame_headers.read_settings(path, header)
    return Frame(
        counts=counts if counts.dtype == np.int32 else counts.astype(np.int64),
        mask=np.asarray(counts < 0),
        exposure_s=settings.exposure_s,
        monitor=settings.monitor,
        transmission=settings.transmission,
        saturation_counts=settings.saturation_counts,
        source=str(path),
        taken_s=settings.taken_s,
    )
