"""Read our own frames: NeXus-like HDF5, as the virtual detector writes them."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import h5py
import hdf5plugin  # noqa: F401  # pyright: ignore[reportUnusedImport]  registers bitshuffle-LZ4 with h5py
import numpy as np
from numpy.typing import NDArray

from models.domain.errors import BadInput
from models.domain.geometry import Geometry
from models.domain.scattering import Frame
from models.saxs.frame_headers import UNMONITORED, moment_s

COUNTS = "/entry/data/data"
DETECTOR = "/entry/instrument/detector"
WAVELENGTH = "/entry/instrument/beam/incident_wavelength"
MONITOR = "/entry/control/integral"
SAMPLE = "/entry/sample"
START_TIME = "/entry/start_time"
MM_PER_UNIT = {"m": 1e3, "cm": 10.0, "mm": 1.0, "um": 1e-3, "micron": 1e-3, "micrometer": 1e-3}
"""Millimetres in one unit of length."""
NM_PER_UNIT = {"angstrom": 0.1, "a": 0.1, "å": 0.1, "nm": 1.0, "m": 1e9}
"""Nanometres in one unit of wavelength."""


def read_frame(path: Path) -> Frame:
    """Read counts, mask and what normalises them.

    Parameters
    ----------
    path
        The HDF5 file.

    Returns
    -------
    Frame
        Monitor and transmission are 1, and the thickness 1 mm, where the file does not state them.

    Raises
    ------
    BadInput
        When the file is truncated, or a dataset is absent or of another shape.
    """
    with _opened(path) as file:
        counts = _counts(path, file)
        mask = _array(path, file, f"{DETECTOR}/pixel_mask", required=False)
        if mask is None:
            mask = np.zeros(counts.shape, dtype=np.uint32)
        if mask.shape != counts.shape:
            raise BadInput(
                f"{path}: {DETECTOR}/pixel_mask",
                f"has shape {mask.shape}, the frame {counts.shape}",
                "Write the mask of this detector.",
            )
        thickness_mm = _length_mm(path, file, f"{SAMPLE}/thickness", "mm", required=False)
        return Frame(
            counts=counts,
            mask=(mask != 0) | (counts < 0),
            exposure_s=_optional(path, file, f"{DETECTOR}/count_time", 1.0),
            monitor=_optional(path, file, MONITOR, UNMONITORED),
            transmission=_optional(path, file, f"{SAMPLE}/transmission", 1.0),
            transmission_sigma=_optional(path, file, f"{SAMPLE}/transmission_sigma", 0.0),
            thickness_mm=1.0 if thickness_mm is None else thickness_mm,
            saturation_counts=_number(path, file, f"{DETECTOR}/saturation_value", required=False),
            source=str(path),
            taken_s=_taken_s(file),
        )


def read_geometry(path: Path) -> Geometry:
    """Read where the detector stood.

    Parameters
    ----------
    path
        The HDF5 file.

    Returns
    -------
    Geometry
        A detector that is perpendicular to the beam.

    Raises
    ------
    BadInput
        When the file is truncated, or states no complete geometry.
    """
    with _opened(path) as file:
        shape = _counts_dataset(path, file).shape[-2:]
        name = file.get(f"{DETECTOR}/description")
        return Geometry(
            distance_mm=_length_mm(path, file, f"{DETECTOR}/distance", "m") or 0.0,
            beam_column_px=_number(path, file, f"{DETECTOR}/beam_center_x") or 0.0,
            beam_row_px=_number(path, file, f"{DETECTOR}/beam_center_y") or 0.0,
            pixel_width_um=1e3 * (_length_mm(path, file, f"{DETECTOR}/x_pixel_size", "m") or 0.0),
            pixel_height_um=1e3 * (_length_mm(path, file, f"{DETECTOR}/y_pixel_size", "m") or 0.0),
            wavelength_nm=_wavelength_nm(path, file),
            n_rows=int(shape[0]),
            n_columns=int(shape[1]),
            detector=_text(name[()]) if isinstance(name, h5py.Dataset) else None,
        )


def _taken_s(file: h5py.File) -> float | None:
    """When a frame was taken, s since 1970; None where the file does not say it as ISO 8601."""
    found = file.get(START_TIME)
    return moment_s(_text(found[()])) if isinstance(found, h5py.Dataset) else None


@contextmanager
def _opened(path: Path) -> Generator[h5py.File]:
    """Open an HDF5 file, and name it when anything in it cannot be read."""
    try:
        with h5py.File(path, "r") as file:
            yield file
    except OSError as error:
        raise BadInput(
            str(path), f"is truncated or not HDF5: {error}", "Copy the file again, or take the frame again."
        ) from error
    except (RuntimeError, ValueError) as error:
        raise BadInput(
            str(path), f"holds a value that cannot be read: {error}", "Write the file again."
        ) from error


def _counts_dataset(path: Path, file: h5py.File) -> h5py.Dataset:
    """Find the dataset of counts."""
    found = file.get(COUNTS)
    if not isinstance(found, h5py.Dataset):
        raise BadInput(f"{path}: {COUNTS}", "is absent", "Give a frame with its counts there.")
    if found.ndim not in (2, 3) or (found.ndim == 3 and found.shape[0] != 1):
        raise BadInput(
            f"{path}: {COUNTS}",
            f"has shape {found.shape}, must be (1, rows, columns)",
            "Write one frame per file.",
        )
    if not np.issubdtype(found.dtype, np.integer):
        raise BadInput(f"{path}: {COUNTS}", f"is of type {found.dtype}, must be integers", "Write counts.")
    return found


def _counts(path: Path, file: h5py.File) -> NDArray[np.int32] | NDArray[np.int64]:
    """Read the counts of the one frame."""
    found = _counts_dataset(path, file)
    counts = np.asarray(found[()]).reshape(found.shape[-2:])
    return counts if counts.dtype == np.int32 else counts.astype(np.int64)


def _array(path: Path, file: h5py.File, name: str, *, required: bool = True) -> NDArray[np.generic] | None:
    """Read a dataset; None when it is absent and may be."""
    found = file.get(name)
    if isinstance(found, h5py.Dataset):
        return np.asarray(found[()])
    if required:
        raise BadInput(f"{path}: {name}", "is absent", "Write it, or give the geometry by --geometry.")
    return None


def _number(path: Path, file: h5py.File, name: str, *, required: bool = True) -> float | None:
    """Read one number; None when it is absent and may be."""
    found = _array(path, file, name, required=required)
    if found is None:
        return None
    if found.size != 1:
        raise BadInput(f"{path}: {name}", f"has {found.size} values, must have one", "Write one number.")
    try:
        return float(found.reshape(()).item())
    except (TypeError, ValueError) as error:
        raise BadInput(f"{path}: {name}", "is not a number", "Write one number.") from error


def _optional(path: Path, file: h5py.File, name: str, default: float) -> float:
    """Read one number that a file may leave out."""
    value = _number(path, file, name, required=False)
    return default if value is None else value


def _unit(file: h5py.File, name: str, default: str) -> str:
    """Read the unit of a dataset."""
    return _text(file[name].attrs.get("units", default)).strip()


def _length_mm(
    path: Path, file: h5py.File, name: str, default_unit: str, *, required: bool = True
) -> float | None:
    """Read a length, mm."""
    value = _number(path, file, name, required=required)
    if value is None:
        return None
    unit = _unit(file, name, default_unit)
    if unit.lower() not in MM_PER_UNIT:
        raise BadInput(f"{path}: {name}@units", f"is {unit!r}", f"Use one of {', '.join(MM_PER_UNIT)}.")
    if required and not value > 0:
        raise BadInput(f"{path}: {name}", f"is {value:g} {unit}, must be above 0", "Correct it.")
    return value * MM_PER_UNIT[unit.lower()]


def _wavelength_nm(path: Path, file: h5py.File) -> float:
    """Read the wavelength, nm."""
    value = _number(path, file, WAVELENGTH) or 0.0
    unit = _unit(file, WAVELENGTH, "angstrom")
    if unit.lower() not in NM_PER_UNIT:
        raise BadInput(f"{path}: {WAVELENGTH}@units", f"is {unit!r}", f"Use one of {', '.join(NM_PER_UNIT)}.")
    if not value > 0:
        raise BadInput(f"{path}: {WAVELENGTH}", f"is {value:g} {unit}, must be above 0", "Correct it.")
    return value * NM_PER_UNIT[unit.lower()]


def _text(value: object) -> str:
    """Read a string that HDF5 may hold as bytes or as an array of one."""
    if isinstance(value, np.ndarray):
        value = value.reshape(-1)[0]
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)
