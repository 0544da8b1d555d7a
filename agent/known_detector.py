"""What a campaign file says of its detector, checked before the night: where it stands, what corrects it."""

from pathlib import Path

from instruments.beamline import Beamline, device_name
from models.domain.analysis_spec import AnalysisSpec
from models.domain.errors import BadInput
from models.domain.geometry import Geometry
from models.saxs.correction_files import read_corrections
from models.saxs.corrections import NO_CORRECTIONS, Corrections, Scale
from models.saxs.geometry_files import read_geometry
from models.saxs.reduction import Detector


def plan_detector(spec: AnalysisSpec, home: Path, beamline: Beamline) -> Detector:
    """Read the files that an analysis names of its detector.

    Parameters
    ----------
    spec
        The analysis.
    home
        The folder of the campaign file.
    beamline
        The devices, which may know the shape of their frames.

    Raises
    ------
    BadInput
        When a file cannot be read, is for another detector, or says what the campaign file says too.
    """
    geometry = _geometry(spec, home, beamline)
    shape = beamline.frame_shape or (geometry.shape if geometry else None)
    return Detector(geometry, _corrections(spec, home, shape))


def _geometry(spec: AnalysisSpec, home: Path, beamline: Beamline) -> Geometry | None:
    """The geometry that the file names, if any; refused when it is for another detector."""
    if spec.geometry is None:
        return None
    where = "analysis.geometry"
    try:
        geometry = read_geometry(home / spec.geometry)
    except BadInput as error:
        raise error.within(where) from None
    if beamline.frame_shape not in (None, geometry.shape):
        raise BadInput(
            where,
            f"{spec.geometry} is for frames of {_shape_text(geometry.shape)} pixels, but "
            f"{device_name(beamline.detector)} makes {_shape_text(beamline.frame_shape)}",
            "Name the geometry of this detector, or leave the key out to take it from each frame",
        )
    return geometry


def _shape_text(shape: tuple[int, int]) -> str:
    return f"{shape[0]} x {shape[1]}"


def _corrections(spec: AnalysisSpec, home: Path, shape: tuple[int, int] | None) -> Corrections:
    """The corrections that the file names, if any; refused when they are for another detector."""
    if spec.corrections is None:
        return NO_CORRECTIONS
    where = "analysis.corrections"
    try:
        corrections = read_corrections(home / spec.corrections)
        if shape is not None:
            corrections.check_shape(shape)
    except BadInput as error:
        raise error.within(where) from None
    stated, own = corrections.scale, Scale(factor=spec.scale, unit=spec.intensity_unit)
    if stated.is_stated and own.is_stated:
        raise BadInput(
            where,
            f"{spec.corrections} states a scale of {stated.factor:g} to {stated.unit}, and the campaign file "
            f"one of {own.factor:g} to {own.unit}",
            "Keep one of the two",
        )
    return corrections
