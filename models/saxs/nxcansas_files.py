"""Read curves of NXcanSAS files: I(Q) with its uncertainties, each number in a unit that is stated."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from models.domain.errors import BadInput
from models.domain.nxcansas import OWN_CREATOR
from models.domain.scattering import Curve, Floats
from models.domain.units import QUnit, q_unit_in
from models.saxs.curve_points import INV_NM_PER_UNIT, rising_rows, usable_curve
from models.saxs.file_parts import curve_name, split_part
from models.saxs.hdf5_values import as_text, opened

PER_CM = {"1/cm": 1.0, "cm^-1": 1.0, "cm-1": 1.0, "1/m": 1e-2, "m^-1": 1e-2}
"""Inverse centimetres in one unit of intensity; intensity in any other is not absolute."""


def has_curves(file: h5py.File) -> bool:
    """Say whether an open file holds an SASdata, of whatever shape."""
    return next(_all_sasdata(file), None) is not None


def list_curves(path: Path) -> tuple[str, ...]:
    """Name the curves of a file: by their entries, or ``entry/data`` where an entry holds many.

    Raises
    ------
    BadInput
        When it cannot be read, or holds no curve.
    """
    with opened(path) as file:
        return tuple(_curves(path, file))


def read_nxcansas(path: Path, q_unit: QUnit | None = None) -> Curve:
    """Read one curve.

    Parameters
    ----------
    path
        The file, or ``file::name`` where it holds many.
    q_unit
        Unit of q, for a file that does not state one.

    Returns
    -------
    Curve
        q in 1/nm, intensity in 1/cm where it is absolute. The beamstop's shadow, rows without intensity
        and rows without a positive uncertainty are left out; a file of our own is read as it is.

    Raises
    ------
    BadInput
        When the file is cut off or holds no such curve, q has no unit that is known, holds values that are
        no numbers or does not rise, or the arrays do not fit.
    """
    with opened(split_part(path)[0]) as file:
        group = _named(path, file)
        where = f"{path}: {group.name}"
        signal, q_name = _signal(group), _q_name(group)
        q, intensity = _column(where, group, q_name), _column(where, group, signal)
        factor = _q_factor(where, group[q_name], q_unit)
        sigma = _uncertainties(where, group, signal)
        scale, scale_sigma = _scale(group, signal)
        unit_name = _unit(group[signal])
        is_own = as_text(file.attrs.get("creator", "")).startswith(OWN_CREATOR)
    per_cm = PER_CM.get(unit_name.replace(" ", ""), 1.0)
    unit = "1/cm" if unit_name.replace(" ", "") in PER_CM else "a.u."
    intensity, sigma = intensity * scale * per_cm, None if sigma is None else sigma * abs(scale) * per_cm
    if is_own and sigma is not None:
        return Curve(q * factor, intensity, sigma, unit, scale_sigma, str(path))
    rows = rising_rows(where, q, intensity, sigma)
    curve = Curve(q[rows] * factor, intensity[rows], np.zeros(rows.size), unit, scale_sigma, str(path))
    return usable_curve(curve, None if sigma is None else sigma[rows])


def _all_sasdata(file: h5py.File) -> Iterator[tuple[str, Any]]:
    """Go through the SASdata groups of the SASentry groups, as old and new writers mark them."""
    for entry_name, entry in file.items():
        if isinstance(entry, h5py.Group) and _is_a(entry, "SASentry"):
            yield from ((f"{entry_name}/{name}", group) for name, group in _sasdata_of(entry))


def _sasdata_of(entry: Any) -> list[tuple[str, Any]]:
    groups = ((name, group) for name, group in entry.items() if isinstance(group, h5py.Group))
    return [(name, group) for name, group in groups if _is_a(group, "SASdata")]


def _named(path: Path, file: h5py.File) -> Any:
    """Find the curve that is meant; one that is named is found without a look at all the others."""
    file_path, part = split_part(path)
    entry = file.get(part) if part else None
    if isinstance(entry, h5py.Group) and _is_a(entry, "SASentry"):
        curves = [group for _, group in _sasdata_of(entry) if _is_curve(group)]
        if len(curves) == 1:
            return curves[0]
    every = _curves(file_path, file)
    return every[curve_name(path, tuple(every))]


def _curves(path: Path, file: h5py.File) -> dict[str, Any]:
    """Name the groups that are curves."""
    found = dict(_all_sasdata(file))
    curves = {name: group for name, group in found.items() if _is_curve(group)}
    if not curves:
        shapes = [f"{name} of shape {_shape(group, _signal(group))}" for name, group in found.items()]
        raise BadInput(
            str(path),
            f"holds no curve I(Q), only {shapes[0]}" if shapes else "holds no curve: it has no SASdata",
            "Give a file with I and Q of one dimension, one SASdata for each curve.",
        )
    n_in_entry = Counter(name.partition("/")[0] for name in curves)
    names = {name: name.partition("/")[0] for name in curves}
    return {(e if n_in_entry[e] == 1 else name): curves[name] for name, e in names.items()}


def _is_curve(group: Any) -> bool:
    """True for I of one dimension; q of more than one is told when the curve is read."""
    return len(_shape(group, _signal(group))) == 1


def _is_a(group: Any, cansas: str) -> bool:
    return cansas in (as_text(group.attrs.get(key, "")) for key in ("canSAS_class", "NX_class"))


def _shape(group: Any, name: str) -> tuple[int, ...]:
    found = group.get(name)
    return tuple(found.shape) if isinstance(found, h5py.Dataset) else ()


def _signal(group: Any) -> str:
    return as_text(group.attrs.get("signal", "I"))


def _q_name(group: Any) -> str:
    return as_text(group.attrs.get("I_axes", "Q")).split(",")[0].strip() or "Q"


def _unit(dataset: Any) -> str:
    return as_text(dataset.attrs.get("units", dataset.attrs.get("unit", ""))).strip()


def _column(where: str, group: Any, name: str) -> Floats:
    """Read one column of numbers."""
    found = group.get(name)
    if not isinstance(found, h5py.Dataset):
        raise BadInput(f"{where}/{name}", "is absent", "Write Q, I and Idev.")
    if found.ndim != 1 or not found.size:
        problem = "is empty" if not found.size else f"has shape {found.shape}, must have one dimension"
        raise BadInput(f"{where}/{name}", problem, "Write one value for each point.")
    n_points = _shape(group, _signal(group))[0]
    if found.size != n_points:
        raise BadInput(
            f"{where}/{name}", f"has {found.size} values, I has {n_points}", "Write one value for each point."
        )
    return np.asarray(found[()], dtype=np.float64)


def _q_factor(where: str, dataset: Any, q_unit: QUnit | None) -> float:
    """1/nm in one unit of q; what a file states is not overruled."""
    text = _unit(dataset)
    stated = q_unit_in(text)
    if stated in ("1/A", "1/nm"):
        if q_unit not in (None, stated):
            raise BadInput(
                f"{where}: unit of Q", f"is {stated}, and was said to be {q_unit}", f"Say {stated}"
            )
        return INV_NM_PER_UNIT[stated]
    if q_unit is None:
        problem = f"is {text!r}, must be 1/A or 1/nm" if text else "is not stated in the file"
        raise BadInput(f"{where}: unit of Q", problem, "Say by --q-unit whether it is 1/A or 1/nm.")
    return INV_NM_PER_UNIT[q_unit]


def _uncertainties(where: str, group: Any, signal: str) -> Floats | None:
    """Read the uncertainties of I, under the names that writers gave to their name."""
    named = [group[signal].attrs.get(key) for key in ("uncertainties", "uncertainty")]
    named += [group.attrs.get(key) for key in ("I_uncertainties", "I_uncertainty")]
    name = next((as_text(value) for value in named if value is not None), "Idev")
    if name not in group:
        return None
    sigma = _column(where, group, name)
    return sigma if np.any(sigma > 0) else None


def _scale(group: Any, signal: str) -> tuple[float, float]:
    """Read the factor on all of I, and its relative uncertainty."""
    name = as_text(group[signal].attrs.get("scaling_factor", ""))
    if not name or name not in group:
        return 1.0, 0.0
    scale = float(np.asarray(group[name][()]).reshape(-1)[0])
    sigma_name = as_text(group[name].attrs.get("uncertainties", ""))
    sigma = float(np.asarray(group[sigma_name][()]).reshape(-1)[0]) if sigma_name in group else 0.0
    return scale, sigma / abs(scale) if scale else 0.0
