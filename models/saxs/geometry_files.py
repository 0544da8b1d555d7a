"""Read where the detector stands: a PONI file, or the header of a BioXTAS RAW curve."""

import json
from pathlib import Path
from typing import Any

from models.domain.errors import BadInput
from models.domain.geometry import Geometry
from models.saxs.poni_files import read_poni

RAW_KEYS = {
    "distance_mm": "Sample-to-detector distance (mm)",
    "beam_column_px": "Beam_Center_X",
    "beam_row_px": "Beam_Center_Y",
    "pixel_width_um": "Detector_X_Pixel_Size",
    "pixel_height_um": "Detector_Y_Pixel_Size",
    "wavelength_a": "Wavelength (A)",
}
"""Where a RAW header keeps what a geometry needs, by our own names."""


def read_geometry(path: Path, *, shape: tuple[int, int] | None = None) -> Geometry:
    """Read a geometry from a file.

    Parameters
    ----------
    path
        A ``.poni`` file of any version, or a BioXTAS RAW ``.dat`` whose JSON header tells the calibration.
    shape
        Shape of the frames, (rows, columns), for files that do not state it; checked where they do.

    Returns
    -------
    Geometry
        In Fit2D's convention. RAW mirrors Pilatus frames left to right before it reduces them, so a
        geometry from its header has `is_flipped_left_right`.

    Raises
    ------
    BadInput
        When the file is absent, says too little or belongs to another detector.
    """
    if not path.is_file():
        raise BadInput(
            str(path), "there is no such geometry file", "Give the path of a .poni or RAW .dat file."
        )
    geometry = read_poni(path, shape) if path.suffix.lower() == ".poni" else _from_raw_header(path, shape)
    if shape is not None and geometry.shape != shape:
        raise BadInput(
            str(path),
            f"is for {geometry.detector or 'a detector'} of {geometry.n_rows} x {geometry.n_columns} pixels, "
            f"the frame has {shape[0]} x {shape[1]}",
            "Give the geometry that belongs to this detector.",
        )
    return geometry


def _from_raw_header(path: Path, shape: tuple[int, int] | None) -> Geometry:
    """Read the calibration from the JSON that BioXTAS RAW writes around its curves."""
    calibration = _raw_header(path).get("calibration_params")
    if not isinstance(calibration, dict):
        raise BadInput(
            f"{path}: calibration_params",
            "is not in the header",
            "Give a .poni file, or a curve that RAW reduced.",
        )
    if shape is None:
        raise BadInput(
            str(path), "a RAW header does not state the detector's shape", "Give a .poni file with max_shape."
        )
    numbers: dict[str, Any] = {}
    for ours, key in RAW_KEYS.items():
        try:
            numbers[ours] = float(calibration[key])
        except (KeyError, TypeError, ValueError) as error:
            raise BadInput(
                f"{path}: calibration_params[{key!r}]",
                "is absent or not a number",
                "Give a .poni file instead.",
            ) from error
    wavelength_a = numbers.pop("wavelength_a")
    return Geometry(
        **numbers,
        wavelength_nm=wavelength_a / 10,
        n_rows=shape[0],
        n_columns=shape[1],
        tilt_deg=float(calibration.get("Detector Tilt", 0.0)),
        tilt_plane_deg=float(calibration.get("Detector Tilt Plane Rotation", 0.0)),
        is_flipped_left_right=True,
    )


def _raw_header(path: Path) -> dict[str, Any]:
    """Gather the commented JSON of a RAW curve; empty when there is none."""
    lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    text = "\n".join(line[1:] for line in lines if line.startswith("#"))
    start = text.find("{")
    if start < 0:
        return {}
    try:
        header, _ = json.JSONDecoder().raw_decode(text[start:])
    except json.JSONDecodeError:
        return {}
    return header if isinstance(header, dict) else {}
