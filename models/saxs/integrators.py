"""pyFAI's integrator of a geometry, and whether a geometry belongs to a frame."""

import re
from functools import lru_cache

from pyFAI.detectors import Detector, detector_factory
from pyFAI.integrator.azimuthal import AzimuthalIntegrator

from models.domain.errors import BadInput
from models.domain.geometry import Geometry

Sides = tuple[float, float]
"""Height and width of a pixel, um."""
PIXEL_TOLERANCE = 1e-3
"""Relative difference of pixel sizes above which two detectors are not the same."""


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
    # no integrator lies in a circle of references: a search of the whole process would find nothing
    integrator.auto_gc = False
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
    mismatch = pixel_mismatch(geometry)
    if mismatch is not None:
        stated_um, named_um = mismatch
        raise BadInput(
            f"{source}: geometry",
            f"has pixels of {stated_um[0]:g} x {stated_um[1]:g} um, "
            f"a {geometry.detector} has {named_um[0]:g} x {named_um[1]:g} um",
            "Correct the pixel size, or the detector's name.",
        )


def _known_detector(name: str) -> Detector | None:
    """Return pyFAI's detector of that name; None when it knows none with a fixed pixel size.

    Dectris writes ``PILATUS3 X 1M, S/N 10-0100`` or ``Dectris EIGER2 CdTe 4M`` for what pyFAI calls
    ``Pilatus 1M`` and ``Eiger2CdTe 4M``.
    """
    known = {str(key): str(key) for key in Detector.registry}
    plain = known.get("_".join(name.lower().split()))
    model = re.search(r"(eiger2?|pilatus4?)3?\b.*?\b([\d.]+[km]-?w?)\b", name.lower().split(", s/n")[0])
    material = "_cdte" if "cdte" in name.lower() else ""
    key = plain or (known.get(f"{model[1]}{material}_{model[2]}") if model else None)
    detector = detector_factory(key) if key else None
    return detector if detector is not None and detector.pixel1 and detector.pixel2 else None


def pixel_mismatch(geometry: Geometry) -> tuple[Sides, Sides] | None:
    """Where a geometry's pixels are not those of the detector that it names.

    Returns
    -------
    tuple or None
        Height and width as stated, and those of the named detector, um; None where they agree, or where no
        detector of a fixed pixel size is named.
    """
    named_um = None if geometry.detector is None else _known_pixel_um(geometry.detector)
    stated_um = (geometry.pixel_height_um, geometry.pixel_width_um)
    if named_um is None:
        return None
    is_same = all(abs(a / b - 1) <= PIXEL_TOLERANCE for a, b in zip(stated_um, named_um, strict=True))
    return None if is_same else (stated_um, named_um)


@lru_cache(maxsize=8)
def _known_pixel_um(name: str) -> Sides | None:
    """Height and width of a pixel of pyFAI's detector of that name; None when it knows no fixed size."""
    detector = _known_detector(name)
    return None if detector is None else (detector.pixel1 * 1e6, detector.pixel2 * 1e6)
