"""All curves of a watched folder in one HDF5 file, which a kill at any moment leaves readable."""

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import h5py
import numpy as np

from agent.watching.ledger import Done
from models.domain.curve_text import curve_from_text
from models.domain.scattering import Curve

BOOK = "curves.h5"
EVERY_S = 10.0
"""The file is written no more often, s."""
SHARE = 0.05
"""Writing takes no larger part of the time than this; a large file is written less often."""


class CurveBook:
    """One group for each frame, named after its file.

    A kill while HDF5 writes breaks the file. So new curves are added to a copy, and the copy takes the place
    of the file when it is whole. What a kill loses is in the text files of the curves, and is added at the
    next start.
    """

    def __init__(self, folder: Path, clock_s: Callable[[], float]) -> None:
        """Take the folder, and a clock that does not go back, s."""
        self._folder, self._clock_s = folder, clock_s
        self._path = folder / BOOK
        self._draft = folder / f".{BOOK}"
        self._pending: dict[str, tuple[str, bool, Curve | Path]] = {}
        self._next_s = clock_s() + EVERY_S

    def catch_up(self, done: Mapping[str, Done]) -> None:
        """Add what the table has and the file lacks.

        Parameters
        ----------
        done
            Rows of the table, by name.
        """
        there = self._hashes()
        for name, row in done.items():
            file = self._folder / row.curve
            if row.curve and there.get(name) != row.sha256 and file.is_file():
                self._pending[name] = (row.sha256, row.is_good, file)

    def add(self, name: str, sha256: str, is_good: bool, curve: Curve) -> None:
        """Take a curve; it is written with the next ones."""
        self._pending[name] = (sha256, is_good, curve)

    @property
    def is_due(self) -> bool:
        """True when it is time to write."""
        return bool(self._pending) and self._clock_s() >= self._next_s

    def write(self) -> None:
        """Write all curves that are pending.

        Raises
        ------
        OSError
            When the disk refuses; the file is as it was then.
        """
        if not self._pending:
            return
        began_s = self._clock_s()
        self._draft.unlink(missing_ok=True)
        try:
            if self._hashes():
                shutil.copyfile(self._path, self._draft)
            with h5py.File(self._draft, "a") as file:
                for name, (sha256, is_good, curve) in self._pending.items():
                    _write_group(file, name, sha256, is_good, _read(curve))
            _sync(self._draft)
            self._draft.replace(self._path)
        except BaseException:
            self._draft.unlink(missing_ok=True)
            raise
        self._pending = {}
        ended_s = self._clock_s()
        self._next_s = ended_s + max(EVERY_S, (ended_s - began_s) / SHARE)

    def _hashes(self) -> dict[str, str]:
        """SHA-256 of each frame in the file; none when it is absent or broken: then it is begun anew."""
        if not self._path.is_file():
            return {}
        try:
            with h5py.File(self._path, "r") as file:
                return {name: str(group.attrs.get("sha256", "")) for name, group in file.items()}
        except (OSError, RuntimeError):
            return {}


def _write_group(file: h5py.File, name: str, sha256: str, is_good: bool, curve: Curve) -> None:
    """Write the group of one frame."""
    if name in file:
        del file[name]
    group = file.create_group(name)
    group.attrs.update(sha256=sha256, verdict="good" if is_good else "flagged")
    group.attrs["common_relative_sigma"] = curve.common_relative_sigma
    columns = (("q", curve.q_inv_nm, "1/nm"), ("intensity", curve.intensity, curve.unit))
    for column, values, unit in (*columns, ("sigma", curve.sigma, curve.unit)):
        group.create_dataset(column, data=np.asarray(values)).attrs["units"] = unit


def _read(curve: Curve | Path) -> Curve:
    return curve_from_text(curve.read_text(encoding="utf-8")) if isinstance(curve, Path) else curve


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
