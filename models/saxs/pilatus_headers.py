"""What Pilatus detectors write about a frame as comments: ``# Detector_distance 1.5 m``."""

import re
from collections.abc import Mapping

from models.domain.geometry import Geometry
from models.saxs.header_values import M_PER_UNIT, NUMBER, positive, stated


def pilatus_lines(header: Mapping[str, str]) -> str:
    """Gather the comment lines of a header, as fabio keeps them for TIFF and for CBF.

    Parameters
    ----------
    header
        The header by fabio: one key a line, or the whole comment under a key of the format.

    Returns
    -------
    str
        One item a line; the model of the detector is named as ``Detector:``, too.
    """
    lines = [header.get("_array_data.header_contents", ""), header.get("imageDescription", "")]
    lines += [f"{key} {value}" for key, value in header.items()]
    return "\n".join(lines).replace("\r", "\n")


def pilatus_geometry(lines: str, shape: tuple[int, int]) -> Geometry | tuple[str, ...]:
    """Read the geometry out of the comment lines.

    Parameters
    ----------
    lines
        The header.
    shape
        Shape of the frame, (rows, columns).

    Returns
    -------
    Geometry or tuple of str
        The items that are not stated, or 0, as the detector writes what nobody has told it.
    """
    size = re.search(rf"Pixel_size\s*[=:]?\s*({NUMBER})\s*m\s*x\s*({NUMBER})\s*m", lines)
    width_um, height_um = (positive(size[n] if size else None, 1e6) for n in (1, 2))
    found = {
        "Pixel_size": width_um and height_um,
        "Detector_distance": stated(lines, "Detector_distance", M_PER_UNIT, "m"),
        "Wavelength": stated(lines, "Wavelength", M_PER_UNIT, "A"),
    }
    centre = re.search(rf"Beam_xy\s*[=:]?\s*\(?\s*({NUMBER})[\s,]+({NUMBER})", lines)
    column_px, row_px = (float(centre[1]), float(centre[2])) if centre else (0.0, 0.0)
    missing = [name for name, value in found.items() if value is None]
    if column_px == 0 and row_px == 0:
        missing.append("Beam_xy")
    if missing:
        return tuple(missing)
    name = re.search(r"Detector:?\s+([^,\r\n]*)", lines) or re.search(r"model\s+\W*([^,\r\n]*)", lines)
    return Geometry(
        distance_mm=1e3 * (found["Detector_distance"] or 0.0),
        beam_column_px=column_px,
        beam_row_px=row_px,
        pixel_width_um=width_um or 0.0,
        pixel_height_um=height_um or 0.0,
        wavelength_nm=1e9 * (found["Wavelength"] or 0.0),
        n_rows=shape[0],
        n_columns=shape[1],
        detector=name[1].strip() if name else None,
    )
