"""Numbers with units, and text, out of HDF5 files that others wrote."""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import h5py
import hdf5plugin  # noqa: F401  # pyright: ignore[reportUnusedImport]  registers bitshuffle-LZ4 with h5py
import numpy as np
from numpy.typing import NDArray

from models.domain.errors import BadInput

MM_PER_UNIT = {"m": 1e3, "cm": 10.0, "mm": 1.0, "um": 1e-3, "micron": 1e-3, "micrometer": 1e-3}
"""Millimetres in one unit of length."""
NM_PER_UNIT = {"angstrom": 0.1, "angstroms": 0.1, "a": 0.1, "å": 0.1, "nm": 1.0, "m": 1e9}
"""Nanometres in one unit of wavelength."""
S_PER_UNIT = {"s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
"""Seconds in one unit of time."""


@contextmanager
def reading(where: Path) -> Generator[None]:
    """Name the file when anything in it cannot be read."""
    try:
        yield
    except OSError as error:
        raise BadInput(
            str(where), f"is truncated or not HDF5: {error}", "Copy the file again, or take the frame again."
        ) from error
    except (RuntimeError, ValueError, KeyError) as error:
        raise BadInput(
            str(where), f"holds a value that cannot be read: {error}", "Write the file again."
        ) from error


@contextmanager
def opened(path: Path) -> Generator[h5py.File]:
    """Open an HDF5 file, and name it when anything in it cannot be read."""
    with reading(path), h5py.File(path, "r") as file:
        yield file


def is_hdf5(path: Path) -> bool:
    """Say whether a file is HDF5, whatever its name."""
    try:
        return bool(h5py.is_hdf5(path))
    except OSError:
        return False


class Values:
    """The values of one open file; what is wrong with one is told with file and dataset."""

    def __init__(
        self, path: Path, file: h5py.File, place: int = 0, count: Callable[[], int] = lambda: 1
    ) -> None:
        """Take an open file.

        Parameters
        ----------
        path
            Its name, for messages.
        file
            The file.
        place, count
            Of values that come one for each of as many frames as `count` says, the one at `place` is meant.
        """
        self._path, self._file = path, file
        self._place, self._count = place, count

    def array(self, name: str) -> NDArray[np.generic] | None:
        """Read a dataset; None when it is absent."""
        found = self._file.get(name)
        return np.asarray(found[()]) if isinstance(found, h5py.Dataset) else None

    def text(self, name: str) -> str | None:
        """Read a text; None when it is absent."""
        found = self.array(name)
        return None if found is None or not found.size else as_text(found)

    def number(self, *names: str) -> float | None:
        """Read one number from the first of the datasets that is there; None when none is."""
        for name in names:
            found = self.array(name)
            if found is None:
                continue
            values = found.reshape(-1)
            if values.size > 1 and values.size == self._count():
                values = values[self._place : self._place + 1]
            if values.size != 1:
                raise BadInput(
                    f"{self._path}: {name}", f"has {values.size} values, must have one", "Write one number."
                )
            try:
                return float(values[0])
            except (TypeError, ValueError) as error:
                raise BadInput(f"{self._path}: {name}", "is not a number", "Write one number.") from error
        return None

    def optional(self, default: float, *names: str) -> float:
        """Read one number that a file may leave out."""
        value = self.number(*names)
        return default if value is None else value

    def quantity(self, names: tuple[str, ...], units: Mapping[str, float], unit: str) -> float | None:
        """Read one number in the unit that its attribute names; None when it is absent.

        Parameters
        ----------
        names
            Datasets; the first that is there is read.
        units
            How much one of each unit is in the wanted one.
        unit
            What it is in where the file does not say.
        """
        for name in names:
            value = self.number(name)
            if value is not None:
                return value * self.factor(name, units, unit)
        return None

    def required(
        self, names: tuple[str, ...], units: Mapping[str, float], unit: str, limits: tuple[float, float]
    ) -> float:
        """Read one number that must be there and be plausible, in the unit that `units` leads to.

        Parameters
        ----------
        names, units, unit
            As in `quantity`.
        limits
            Smallest and largest value that makes sense.
        """
        value = self.quantity(names, units, unit)
        if value is None:
            raise BadInput(
                f"{self._path}: {names[0]}",
                "is absent",
                "Write it, name the master file, or give the geometry by --geometry.",
            )
        name = next(name for name in names if name in self._file)
        stated = self.unit(name, unit)
        factor = self.factor(name, units, unit)
        if not limits[0] <= value <= limits[1]:
            raise BadInput(
                f"{self._path}: {name}",
                f"is {value / factor:g} {stated}, must be within {limits[0] / factor:g} and "
                f"{limits[1] / factor:g} {stated}",
                "Correct it or its units, or give the geometry by --geometry.",
            )
        return value

    def unit(self, name: str, default: str) -> str:
        """Read the unit of a dataset."""
        return as_text(self._file[name].attrs.get("units", default)).strip() or default

    def factor(self, name: str, units: Mapping[str, float], unit: str) -> float:
        """How much one of the dataset's unit is in the wanted one."""
        stated = self.unit(name, unit)
        if stated.lower() not in units:
            raise BadInput(f"{self._path}: {name}@units", f"is {stated!r}", f"Use one of {', '.join(units)}.")
        return units[stated.lower()]


def as_text(value: object) -> str:
    """Read a string that HDF5 may hold as bytes or as an array of one."""
    if isinstance(value, np.ndarray):
        value = value.reshape(-1)[0] if value.size else ""
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)
