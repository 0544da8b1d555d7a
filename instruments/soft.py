"""Small ophyd devices without hardware, from which the virtual and the dataset beamline are built."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import event_model
import ophyd
import ophyd.status
from bluesky.protocols import Status

from instruments.evidence import describe_file
from instruments.faults import named
from models.domain.disk import disk_refuses, is_refusal
from models.domain.errors import BeamlineFault

# ophyd's devices keep Bluesky's protocols, but its partial type hints contradict them: they enter as Any.
Device: Any = ophyd.Device
Signal: Any = ophyd.Signal
Component: Any = ophyd.Component
SoftStatus: Any = ophyd.status.Status

Take = Callable[[str, float, Path], None]
"""Writes one file: ``take(action_id, exposure_s, path)``."""


class Setting(Signal):
    """A value that is there as soon as it is set: no thread, no polling."""

    def set(self, value: Any, **_: Any) -> Status:
        """Put the value; the status is done at once."""
        self.put(value)
        status = SoftStatus(self)
        status.set_finished()
        return status

    def number(self) -> float:
        """The value, as a number."""
        return float(self.get())


class Report:
    """A value that is told, never set: it can be read and not moved."""

    parent = None

    def __init__(self, *, name: str) -> None:
        """Start with nothing told."""
        self.name = name
        self._value, self._told_at_s = math.nan, 0.0

    def put(self, value: float) -> None:
        """Tell a new value."""
        self._value, self._told_at_s = value, time.time()

    def read(self) -> dict[str, Any]:
        """The value and when it was told."""
        return {self.name: {"value": self._value, "timestamp": self._told_at_s}}

    def describe(self) -> dict[str, Any]:
        """What the value is."""
        return {self.name: {"source": f"SIM:{self.name}", "dtype": "number", "shape": []}}


class Shutter(Setting):
    """A shutter that takes ``open`` and ``closed`` and is born closed."""

    WORDS = ("open", "closed")

    def __init__(self, *, name: str) -> None:
        """Start closed."""
        super().__init__(name=name, value="closed")

    def set(self, value: str, **_: Any) -> Status:
        """Open or close."""
        if value not in self.WORDS:
            raise BeamlineFault(f"{self.name} was told {value!r}; it takes {' or '.join(self.WORDS)}.")
        return super().set(value)

    @property
    def is_open(self) -> bool:
        """True while the beam passes."""
        return self.get() == "open"


@dataclass(frozen=True)
class FileKind:
    """What a detector's files are, in the words of Bluesky's documents."""

    folder: Path
    """Root of the file names in the documents: the campaign's folder."""
    subfolder: str
    """Folder of the files, inside `folder`."""
    suffix: str
    """Ending of the file names: ``.h5``."""
    spec: str
    """Name under which readers know the format: ``AD_HDF5``."""
    shape: tuple[int, ...]
    """Shape of the array in one file."""
    dtype_numpy: str
    """Type of the array: ``<i4``."""


class FileDetector(Device):
    """At each trigger has one file written, named after the action, and tells Bluesky where it is."""

    count_time = Component(Setting, value=1.0, kind="config")
    image = Component(Setting, value="", kind="normal")
    file_sha256 = Component(Setting, value="", kind="normal")

    def __init__(self, *, name: str, files: FileKind, take: Take, action_id: Setting) -> None:
        """Make the detector.

        Parameters
        ----------
        name
            Name in the documents.
        files
            What the files are.
        take
            Writes one file; called on a thread of its own.
        action_id
            Tag from which the file's name is taken.
        """
        super().__init__(name=name)
        self._files = files
        self._take = take
        self._action_id = action_id
        self._documents: list[tuple[str, Any]] = []
        self._latest: Any = None

    def trigger(self) -> Status:
        """Write one file; the status is done when it is on disk."""
        status = SoftStatus(self)
        action_id, exposure_s = str(self._action_id.get()), float(self.count_time.get())
        self._latest = status
        # Writing takes longer than Bluesky's loop may be blocked.
        threading.Thread(
            target=self._write,
            args=(action_id, exposure_s, status),
            name=f"{self.name}-exposure",
            daemon=True,
        ).start()
        return status

    def describe(self) -> dict[str, Any]:
        """Say that the image lies in a file."""
        described: dict[str, Any] = super().describe()
        described[self.image.name].update(
            external="FILESTORE:",
            dtype="array",
            dtype_numpy=self._files.dtype_numpy,
            shape=list(self._files.shape),
        )
        return described

    def collect_asset_docs(self) -> Iterator[tuple[str, Any]]:
        """Hand over the documents of the file that was written last."""
        documents, self._documents = self._documents, []
        yield from documents

    def _write(self, action_id: str, exposure_s: float, status: Any) -> None:
        relative = Path(self._files.subfolder) / f"{action_id}{self._files.suffix}"
        path = self._files.folder / relative
        try:
            self._take(action_id, exposure_s, path)
            # One that was given up as late must not hand its documents to the next exposure.
            if self._latest is status:
                self.file_sha256.put(describe_file(path, "frame").sha256)
                self._compose(relative)
        except OSError as error:
            # A full disk is no fault of the detector: the next decision would burn on it as well.
            status.set_exception(disk_refuses(path, error) if is_refusal(error) else error)
        except BaseException as error:  # whatever happens on this thread must reach the plan
            status.set_exception(error if isinstance(error, Exception) else RuntimeError(named(error)))
        else:
            status.set_finished()

    def _compose(self, relative: Path) -> None:
        """Compose the documents that lead a standard reader to the array."""
        bundle = event_model.compose_resource(
            spec=self._files.spec,
            root=str(self._files.folder),
            resource_path=relative.as_posix(),
            resource_kwargs={"frame_per_point": 1},
        )
        datum = bundle.compose_datum(datum_kwargs={"point_number": 0})
        self._documents = [("resource", bundle.resource_doc), ("datum", datum)]
        self.image.put(datum["datum_id"])
