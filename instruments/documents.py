"""Bluesky's documents on disk, one JSON-lines file per action, so that a crashed process can be read back."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from event_model import NumpyEncoder

from models.domain.errors import LogUnavailable

DOCUMENTS = "documents"
"""Folder of the document files, inside the campaign's folder."""
SYNCED = frozenset({"start", "event", "stop"})
"""Documents after which the file is forced to disk: they are what a resumed run asks for."""


def documents_path(folder: Path, action_id: str) -> Path:
    """Where the documents of one action lie."""
    return folder / DOCUMENTS / f"{action_id}.jsonl"


@dataclass(frozen=True, eq=False)
class RunDocuments:
    """What is on disk of one run; whatever a crash cut off is empty or None."""

    start: dict[str, Any]
    """The start document."""
    descriptor: dict[str, Any] | None = None
    """The descriptor of the primary stream."""
    resources: tuple[dict[str, Any], ...] = ()
    """Resource and stream-resource documents, in order."""
    datums: tuple[dict[str, Any], ...] = ()
    """Datum and stream-datum documents, in order."""
    event: dict[str, Any] | None = None
    """The event of the primary stream."""
    stop: dict[str, Any] | None = None
    """The stop document."""


class DocumentWriter:
    """Appends each document as one line; subscribe it to a RunEngine.

    A document that cannot be written stops the plan: what is not written down must not go on.
    """

    def __init__(self, folder: Path) -> None:
        """Write into ``folder/documents``.

        Parameters
        ----------
        folder
            The campaign's folder.
        """
        self._folder = folder
        self._open_file: TextIO | None = None

    def __call__(self, name: str, document: dict[str, Any]) -> None:
        """Write one document.

        Raises
        ------
        LogUnavailable
            When the disk refuses it.
        """
        try:
            self._append(name, document)
        except OSError as error:
            raise LogUnavailable(
                f"{self._folder / DOCUMENTS}: the {name} document cannot be written ({error.strerror}); "
                "free space or mount the disk, then resume"
            ) from error

    def close(self) -> None:
        """Close a file that a broken run left open."""
        if self._open_file is not None:
            self._open_file.close()
            self._open_file = None

    def _append(self, name: str, document: dict[str, Any]) -> None:
        if name == "start":
            self.close()
            self._open_file = self._create(str(document.get("action_id", document["uid"])))
        file = self._open_file
        if file is None:
            return
        file.write(json.dumps([name, document], cls=NumpyEncoder) + "\n")
        file.flush()
        if name in SYNCED:
            os.fsync(file.fileno())
        if name == "stop":
            self.close()

    def _create(self, action_id: str) -> TextIO:
        path = documents_path(self._folder, action_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a", encoding="utf-8")
        sync_folder(path.parent)
        return file


def sync_folder(folder: Path) -> None:
    """Force a folder's list of names to disk, so that a new file outlives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@dataclass
class _Gathered:
    """A run while it is being read back."""

    start: dict[str, Any]
    descriptors: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    resources: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    datums: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    events: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    stop: dict[str, Any] | None = None

    def add(self, name: str, document: dict[str, Any]) -> None:
        if name == "descriptor":
            self.descriptors[document["uid"]] = document
        elif name in ("resource", "stream_resource"):
            self.resources.append(document)
        elif name in ("datum", "stream_datum"):
            self.datums.append(document)
        elif name == "event":
            self.events.append(document)
        elif name == "stop":
            self.stop = document

    def primary(self) -> RunDocuments:
        descriptor = next((d for d in self.descriptors.values() if d.get("name") == "primary"), None)
        uid = descriptor["uid"] if descriptor else None
        event = next((e for e in self.events if e["descriptor"] == uid), None)
        return RunDocuments(
            self.start, descriptor, tuple(self.resources), tuple(self.datums), event, self.stop
        )


def read_run(folder: Path, action_id: str) -> RunDocuments | None:
    """The last run of an action; None when it never began.

    Parameters
    ----------
    folder
        The campaign's folder.
    action_id
        The action.

    Notes
    -----
    A line that a crash cut short ends the reading: nothing whole can follow it.
    """
    path = documents_path(folder, action_id)
    if not path.exists():
        return None
    run: _Gathered | None = None
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            name, document = json.loads(line)
        except ValueError:
            break
        if name == "start":
            run = _Gathered(document)
        elif run is not None:
            run.add(name, document)
    return run.primary() if run is not None else None
