"""Reduce files that lie about, frames or curves, one by one, without a campaign around them."""

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from models.domain.errors import BadInput
from models.domain.geometry import Geometry
from models.domain.scattering import Curve, Frame, Mask, Verdict
from models.domain.units import QUnit
from models.saxs.azimuth import Cake, divide
from models.saxs.beamstop import find_shadow
from models.saxs.bins import Binning, Sector
from models.saxs.checks.catalogue import NEEDED, check_frame
from models.saxs.checks.check import Subject
from models.saxs.checks.curves import check_curve
from models.saxs.checks.earlier import Earlier
from models.saxs.corrections import NO_CORRECTIONS, Corrections
from models.saxs.curve_files import has_stated_q_unit, read_curve
from models.saxs.curve_points import SIGMA_ESTIMATED, shadow_end
from models.saxs.file_contents import is_frame
from models.saxs.frame_files import geometry_from_header, read_frame, read_mask
from models.saxs.frame_headers import UNMONITORED
from models.saxs.geometry_files import read_geometry
from models.saxs.integrate import integrate
from models.saxs.reading import NO_FRAME, Profile
from models.saxs.zingers import find_zingers

FROM_HEADER = "header"
"""Takes each frame's geometry from its own header."""
ASSUMED_Q_UNIT: QUnit = "1/A"
"""What most curve files are in, for those that do not say."""
REPEATS = ("repeats", "buffer repeats", "empty repeats")
"""Verdicts on what was averaged: samples, buffers, empty cells."""
ZINGERS = "zingers_left_out"
"""Verdict on pixels that no chance explains."""
ASSUMPTIONS = frozenset({"q_unit", "sigma", "monitor", "beamstop", ZINGERS, *REPEATS})
"""Verdicts of these names say what had to be assumed, or was left out."""
EDGE_TOLERANCE = 1e-6
"""Relative; a window that was read from a text file includes its own ends."""

N_KEPT = 8
"""Masks and geometries that are kept."""


@dataclass(frozen=True)
class Source:
    """How files are read."""

    geometry: str = FROM_HEADER
    """A geometry file, or ``header``."""
    mask: Path | None = None
    """Mask image for frames."""
    q_unit: QUnit | None = None
    """Unit of q in curve files; None takes it from each file, and 1/A where that says nothing."""
    has_directions: bool = False
    """True where frames are divided by azimuth as well."""
    is_buffer: bool = False
    """True where the files are buffers: their pixels must scatter as counts do."""
    corrections: Corrections = NO_CORRECTIONS
    """What is known of the detector."""
    sector: Sector | None = None
    """Directions that frames are averaged over; None takes all."""
    drops_zingers: bool = False
    """True where pixels that no chance explains are left out."""


@dataclass(frozen=True, eq=False)
class Reading:
    """One file as a curve."""

    curve: Curve
    """The curve."""
    verdicts: tuple[Verdict, ...]
    """What was checked, and what had to be assumed."""
    cake: Cake | None = None
    """The frame by azimuth, where that was asked for."""
    profile: Profile = NO_FRAME
    """What each direction scatters, or why that is not known; made by `combining.combine`."""
    geometry: Geometry | None = None
    """Where the detector stood; None for curve files, and for frames of different geometries."""
    thickness_mm: float = 1.0
    """What the frame was divided by, mm."""
    n_counts: int | None = None
    """Counts in all pixels that are used; None for a curve file."""

    @property
    def shape(self) -> tuple[int, int] | None:
        """Shape of the frame, (rows, columns); None where the file was a curve."""
        return None if self.geometry is None else self.geometry.shape


def read_file(path: Path, source: Source) -> Reading:
    """Turn one file into a curve.

    Parameters
    ----------
    path
        A frame or a file of a curve; ``file::part`` where it holds many.
    source
        How it is read.

    Returns
    -------
    Reading
        The curve and its verdicts; assumptions stand among them with `is_ok` true.

    Raises
    ------
    BadInput
        When it cannot be read or cannot be normalised.
    """
    try:
        return _read(path, source)
    except (ArithmeticError, ValueError, LookupError, MemoryError, OSError, RuntimeError) as error:
        # readers and integrators raise whatever a strange file makes them raise
        said = " ".join(str(error).split()) or type(error).__name__
        raise BadInput(
            str(path), f"cannot be reduced: {said}", "Look at the file, its geometry and its mask"
        ) from error


def _read(path: Path, source: Source) -> Reading:
    """Read and judge one file."""
    if is_frame(path):
        return _read_frame(path, source)
    q_unit, verdicts = source.q_unit, ()
    if q_unit is None and not has_stated_q_unit(path):
        q_unit = ASSUMED_Q_UNIT
        remedy = "The file states no unit of q: 1/A is assumed. Give --q-unit if it is 1/nm."
        verdicts = (note("q_unit", remedy),)
    curve = read_curve(path, q_unit=q_unit)
    if SIGMA_ESTIMATED in curve.source:
        verdicts += (
            note("sigma", "The file states no uncertainties: they are estimated from local scatter."),
        )
    return Reading(curve, verdicts + check_curve(curve))


def _read_frame(path: Path, source: Source) -> Reading:
    """Read and integrate a frame, one bin per pixel of radius."""
    frame = read_frame(path)
    if source.mask is not None:
        mask = _read_mask_once(source.mask, _state(source.mask), frame.counts.shape)
        frame = frame.without(mask)
    geometry, window = _geometry(path, frame, source)
    assumed: tuple[Verdict, ...] = ()
    if frame.monitor == UNMONITORED:
        frame = replace(frame, monitor=frame.exposure_s)
        remedy = (
            "The file states no monitor: intensity is counts per pixel and second, the flux taken as steady."
        )
        assumed += (note("monitor", remedy),)
    has_mask = bool(np.any(frame.mask & (frame.counts >= 0)))
    if not has_mask:
        shadow = find_shadow(frame, geometry)
        frame = frame.without(shadow)
        remedy = (
            "The frame has no mask: the shadow of the beamstop was found and left out. Give --mask to decide."
        )
        assumed += (note("beamstop", remedy, int(np.count_nonzero(shadow)), "pixels"),)
    verdicts = check_frame(Subject(frame, geometry, earlier=Earlier(is_blank=source.is_buffer)))
    for verdict in verdicts:
        if verdict.check in NEEDED and not verdict.is_ok:
            raise BadInput(f"{path}: {verdict.check}", f"is {verdict.value:g} {verdict.unit}", verdict.remedy)
    if source.drops_zingers:
        zingers = find_zingers(frame, geometry, source.corrections)
        frame = frame.without(zingers)
        assumed += (note_zingers(int(np.count_nonzero(zingers))),)
    verdicts += assumed
    curve = integrate(frame, geometry, Binning(sector=source.sector), source.corrections)
    if window is not None:
        curve = curve.between(window[0] * (1 - EDGE_TOLERANCE), window[1] * (1 + EDGE_TOLERANCE))
    elif not has_mask:
        curve = curve.between(float(curve.q_inv_nm[shadow_end(curve.intensity, curve.sigma)]), np.inf)
    # a sector shows too few directions to tell them apart
    is_divided = source.has_directions and source.sector is None
    cake = divide(frame, geometry, Binning(), source.corrections) if is_divided else None
    return Reading(
        curve,
        verdicts + check_curve(curve),
        cake,
        geometry=geometry,
        thickness_mm=frame.thickness_mm,
        n_counts=int(frame.counts[~frame.mask & (frame.counts > 0)].sum(dtype=np.int64)),
    )


def _geometry(path: Path, frame: Frame, source: Source) -> tuple[Geometry, tuple[float, float] | None]:
    """Find a frame's geometry, and the window of q that goes with it."""
    if source.geometry == FROM_HEADER:
        return geometry_from_header(path), None
    file = Path(source.geometry)
    return _read_geometry_once(file, _state(file), frame.counts.shape, source.q_unit or ASSUMED_Q_UNIT)


def _state(path: Path) -> tuple[int, int]:
    """What changes when a file is written anew; nothing for one that is not there."""
    if not path.is_file():
        return 0, 0
    status = path.stat()
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=N_KEPT)
def _read_mask_once(path: Path, state: tuple[int, int], shape: tuple[int, int]) -> Mask:
    """Read a mask; that of a whole folder is read once."""
    del state
    return read_mask(path, shape)


@lru_cache(maxsize=N_KEPT)
def _read_geometry_once(
    file: Path, state: tuple[int, int], shape: tuple[int, int], q_unit: QUnit
) -> tuple[Geometry, tuple[float, float] | None]:
    """Read a geometry file; pyFAI collects all garbage with each, which takes longer than the frame."""
    del state
    geometry = read_geometry(file, shape=shape)
    if file.suffix.lower() == ".poni":
        return geometry, None
    # a geometry that comes as a curve's header comes with the points which its authors kept
    kept = read_curve(file, q_unit=q_unit)
    return geometry, (float(kept.q_inv_nm[0]), float(kept.q_inv_nm[-1]))


def note(check: str, remedy: str, value: float = 0.0, unit: str = "1") -> Verdict:
    """Say what was assumed, or left out."""
    return Verdict(check=check, is_ok=True, value=value, limit=0.0, unit=unit, remedy=remedy)


def note_zingers(n_pixels: int) -> Verdict:
    """Say how many zingers were left out."""
    return note(ZINGERS, f"{n_pixels} pixels were left out as zingers.", n_pixels, "pixels")
