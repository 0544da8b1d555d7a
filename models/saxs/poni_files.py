"""PONI files, as pyFAI keeps a geometry: read and written."""

import json
import math
from pathlib import Path
from typing import Any

import pyFAI
from pyFAI.detectors import Detector

from models.domain.errors import BadInput
from models.domain.geometry import Geometry
from models.domain.whole_files import write_whole
from models.saxs.integrators import to_pyfai

PONI_RANGES = {
    "Distance": (1e-3, 1e3, "m"),
    "Poni1": (-100.0, 100.0, "m"),
    "Poni2": (-100.0, 100.0, "m"),
    "Rot1": (-1.5, 1.5, "rad"),
    "Rot2": (-1.5, 1.5, "rad"),
    "Wavelength": (1e-12, 1e-8, "m"),
}
"""Values that a PONI file must hold (rotations may be left out), and between what they make sense."""
ROTATION_TOLERANCE_RAD = 0.01
"""A turn of the detector about the beam below this is none; Fit2D's tilt brings about some of it itself."""
DEFAULT_ORIENTATION = 3
"""pyFAI's detector orientation for an array that is stored as it is seen from the sample."""


def read_poni(path: Path, shape: tuple[int, int] | None) -> Geometry:
    """Read a PONI file by pyFAI.

    Parameters
    ----------
    path
        The file, of any version.
    shape
        Shape of the frames, (rows, columns), for a file that does not state it.

    Raises
    ------
    BadInput
        When it lacks a value, or says what Fit2D's convention cannot.
    """
    _check_poni_values(path)
    try:
        integrator: Any = pyFAI.load(str(path))
        fit2d = integrator.getFit2D()
    except Exception as error:  # pyFAI raises whatever its parsers raise, from KeyError to AssertionError
        raise BadInput(
            str(path), f"is not a PONI file: {error}", "Write it again with pyFAI-calib2."
        ) from error
    _check_poni(path, integrator)
    detector = integrator.detector
    found = detector.max_shape or detector.shape or shape
    if found is None:
        raise BadInput(
            str(path),
            "does not state the detector's shape",
            'Add "max_shape": [rows, columns] to its Detector_config.',
        )
    return Geometry(
        distance_mm=float(fit2d["directDist"]),
        beam_column_px=float(fit2d["centerX"]),
        beam_row_px=float(fit2d["centerY"]),
        pixel_width_um=float(detector.pixel2) * 1e6,
        pixel_height_um=float(detector.pixel1) * 1e6,
        wavelength_nm=float(integrator.wavelength) * 1e9,
        n_rows=int(found[0]),
        n_columns=int(found[1]),
        tilt_deg=float(fit2d["tilt"]),
        tilt_plane_deg=float(fit2d["tiltPlanRotation"]),
        detector=None if type(detector) is Detector else str(detector.name),
    )


def _check_poni_values(path: Path) -> None:
    """Refuse a PONI file that lacks a value: pyFAI would take a default, and every q would be wrong."""
    pairs = (line.partition(":") for line in path.read_text(errors="replace").splitlines())
    found = {key.strip().lower(): value.strip() for key, _, value in pairs}
    for key, (low, high, unit) in PONI_RANGES.items():
        text = found.get(key.lower())
        if text is None:
            if key.startswith("Rot"):
                continue
            raise BadInput(f"{path}: {key}", "is absent", f"Add a line `{key}: ...` ({unit})")
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise BadInput(
                f"{path}: {key}", f"is {text}, must be within {low:g} to {high:g} {unit}", "Correct it"
            )


def _check_poni(path: Path, integrator: Any) -> None:
    """Refuse what Fit2D's convention cannot say, and what cannot be integrated."""
    if not integrator.wavelength:
        raise BadInput(f"{path}: Wavelength", "is absent", "Add a line such as `Wavelength: 1e-10` (m).")
    if not (integrator.detector.pixel1 and integrator.detector.pixel2):
        raise BadInput(f"{path}: Detector_config", "has no pixel size", "Add pixel1 and pixel2 (m).")
    # a turn about the beam leaves q alone but moves the plane of polarisation, which our words cannot say
    turn_rad = math.remainder(float(integrator.rot3), 2 * math.pi)
    if abs(turn_rad) > ROTATION_TOLERANCE_RAD:
        raise BadInput(
            f"{path}: Rot3",
            f"turns the detector by {turn_rad:g} rad about the beam, must be 0",
            "Refine again with Rot3 fixed at 0.",
        )
    orientation = int(getattr(integrator.detector, "orientation", 0) or DEFAULT_ORIENTATION)
    if orientation != DEFAULT_ORIENTATION:
        raise BadInput(
            f"{path}: Detector_config.orientation",
            f"is {orientation}, must be {DEFAULT_ORIENTATION}",
            "Calibrate again with the frame as it is stored.",
        )


def write_poni(path: Path, geometry: Geometry) -> None:
    """Write a geometry as a PONI file of version 2.1, whole or not at all.

    Parameters
    ----------
    path
        The file; its folder is made.
    geometry
        Where the detector stands; for the frame as it is stored.

    Raises
    ------
    BadInput
        When the geometry is for a mirrored frame, which a PONI file cannot say, or the disk refuses.
    """
    if geometry.is_flipped_left_right:
        raise BadInput(
            str(path),
            "a PONI file cannot say that frames are mirrored",
            "Start from a geometry that does not",
        )
    integrator: Any = to_pyfai(geometry)
    detector = {
        "pixel1": geometry.pixel_height_um * 1e-6,
        "pixel2": geometry.pixel_width_um * 1e-6,
        "max_shape": list(geometry.shape),
        "orientation": DEFAULT_ORIENTATION,
    }
    lines = {
        "poni_version": "2.1",
        "Detector": "Detector",
        "Detector_config": json.dumps(detector),
        "Distance": repr(float(integrator.dist)),
        "Poni1": repr(float(integrator.poni1)),
        "Poni2": repr(float(integrator.poni2)),
        "Rot1": repr(float(integrator.rot1)),
        "Rot2": repr(float(integrator.rot2)),
        "Rot3": repr(float(integrator.rot3)),
        "Wavelength": repr(geometry.wavelength_nm * 1e-9),
    }
    try:
        write_whole(path, "".join(f"{key}: {value}\n" for key, value in lines.items()))
    except OSError as error:
        raise BadInput(
            str(path), f"cannot be written ({error.strerror})", "Name a file that can be"
        ) from error
