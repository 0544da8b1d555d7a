"""Read frames of NeXus-like HDF5: our own, and what Eiger detectors write (NXmx, master files)."""

from collections.abc import Generator
from functools import partial
from pathlib import Path

import h5py
import numpy as np

from models.domain.errors import BadInput
from models.domain.geometry import Geometry
from models.domain.scattering import Frame, Mask
from models.saxs.file_parts import name_part, split_part
from models.saxs.frame_headers import UNMONITORED, moment_s
from models.saxs.frame_stacks import Stored, count_frames, frame_shape, iterate_counts, read_counts
from models.saxs.hdf5_values import MM_PER_UNIT, NM_PER_UNIT, S_PER_UNIT, Values, opened
from models.saxs.overflow import find_overflow, overflow_mark

DETECTOR = "/entry/instrument/detector"
SPECIFIC = f"{DETECTOR}/detectorSpecific"
MASKS = (f"{DETECTOR}/pixel_mask", f"{SPECIFIC}/pixel_mask")
SATURATION = (f"{DETECTOR}/saturation_value", f"{SPECIFIC}/countrate_correction_count_cutoff")
"""Counts above which a detector is not linear; the lowest that is stated counts."""
TIMES = (f"{DETECTOR}/count_time", f"{DETECTOR}/frame_time")
DISTANCES = (f"{DETECTOR}/distance", f"{DETECTOR}/detector_distance")
WAVELENGTHS = ("/entry/instrument/beam/incident_wavelength", "/entry/sample/beam/incident_wavelength")
MONITOR = "/entry/control/integral"
SAMPLE = "/entry/sample"
PIXEL_UNITS = frozenset({"pixel", "pixels", "px", ""})
"""Units of a beam centre that is in pixels; others are lengths."""
DISTANCE_LIMITS_MM = (1.0, 1e5)
PIXEL_LIMITS_MM = (1e-3, 10.0)
WAVELENGTH_LIMITS_NM = (1e-3, 10.0)
START_TIME = "/entry/start_time"


def read_frame(path: Path) -> Frame:
    """Read counts, mask and what normalises them.

    Parameters
    ----------
    path
        The HDF5 file, or ``file::number``.

    Returns
    -------
    Frame
        Monitor and transmission are 1, and the thickness 1 mm, where the file does not state them. Pixels
        that the file's mask names, and those at the top of the counter's range, are masked.

    Raises
    ------
    BadInput
        When the file or one that it links to is missing or truncated, a dataset is absent or of another
        shape, or it holds many frames and none is named.
    """
    file_path, _ = split_part(path)
    with opened(file_path) as file:
        stored, place = read_counts(file_path, path, file)
        mask = _mask(file_path, file, (stored.counts.shape[0], stored.counts.shape[1]))
        return _frame(
            path, Values(file_path, file, place, partial(count_frames, file_path, file)), stored, mask
        )


def read_frames(path: Path) -> Generator[Frame]:
    """Read the frames of a file one after another, with one chunk of the file in memory at a time.

    Parameters
    ----------
    path
        The HDF5 file.

    Yields
    ------
    Frame
        As `read_frame` reads it.

    Raises
    ------
    BadInput
        As `read_frame`.
    """
    with opened(path) as file:
        mask = _mask(path, file, frame_shape(path, file))
        for place, stored in enumerate(iterate_counts(path, file)):
            values = Values(path, file, place, partial(count_frames, path, file))
            yield _frame(name_part(path, place), values, stored, mask)


def n_frames(path: Path) -> int:
    """Count the frames of a file and of those that it links to."""
    with opened(path) as file:
        return count_frames(path, file)


def read_geometry(path: Path) -> Geometry:
    """Read where the detector stood.

    Parameters
    ----------
    path
        The HDF5 file, or ``file::number``.

    Returns
    -------
    Geometry
        A detector that is perpendicular to the beam.

    Raises
    ------
    BadInput
        When the file is truncated, or states no complete and plausible geometry.
    """
    path, _ = split_part(path)
    with opened(path) as file:
        n_rows, n_columns = frame_shape(path, file)
        values = Values(path, file)
        width_mm, height_mm = (
            values.required((f"{DETECTOR}/{axis}_pixel_size",), MM_PER_UNIT, "m", PIXEL_LIMITS_MM)
            for axis in "xy"
        )
        distance_mm = values.required(DISTANCES, MM_PER_UNIT, "m", DISTANCE_LIMITS_MM)
        column_px, row_px = _centre(values, "x", width_mm), _centre(values, "y", height_mm)
        if column_px == 0 and row_px == 0:
            raise BadInput(
                f"{path}: {DETECTOR}/beam_center_x and _y",
                "are both 0 pixel, which is what detectors write when nobody has told them",
                "Give the geometry by --geometry.",
            )
        return Geometry(
            distance_mm=distance_mm,
            beam_column_px=column_px,
            beam_row_px=row_px,
            pixel_width_um=1e3 * width_mm,
            pixel_height_um=1e3 * height_mm,
            wavelength_nm=values.required(WAVELENGTHS, NM_PER_UNIT, "angstrom", WAVELENGTH_LIMITS_NM),
            n_rows=n_rows,
            n_columns=n_columns,
            detector=values.text(f"{DETECTOR}/description"),
        )


def _centre(values: Values, axis: str, pixel_mm: float) -> float:
    """Read the beam's place along one axis, in pixels; some write it as a length."""
    name = f"{DETECTOR}/beam_center_{axis}"
    units = dict.fromkeys(PIXEL_UNITS, 1.0) | {unit: mm / pixel_mm for unit, mm in MM_PER_UNIT.items()}
    value = values.quantity((name,), units, "pixel")
    return values.required((name,), units, "pixel", (-np.inf, np.inf)) if value is None else value


def _taken_s(values: Values) -> float | None:
    """When a frame was taken, s since 1970; None where the file does not say it as ISO 8601."""
    found = values.text(START_TIME)
    return None if found is None else moment_s(found)


def _mask(path: Path, file: h5py.File, shape: tuple[int, ...]) -> Mask:
    """Read the pixels that the file itself says are not to be used."""
    mask = np.zeros(shape, dtype=np.bool_)
    for name in MASKS:
        found = Values(path, file).array(name)
        if found is None:
            continue
        if found.shape[-2:] != shape or found.size != mask.size:
            raise BadInput(
                f"{path}: {name}",
                f"has shape {found.shape}, the frame {shape}",
                "Write the mask of this detector.",
            )
        mask |= found.reshape(shape) != 0
    return mask


def _frame(path: Path, values: Values, stored: Stored, mask: Mask) -> Frame:
    """Put a frame together."""
    counts, mark = stored.counts, overflow_mark(stored.dtype)
    overflow = find_overflow(counts, mark, mask if mask.any() else None)
    exposure_s = values.quantity(TIMES, S_PER_UNIT, "s")
    thickness_mm = values.quantity((f"{SAMPLE}/thickness",), MM_PER_UNIT, "mm")
    stated = [value for name in SATURATION if (value := values.number(name)) is not None and value > 0]
    return Frame(
        counts=counts,
        mask=mask | (counts < 0) if overflow is None else mask | (counts < 0) | overflow,
        exposure_s=1.0 if exposure_s is None else exposure_s,
        monitor=values.optional(UNMONITORED, MONITOR),
        transmission=values.optional(1.0, f"{SAMPLE}/transmission"),
        transmission_sigma=values.optional(0.0, f"{SAMPLE}/transmission_sigma"),
        thickness_mm=1.0 if thickness_mm is None else thickness_mm,
        saturation_counts=min(stated, default=None),
        source=str(path),
        taken_s=_taken_s(values),
        overflow=overflow,
    )
