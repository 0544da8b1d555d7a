"""The table of a watched folder, one row a frame: what is written here is done, and nothing else is."""

import csv
import fcntl
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from agent.watching.arrivals import Arrival, Stamp
from agent.watching.outcome import Outcome
from models.domain.disk import disk_refuses
from models.domain.errors import BadInput
from models.domain.scattering import Absence, Feature
from models.domain.whole_files import write_whole

TABLE = "features.csv"
SETTINGS = "watch.json"
"""By what the rows of the table were made."""
CURVES = "curves"
"""Subfolder of the text files of the curves."""
DRAFTS = ".*.*"
"""Names under which files are written until they are whole."""
FIXED = ("file", "time", "mtime_ns", "bytes", "sha256", "verdict", "flags", "counts", "curve")
"""Columns before the features."""
LAST = "absent"
"""The last column: which features a curve does not have, and why."""


@dataclass(frozen=True)
class Done:
    """One row, as far as a restart needs it."""

    stamp: Stamp
    sha256: str
    is_good: bool
    curve: str
    """Its file, from the folder of the table; empty where there is none."""


class Ledger:
    """Reads what was done, and appends to it; one process at a time."""

    def __init__(self, folder: Path, units: Mapping[str, str], settings: Mapping[str, str]) -> None:
        """Open the table of a folder, or begin one.

        Parameters
        ----------
        folder
            Where the table is; it is made.
        units
            Unit of each feature that may come, by name.
        settings
            What the rows depend on, each under the option by which a person gives it.

        Raises
        ------
        BadInput
            When another process appends to it, or its rows were made by other settings.
        LogUnavailable
            When the disk refuses.
        """
        self.folder, self._units = folder, dict(units)
        self.done: dict[str, Done] = {}
        """What was done last with each name."""
        self._first_of: dict[str, str] = {}
        self._owner: dict[str, str] = {}
        self._columns = [*FIXED, *(column for name in units for column in self._pair(name)), LAST]
        try:
            self._file = self._open(settings)
        except OSError as error:
            raise disk_refuses(folder, error) from error
        for row in self._read():
            self._remember(row["file"], _done(row))

    def __enter__(self) -> "Ledger":
        """Keep it open."""
        return self

    def __exit__(self, *details: object) -> None:
        """Close it."""
        del details
        self._file.close()

    @property
    def stamps(self) -> dict[str, Stamp]:
        """The state in which each file was when it was done."""
        return {name: row.stamp for name, row in self.done.items()}

    def twin(self, name: str, sha256: str) -> str | None:
        """Another file of the very same content that came before; None when there is none."""
        first = self._first_of.get(sha256)
        return None if first == name else first

    def has(self, name: str, sha256: str) -> bool:
        """Say whether a curve was made of this name with this very content: touched, but not written anew."""
        row = self.done.get(name)
        return row is not None and row.sha256 == sha256 and row.curve != ""

    def curve_file(self, name: str) -> str:
        """Where the curve of a frame goes, from the folder of the table; no two frames share one."""
        short = f"{CURVES}/{Path(name).stem}.dat"
        return short if self._owner.get(short, name) == name else f"{CURVES}/{name}.dat"

    def append(self, arrival: Arrival, outcome: Outcome, curve: str) -> None:
        """Write one row, in one go.

        Parameters
        ----------
        arrival
            The file.
        outcome
            What came of it.
        curve
            Where its curve is; empty where it has none.

        Raises
        ------
        LogUnavailable
            When the disk refuses.
        """
        line = _line([*self._cells(arrival, outcome, curve).values()])
        length = self._file.tell()
        try:
            if self._file.write(line) != len(line):  # a full disk takes a part
                self._file.truncate(length)
                raise OSError(28, "No space left on device")
        except OSError as error:
            raise disk_refuses(self.folder / TABLE, error) from error
        name = arrival.path.name
        self._remember(name, Done(arrival.stamp, outcome.sha256, outcome.is_good, curve))

    def _cells(self, arrival: Arrival, outcome: Outcome, curve: str) -> dict[str, str]:
        """One row, by column."""
        time = datetime.fromtimestamp(arrival.stamp.mtime_ns / 1e9, UTC)
        cells = dict.fromkeys(self._columns, "")
        cells |= {
            "file": arrival.path.name,
            "time": time.isoformat(timespec="milliseconds"),
            "mtime_ns": str(arrival.stamp.mtime_ns),
            "bytes": str(arrival.stamp.n_bytes),
            "sha256": outcome.sha256,
            "verdict": "good" if outcome.is_good else "flagged",
            "flags": _one_line("; ".join(flag.text() for flag in outcome.flags)),
            "counts": "" if outcome.counts is None else f"{outcome.counts:.0f}",
            "curve": curve,
        }
        for item in outcome.features:
            if isinstance(item, Feature):
                value, sigma = self._pair(item.name)
                cells |= {value: repr(item.value), sigma: repr(item.sigma)}
        absent = [f"{item.name}: {item.why}" for item in outcome.features if isinstance(item, Absence)]
        return cells | {LAST: _one_line("; ".join(absent))}

    def _pair(self, name: str) -> tuple[str, str]:
        """Headings of a feature and of its sigma."""
        unit = self._units[name]
        return f"{name} [{unit}]", f"{name}_sigma [{unit}]"

    def _remember(self, name: str, row: Done) -> None:
        self.done[name] = row
        if row.curve:
            self._owner[row.curve] = name
            self._first_of.setdefault(row.sha256, name)

    def _open(self, settings: Mapping[str, str]) -> BinaryIO:
        """Open the table to append to it, and keep others out for as long as this process lives."""
        self.folder.mkdir(parents=True, exist_ok=True)
        table = self.folder / TABLE
        heading = _line(self._columns)
        if table.exists():
            self._compare(settings)
        else:
            write_whole(self.folder / SETTINGS, json.dumps(dict(settings), indent=1) + "\n")
            write_whole(table, heading)
        file = table.open("r+b", buffering=0)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.close()
            raise BadInput(
                f"--out {self.folder}", "is being written by another watch", "End that one, or name another"
            ) from error
        self._sweep()
        content = file.read()
        whole = content.rpartition(b"\n")[0] + b"\n"
        if not whole.startswith(heading):
            file.close()
            raise BadInput(str(table), "has other columns than these features make", "Name another --out")
        file.truncate(len(whole))  # what a kill left of a row
        file.seek(len(whole))
        return file

    def _sweep(self) -> None:
        """Remove what a kill left of files that were being written."""
        for draft in (*self.folder.glob(DRAFTS), *(self.folder / CURVES).glob(DRAFTS)):
            draft.unlink(missing_ok=True)

    def _compare(self, settings: Mapping[str, str]) -> None:
        """Refuse to put rows of other settings into one table."""
        try:
            before = json.loads((self.folder / SETTINGS).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError) as error:
            raise BadInput(
                f"--out {self.folder}", f"holds a {TABLE} that no watch has begun", "Name another folder"
            ) from error
        for option in sorted(settings.keys() | before.keys()):
            then, now = before.get(option, "left out"), settings.get(option, "left out")
            if then != now:
                raise BadInput(
                    f"--out {self.folder}",
                    f"holds rows that were made with {option} {then}, now it is {now}",
                    "Name another --out, or give what was given before",
                )

    def _read(self) -> list[dict[str, str]]:
        """Read the rows that are there."""
        text = (self.folder / TABLE).read_text(encoding="utf-8")
        return list(csv.DictReader(io.StringIO(text, newline="")))


def _done(row: Mapping[str, str]) -> Done:
    stamp = Stamp(int(row["mtime_ns"]), int(row["bytes"]))
    return Done(stamp, row["sha256"], row["verdict"] == "good", row["curve"])


def _line(cells: list[str]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()


def _one_line(text: str) -> str:
    return " ".join(text.split())
