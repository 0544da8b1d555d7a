"""How a curve is laid down in NXcanSAS, version 1.1, in groups of a file that someone else opened by h5py."""

from typing import Any

import numpy as np

from models.domain.scattering import Curve

STANDARD_VERSION = "1.1"
OWN_CREATOR = "Nightbeam"
"""The file's creator begins with this where we wrote it."""
UNITS = {"a.u.": "arbitrary"}
"""Units of intensity that the standard calls by another name."""


def add_group(parent: Any, name: str, nexus: str, cansas: str | None = None) -> Any:
    """Make a group of a class of NeXus and, where there is one, of canSAS."""
    group = parent.create_group(name)
    group.attrs["NX_class"] = nexus
    if cansas is not None:
        group.attrs["canSAS_class"] = cansas
    return group


def add_entry(file: Any, name: str, title: str, run: str) -> Any:
    """Make an entry, whose curve is ``sasdata01``.

    Parameters
    ----------
    file
        The open file.
    name
        The entry's name in it.
    title, run
        What people call it, and the run that made it.
    """
    entry = add_group(file, name, "NXentry", "SASentry")
    entry.attrs.update({"version": STANDARD_VERSION, "default": "sasdata01"})
    entry["definition"], entry["title"], entry["run"] = "NXcanSAS", title, run
    return entry


def add_points(entry: Any, curve: Curve) -> None:
    """Write the points; the uncertainty that all of them share stands beside theirs, as one of the scale.

    Parameters
    ----------
    entry
        The group of the entry.
    curve
        The curve.
    """
    group = add_group(entry, "sasdata01", "NXdata", "SASdata")
    unit = UNITS.get(curve.unit, curve.unit)
    group.attrs.update({"signal": "I", "axes": "Q", "I_axes": "Q", "Q_indices": np.array([0])})
    for name, values, its_unit in (
        ("Q", curve.q_inv_nm, "1/nm"), ("I", curve.intensity, unit), ("Idev", curve.sigma, unit),
    ):  # fmt: skip
        group.create_dataset(name, data=values).attrs["units"] = its_unit
    group["I"].attrs.update({"uncertainties": "Idev", "scaling_factor": "I_scaling"})
    group["I_scaling"], group["I_scaling_dev"] = 1.0, curve.common_relative_sigma
    group["I_scaling"].attrs.update({"uncertainties": "I_scaling_dev", "units": ""})
    group["I_scaling_dev"].attrs["units"] = ""


def add_terms(process: Any, terms: dict[str, object]) -> None:
    """Write named values as the numbered terms of a process; those that are None are left out."""
    known = {name: value for name, value in terms.items() if value is not None}
    for n, (name, value) in enumerate(known.items(), start=1):
        process[f"term{n:02d}"] = f"{name} = {value}"
