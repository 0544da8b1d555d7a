"""One frame, one NeXus-like HDF5 file, which is whole as soon as it has its name."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin
import numpy as np
import numpy.typing as npt

from instruments.documents import sync_folder
from models.domain.geometry import Geometry
from models.domain.scattering import Frame

ARRAY = "/entry/data/data"
"""Where the counts lie; the handlers of EPICS' area detectors look here too."""
PARTIAL = ".partial"
"""Ending of a file that is still being written."""


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a temporary file beside `path`, force it to disk, then give it its name.

    Parameters
    ----------
    path
        The final name. Nobody ever sees half a file under it; what a full disk cut off is removed.
    write
        Writes a whole file at the path that it is given.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}{PARTIAL}")
    try:
        write(partial)
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_frame(path: Path, frame: Frame, geometry: Geometry, *, action_id: str) -> None:
    """Write a frame with all that is needed to reduce it.

    Parameters
    ----------
    path
        Final name of the file.
    frame
        Counts, mask and normalisation. A count of -1 says that the pixel holds none.
    geometry
        Where the detector stands.
    action_id
        Goes into ``/entry/entry_identifier``, by which a resumed run knows its own.
    """

    def fill(partial: Path) -> None:
        # HDF5 builds the file in memory: on a full disk its own writing can take the process down.
        with h5py.File(str(partial), "w", driver="core", backing_store=False) as file:
            entry = _group(file, "entry", "NXentry")
            entry["entry_identifier"] = action_id
            if frame.taken_s is not None:
                entry["start_time"] = datetime.fromtimestamp(frame.taken_s, UTC).isoformat()
            _write_counts(entry, frame)
            _write_detector(entry, frame, geometry)
            _write_beam(entry, frame, geometry)
            file.attrs["default"] = "entry"
            file.flush()
            image = file.id.get_file_image()
        partial.write_bytes(image)

    write_atomically(path, fill)


def last_counts(folder: Path, otherwise: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Counts of the frame that was written last into a folder; `otherwise` where there is none."""
    frames = sorted(folder.glob("*.h5"), key=lambda path: (path.stat().st_mtime_ns, path.name))
    if not frames:
        return otherwise
    with h5py.File(frames[-1], "r") as file:
        return np.asarray(file[ARRAY])[0].astype(np.int32)


def _group(parent: Any, name: str, nx_class: str) -> Any:
    group = parent.create_group(name)
    group.attrs["NX_class"] = nx_class
    return group


def _value(group: Any, name: str, value: float, units: str = "") -> None:
    dataset = group.create_dataset(name, data=value)
    dataset.attrs["units"] = units


def _write_counts(entry: Any, frame: Frame) -> None:
    data = _group(entry, "data", "NXdata")
    data.attrs["signal"] = "data"
    counts = np.asarray(frame.counts, dtype=np.int32)[np.newaxis]
    data.create_dataset(
        "data", data=counts, chunks=counts.shape, compression=hdf5plugin.Bitshuffle(cname="lz4")
    )
    entry.attrs["default"] = "data"


def _write_detector(entry: Any, frame: Frame, geometry: Geometry) -> None:
    detector = _group(_group(entry, "instrument", "NXinstrument"), "detector", "NXdetector")
    mask = frame.mask.astype(np.uint32)
    detector.create_dataset(
        "pixel_mask", data=mask, chunks=mask.shape, compression=hdf5plugin.Bitshuffle(cname="lz4")
    )
    _value(detector, "x_pixel_size", geometry.pixel_width_um * 1e-6, "m")
    _value(detector, "y_pixel_size", geometry.pixel_height_um * 1e-6, "m")
    _value(detector, "beam_center_x", geometry.beam_column_px, "pixel")
    _value(detector, "beam_center_y", geometry.beam_row_px, "pixel")
    _value(detector, "distance", geometry.distance_mm * 1e-3, "m")
    _value(detector, "count_time", frame.exposure_s, "s")
    if frame.saturation_counts is not None:
        _value(detector, "saturation_value", frame.saturation_counts, "counts")
    if geometry.detector is not None:
        detector["description"] = geometry.detector


def _write_beam(entry: Any, frame: Frame, geometry: Geometry) -> None:
    beam = _group(entry["instrument"], "beam", "NXbeam")
    _value(beam, "incident_wavelength", geometry.wavelength_nm * 10.0, "angstrom")
    control = _group(entry, "control", "NXmonitor")
    _value(control, "integral", frame.monitor, "counts")
    sample = _group(entry, "sample", "NXsample")
    _value(sample, "transmission", frame.transmission)
    _value(sample, "transmission_sigma", frame.transmission_sigma)
    _value(sample, "thickness", frame.thickness_mm, "mm")
