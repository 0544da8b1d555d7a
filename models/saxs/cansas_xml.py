"""Read curves of canSAS XML by sasdata."""

import re
from pathlib import Path
from typing import Any

import numpy as np

from models.domain.errors import BadInput
from models.domain.scattering import Curve
from models.domain.units import QUnit, q_unit_in
from models.saxs.curve_points import INV_NM_PER_UNIT, rising_rows, usable_curve
from models.saxs.file_parts import curve_name, split_part

ROOT_MARK = b"<SASroot"
N_HEAD = 4096
"""The root of a canSAS file stands within so many bytes."""
SASDATA_Q_UNIT: QUnit = "1/A"
"""What sasdata turns every q into."""


def is_cansas_xml(path: Path) -> bool:
    """Say by its content whether a file is canSAS XML."""
    try:
        with path.open("rb") as file:
            return ROOT_MARK in file.read(N_HEAD)
    except OSError:
        return False


def list_xml_curves(path: Path) -> tuple[str, ...]:
    """Name the curves of a file: by their runs where these differ, else by their numbers.

    Raises
    ------
    BadInput
        When it cannot be read, or holds none.
    """
    return tuple(_load(path))


def read_xml_curve(path: Path) -> Curve:
    """Read one curve.

    Parameters
    ----------
    path
        The file, or ``file::name`` where it holds many.

    Returns
    -------
    Curve
        q in 1/nm; intensity in 1/cm where it is absolute.

    Raises
    ------
    BadInput
        When it cannot be read, holds no such curve, or q has no unit that is known.
    """
    file, _ = split_part(path)
    curves = _load(file)
    one = curves[curve_name(path, tuple(curves))]
    q, intensity = np.asarray(one.x, np.float64), np.asarray(one.y, np.float64)
    sigma = None if one.dy is None or not np.any(np.asarray(one.dy) > 0) else np.asarray(one.dy, np.float64)
    rows = rising_rows(str(path), q, intensity, sigma)
    unit = "1/cm" if "cm^{-1}" in str(one.y_unit) else "a.u."
    q_inv_nm = q[rows] * INV_NM_PER_UNIT[SASDATA_Q_UNIT]
    curve = Curve(q_inv_nm, intensity[rows], np.zeros(rows.size), unit, source=str(path))
    return usable_curve(curve, None if sigma is None else sigma[rows])


def _load(path: Path) -> dict[str, Any]:
    """Load all curves of a file by sasdata, which takes q of an unknown unit as it is."""
    from sasdata.dataloader.readers.cansas_reader import Reader

    text = path.read_text(encoding="utf-8", errors="replace")
    for unit in sorted(set(re.findall(r"<(?:\w+:)?Q\b[^>]*\bunit\s*=\s*[\"']([^\"']*)", text))):
        if q_unit_in(unit) not in INV_NM_PER_UNIT:
            raise BadInput(f"{path}: unit of Q", f"is {unit!r}, must be 1/A or 1/nm", "Correct the file.")
    try:
        found: list[Any] = [*Reader().read(str(path))]
    except Exception as error:  # sasdata raises whatever its parsers raise
        raise BadInput(
            str(path),
            f"is not canSAS XML that sasdata can read: {' '.join(str(error).split())}",
            "Copy the file again, and check it against the canSAS 1.1 schema.",
        ) from error
    loaded = [one for one in found if np.asarray(getattr(one, "x", 0)).ndim == 1]
    if not loaded:
        raise BadInput(str(path), "holds no curve", "Give a file with an SASdata in it.")
    runs = [str(one.run[0]).strip() if one.run else "" for one in loaded]
    is_told_apart = len(set(runs)) == len(runs) and all(runs)
    return dict(zip(runs if is_told_apart else map(str, range(len(loaded))), loaded, strict=True))
