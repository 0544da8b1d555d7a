"""What the headers of image files say of a frame: ESRF keywords, Pilatus comments, and SAXSLAB's XML."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

from models.domain.errors import BadInput
from models.domain.frozen import Frozen
from models.domain.geometry import Geometry
from models.saxs.esrf_headers import esrf_geometry, esrf_lines, esrf_monitor
from models.saxs.header_values import S_PER_UNIT, positive, stated
from models.saxs.pilatus_headers import pilatus_geometry, pilatus_lines

UNMONITORED = 1.0
"""Monitor of a frame that states none: its intensity is in counts."""
MOMENT = re.compile(r"[#\s]*(\d{4})[-/:](\d\d|[A-Z][a-z]{2})[-/:](\d\d)[T ](\d\d:\d\d:\d\d\S*)")
MONTHS = "janfebmaraprmayjunjulaugsepoctnovdec"
SAXSLAB_OPEN = b"<SAXSLABparameters>"
SAXSLAB_CLOSE = b"</SAXSLABparameters>"
EDF_SUFFIX = ".edf"
"""Files of this name have headers of the ESRF."""


class Settings(Frozen):
    """How a frame was taken, as far as its header says."""

    exposure_s: float = 1.0
    """Exposure time, s; 1 where it is not stated."""
    monitor: float = UNMONITORED
    """Incident flux summed over the exposure; 1 where it is not stated."""
    transmission: float = 1.0
    """Transmitted over incident flux; 1 where it is not stated."""
    saturation_counts: float | None = None
    """Counts above which the detector is not linear, where it is known."""
    taken_s: float | None = None
    """When it was taken by its own clock, s since 1970; None where it is not stated."""


def read_settings(path: Path, header: Mapping[str, str]) -> Settings:
    """Read how a frame was taken.

    Parameters
    ----------
    path
        The image file.
    header
        Its header, as fabio reads it: Pilatus keys, the whole comment under a key of the format, or ESRF
        keywords.

    Returns
    -------
    Settings
        SAXSLAB's parameters win over Pilatus' own.
    """
    if path.suffix.lower() == EDF_SUFFIX:
        lines = esrf_lines(header)
        monitor, transmission = esrf_monitor(lines) or (UNMONITORED, 1.0)
        return Settings(
            exposure_s=stated(lines, "ExposureTime", S_PER_UNIT, "s")
            or stated(lines, "acq_expo_time", S_PER_UNIT, "s")
            or stated(lines, "Exposure_time", S_PER_UNIT, "s")
            or 1.0,
            monitor=monitor,
            transmission=transmission,
            saturation_counts=stated(lines, "Count_cutoff", {}, ""),
        )
    lines = pilatus_lines(header)
    saxslab = saxslab_parameters(path)
    return Settings(
        exposure_s=positive(saxslab.get("livetime"))
        or stated(lines, "Exposure_time", S_PER_UNIT, "s")
        or 1.0,
        monitor=positive(saxslab.get("saxsconf_Izero")) or UNMONITORED,
        transmission=positive(saxslab.get("sample_transfact")) or 1.0,
        saturation_counts=stated(lines, "Count_cutoff", {}, ""),
        taken_s=next((taken for line in lines.splitlines() if (taken := moment_s(line)) is not None), None),
    )


def header_geometry(path: Path, header: Mapping[str, str], shape: tuple[int, int]) -> Geometry:
    """Read the geometry that an image's header states.

    Parameters
    ----------
    path
        The image file.
    header
        Its header, as fabio reads it.
    shape
        Its shape, (rows, columns).

    Raises
    ------
    BadInput
        When the header is not complete; the message names what is missing.
    """
    found = saxslab_geometry(path, shape)
    if found is None and path.suffix.lower() == EDF_SUFFIX:
        found = esrf_geometry(str(path), esrf_lines(header), shape)
    elif found is None:
        found = pilatus_geometry(pilatus_lines(header), shape)
    if isinstance(found, Geometry):
        return found
    raise BadInput(
        f"{path}: header",
        f"states no complete geometry: {', '.join(found)} {'is' if len(found) == 1 else 'are'} not set",
        "Give a .poni file or a RAW .dat by --geometry.",
    )


def saxslab_geometry(path: Path, shape: tuple[int, int]) -> Geometry | None:
    """Read the geometry out of SAXSLAB's XML.

    Parameters
    ----------
    path
        The image file.
    shape
        Its shape, (rows, columns).

    Returns
    -------
    Geometry or None
        None when it has no such header.

    Raises
    ------
    BadInput
        When the header is there and a value is absent or no number.
    """
    found = saxslab_parameters(path)
    if not found:
        return None
    try:
        width_mm, height_mm = (float(x) for x in found["pixelsize"].split())
        # row first: only so are the rings of its silver behenate round
        row_px, column_px = (float(x) for x in found["beamcenter_actual"].split())
        return Geometry(
            distance_mm=float(found["detector_dist"]),
            beam_column_px=column_px,
            beam_row_px=row_px,
            pixel_width_um=width_mm * 1e3,
            pixel_height_um=height_mm * 1e3,
            wavelength_nm=float(found["wavelength"]) / 10,
            n_rows=shape[0],
            n_columns=shape[1],
        )
    except (KeyError, ValueError) as error:
        raise BadInput(
            f"{path}: SAXSLAB header",
            f"{error} is absent or not a number",
            "Give a .poni file by --geometry.",
        ) from error


def saxslab_parameters(path: Path) -> dict[str, str]:
    """Read the parameters that SAXSLAB writes as XML into a TIFF tag.

    Parameters
    ----------
    path
        The image file.

    Returns
    -------
    dict
        Values by name, those that are ``None`` left out; empty when the file has no such tag.
    """
    if path.suffix.lower() not in (".tif", ".tiff"):
        return {}
    raw = path.read_bytes()
    start, end = raw.find(SAXSLAB_OPEN), raw.find(SAXSLAB_CLOSE)
    if start < 0 or end < start:
        return {}
    try:
        root = ElementTree.fromstring(raw[start : end + len(SAXSLAB_CLOSE)].decode("utf-8", errors="replace"))
    except ElementTree.ParseError as error:
        raise BadInput(f"{path}: SAXSLAB header", f"is not XML: {error}", "Copy the frame again.") from error
    pairs = ((item.get("name", ""), (item.text or "").strip()) for item in root.iter("param"))
    return {name: text for name, text in pairs if text not in ("", "None")}


def moment_s(line: str) -> float | None:
    """The moment that a line begins with, as a Pilatus or ISO 8601 writes it, s since 1970.

    Parameters
    ----------
    line
        Such as ``# 2026-11-27T20:15:00.125`` or ``2026/Nov/27 20:15:00``; without a time zone UTC is meant.

    Returns
    -------
    float or None
        None for any other line.
    """
    found = MOMENT.match(line)
    if found is None:
        return None
    year, month, day, rest = found.groups()
    month = f"{MONTHS.index(month.lower()) // 3 + 1:02d}" if month.lower() in MONTHS else month
    try:
        moment = datetime.fromisoformat(f"{year}-{month}-{day}T{rest.strip()}")
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
