"""Write one curve as NXcanSAS, with what it was made from."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py

from models.domain.geometry import Geometry
from models.domain.nxcansas import OWN_CREATOR, add_entry, add_group, add_points, add_terms
from models.domain.scattering import Curve
from models.domain.whole_files import write_whole

ENTRY = "sasentry01"


@dataclass(frozen=True)
class Origin:
    """What a curve was made from."""

    title: str
    """What people call it."""
    files: tuple[str, ...]
    """Frames or curves that it is the mean of, at least one."""
    version: str
    """Version of the program."""
    buffers: tuple[str, ...] = ()
    """Files whose mean was subtracted."""
    notes: tuple[str, ...] = ()
    """What had to be assumed, one sentence each."""
    geometry: Geometry | None = None
    """Where the detector stood, where that is known."""


def write_nxcansas(path: Path, curve: Curve, origin: Origin) -> None:
    """Write a curve, whole or not at all; reading it back gives the very same numbers.

    Parameters
    ----------
    path
        The file; its folder is made.
    curve
        The curve. The uncertainty that all its points share is written as that of a factor on I.
    origin
        What it was made from.

    Raises
    ------
    OSError
        When the disk refuses; nothing is left behind then.
    """
    # HDF5 builds the file in memory: on a full disk its own writing can take the process down.
    with h5py.File(path.name, "w", driver="core", backing_store=False) as file:
        creator = f"{OWN_CREATOR} {origin.version}"
        file.attrs.update({"NX_class": "NXroot", "creator": creator, "default": ENTRY})
        entry = add_entry(file, ENTRY, origin.title, origin.files[0])
        add_points(entry, curve)
        if origin.geometry is not None:
            _add_instrument(entry, origin.geometry)
        _add_process(entry, curve, origin)
        if origin.notes:
            add_group(entry, "sasnote01", "NXnote", "SASnote")["description"] = "\n".join(origin.notes)
        file.flush()
        image = file.id.get_file_image()
    write_whole(path, image)


def _add_instrument(entry: Any, geometry: Geometry) -> None:
    """Write where the detector stood."""
    instrument = add_group(entry, "sasinstrument", "NXinstrument", "SASinstrument")
    detector = add_group(instrument, "sasdetector01", "NXdetector", "SASdetector")
    detector["name"] = geometry.detector or "detector"
    for name, value, unit in (
        ("SDD", geometry.distance_mm, "mm"),
        ("x_pixel_size", geometry.pixel_width_um * 1e-3, "mm"),
        ("y_pixel_size", geometry.pixel_height_um * 1e-3, "mm"),
        ("beam_center_x", geometry.beam_column_px * geometry.pixel_width_um * 1e-3, "mm"),
        ("beam_center_y", geometry.beam_row_px * geometry.pixel_height_um * 1e-3, "mm"),
    ):
        _add(detector, name, value, unit)
    source = add_group(instrument, "sassource", "NXsource", "SASsource")
    source["radiation"] = source["probe"] = "x-ray"
    _add(source, "incident_wavelength", geometry.wavelength_nm, "nm")


def _add_process(entry: Any, curve: Curve, origin: Origin) -> None:
    """Write which program made it, and from what."""
    process = add_group(entry, "sasprocess01", "NXprocess", "SASprocess")
    process["name"] = OWN_CREATOR
    made = "Reduced from one file." if len(origin.files) == 1 else f"The mean of {len(origin.files)} files."
    process["description"] = f"{made} The mean of the buffers was subtracted." if origin.buffers else made
    terms: dict[str, object] = {"version": origin.version}
    terms |= {f"file {n}": name for n, name in enumerate(origin.files, start=1)}
    terms |= {f"buffer {n}": name for n, name in enumerate(origin.buffers, start=1)}
    add_terms(process, terms | {"common_relative_sigma": repr(curve.common_relative_sigma)})


def _add(group: Any, name: str, value: float, unit: str) -> None:
    group[name] = value
    group[name].attrs["units"] = unit
