"""Read where the detector stands: a PONI file, or the header of a BioXTAS RAW curve."""

import json
import math
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyFAI
from pyFAI.detectors import Detector, detector_factory
from pyFAI.integrator.azimuthal import AzimuthalIntegrator

from models.domain.errors import BadInput
from models.domain.geometry import Geometry

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
PIXEL_TOLERANCE = 1e-3
"""Relative difference of pixel sizes above which two detectors are not the same."""
DEFAULT_ORIENTATION = 3
"""pyFAI's detector orientation for an array that is stored as it is seen from the sample."""
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
    geometry = _from_poni(path, shape) if path.suffix.lower() == ".poni" else _from_raw_header(path, shape)
    if shape is not None and geometry.shape != shape:
        raise BadInput(
            str(path),
            f"is for {geometry.detector or 'a detector'} of {geometry.n_rows} x {geometry.n_columns} pixels, "
            f"the frame has {shape[0]} x {shape[1]}",
            "Give the geometry that belongs to this detector.",
        )
    return geometry


def to_pyfai(geometry: Geometry) -> AzimuthalIntegrator:
    """Make pyFAI's integrator of a geometry; the same geometry gives the same, warm integrator.

    Parameters
    ----------
    geometry
        Where the detector stands.

    Returns
    -------
    AzimuthalIntegrator
        With a plain detector of that shape and pixel size: the frame's mask, not the detector's name,
        says which pixels count.
    """
    return _integrator(geometry.model_dump_json())


@lru_cache(maxsize=8)
def _integrator(geometry_json: str) -> AzimuthalIntegrator:
    """Make an integrator; its tables of bins take a while to build and are worth keeping."""
    geometry = Geometry.model_validate_json(geometry_json)
    height_m, width_m = geometry.pixel_height_um * 1e-6, geometry.pixel_width_um * 1e-6
    detector = Detector(height_m, width_m, max_shape=geometry.shape)
    integrator = AzimuthalIntegrator(detector=detector, wavelength=geometry.wavelength_nm * 1e-9)
    integrator.setFit2D(
        geometry.distance_mm,
        geometry.beam_column_px,
        geometry.beam_row_px,
        geometry.tilt_deg,
        geometry.tilt_plane_deg,
    )
    return integrator


def check_geometry(geometry: Geometry, shape: tuple[int, int], source: str) -> None:
    """Refuse a geometry that contradicts a frame or its own detector.

    Parameters
    ----------
    geometry
        Where the detector stands.
    shape
        Shape of the frame, (rows, columns).
    source
        The frame's file, for the message.

    Raises
    ------
    BadInput
        When the shape of the frame, or the pixel size of the named detector, is another one.
    """
    if geometry.shape != shape:
        raise BadInput(
            f"{source}: geometry",
            f"is for {geometry.n_rows} x {geometry.n_columns} pixels, the frame has {shape[0]} x {shape[1]}",
            "Give the geometry that belongs to this detector.",
        )
    if geometry.detector is None:
        return
    known = _known_detector(geometry.detector)
    if known is None:
        return
    named_um = (known.pixel1 * 1e6, known.pixel2 * 1e6)
    stated_um = (geometry.pixel_height_um, geometry.pixel_width_um)
    if any(abs(a / b - 1) > PIXEL_TOLERANCE for a, b in zip(stated_um, named_um, strict=True)):
        raise BadInput(
            f"{source}: geometry",
            f"has pixels of {stated_um[0]:g} x {stated_um[1]:g} um, "
            f"a {geometry.detector} has {named_um[0]:g} x {named_um[1]:g} um",
            "Correct the pixel size, or the detector's name.",
        )


def _known_detector(name: str) -> Detector | None:
    """Return pyFAI's detector of that name; None when it knows none with a fixed pixel size."""
    try:
        detector = detector_factory(name)
    except (RuntimeError, KeyError, ValueError):
        return None
    return detector if detector.pixel1 and detector.pixel2 else None


def _from_poni(path: Path, shape: tuple[int, int] | None) -> Geometry:
    """Read a PONI file by pyFAI."""
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
