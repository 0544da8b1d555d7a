"""What EDF headers say in the keywords of the ESRF (Boesecke 2007, J. Appl. Cryst. 40, s423)."""

from collections.abc import Mapping

import numpy as np

from models.domain.check_limits import CheckLimits
from models.domain.errors import BadInput
from models.domain.geometry import Geometry
from models.domain.scattering import Counts, Mask
from models.saxs.header_values import M_PER_UNIT, stated

TRANSMISSION_MAX = CheckLimits().transmission_max_share
"""Transmitted over incident intensity above this means that the two are not on one scale."""
MONITOR_KEYS = ("Monitor", "monitor", "mon")
"""Names under which beamlines keep a monitor other than the ESRF's own, beside SPEC's counters."""
DISTANCE_LIMITS_M = (1e-3, 100.0)
WAVELENGTH_LIMITS_M = (1e-12, 1e-8)
PIXEL_LIMITS_M = (1e-6, 1e-2)


def esrf_lines(header: Mapping[str, str]) -> str:
    """Write a header one item a line, with SPEC's counters beside the keywords."""
    names, values = header.get("counter_mne", ""), header.get("counter_pos", "")
    counters = zip(names.split(), values.split(), strict=False)
    pairs = [*header.items(), *counters]
    return "\n".join(f"{key} = {value}" for key, value in pairs)


def esrf_monitor(lines: str) -> tuple[float, float] | None:
    """Read incident flux and transmission.

    Parameters
    ----------
    lines
        The header.

    Returns
    -------
    tuple of float or None
        Monitor and transmission. ``Intensity1`` is what the sample lets through: where there is no
        ``Intensity0`` on its scale, it stands for their product, with a transmission of 1.
    """
    incident = stated(lines, "Intensity0", {}, "")
    through = stated(lines, "Intensity1", {}, "")
    if through is not None:
        if incident is not None and through <= TRANSMISSION_MAX * incident:
            return incident, through / incident
        return through, 1.0
    if incident is not None:
        return incident, 1.0
    others = (stated(lines, key, {}, "") for key in MONITOR_KEYS)
    found = next((value for value in others if value is not None), None)
    return None if found is None else (found, 1.0)


def esrf_dummies(lines: str, counts: Counts) -> Mask:
    """Find the pixels that hold the dummy value, which stands for none.

    Parameters
    ----------
    lines
        The header: ``Dummy``, where it is not 0, and ``DDummy``, how far from it a dummy may be.
    counts
        Counts, shape (n_rows, n_columns).
    """
    dummy = _number(lines, "Dummy")
    if not dummy:
        return np.zeros(counts.shape, dtype=np.bool_)
    return np.abs(counts - dummy) <= abs(_number(lines, "DDummy") or 0.0)


def esrf_geometry(where: str, lines: str, shape: tuple[int, int]) -> Geometry | tuple[str, ...]:
    """Read the geometry.

    Parameters
    ----------
    where
        The file, for messages.
    lines
        The header.
    shape
        Shape of the frame, (rows, columns).

    Returns
    -------
    Geometry or tuple of str
        The keywords that are absent.

    Raises
    ------
    BadInput
        When a value makes no sense, or the detector is turned or its rows run another way.
    """
    limits = {
        "PSize_1": PIXEL_LIMITS_M,
        "PSize_2": PIXEL_LIMITS_M,
        "SampleDistance": DISTANCE_LIMITS_M,
        "WaveLength": WAVELENGTH_LIMITS_M,
    }
    lengths_m = {key: stated(lines, key, M_PER_UNIT, "m") for key in limits}
    centre = {key: _number(lines, key) for key in ("Center_1", "Center_2")}
    missing = [key for key, value in (lengths_m | centre).items() if value is None]
    if missing:
        return tuple(missing)
    metres = {key: value or 0.0 for key, value in lengths_m.items()}
    for key, value in metres.items():
        low, high = limits[key]
        if not low <= value <= high:
            raise BadInput(
                f"{where}: {key}",
                f"is {value:g} m, must be within {low:g} and {high:g} m",
                "Correct the header, or give the geometry by --geometry.",
            )
    _refuse_turns(where, lines)
    column_px, row_px = (
        (centre[f"Center_{n}"] or 0.0) - (_number(lines, f"Offset_{n}") or 0.0) for n in (1, 2)
    )
    return Geometry(
        distance_mm=metres["SampleDistance"] * 1e3,
        beam_column_px=column_px,
        beam_row_px=row_px,
        pixel_width_um=metres["PSize_1"] * 1e6,
        pixel_height_um=metres["PSize_2"] * 1e6,
        wavelength_nm=metres["WaveLength"] * 1e9,
        n_rows=shape[0],
        n_columns=shape[1],
        detector=_word(lines, "DetectorName") or _word(lines, "Detector"),
    )


def _refuse_turns(where: str, lines: str) -> None:
    """Refuse what these keywords can say of a detector and plain numbers cannot."""
    for key, straight in (
        ("DetectorRotation_1", 0.0), ("DetectorRotation_2", 0.0), ("DetectorRotation_3", 0.0),
        ("RasterOrientation", 1.0),
    ):  # fmt: skip
        value = _number(lines, key)
        if value is not None and value != straight:
            raise BadInput(
                f"{where}: {key}",
                f"is {value:g}, must be {straight:g} for a geometry from the header",
                "Give a .poni file by --geometry.",
            )


def _number(lines: str, key: str) -> float | None:
    """Find any number, negative ones and 0 as well."""
    text = _word(lines, key)
    try:
        return None if text is None else float(text.split("_")[0].split()[0])
    except (ValueError, IndexError):
        return None


def _word(lines: str, key: str) -> str | None:
    """Find what stands behind a key."""
    start = f"{key} = "
    return next((line[len(start) :].strip() for line in lines.splitlines() if line.startswith(start)), None)
