"""Recall the rings of earlier frames: kept in memory, read again from their files after a resume."""

from pathlib import Path

from models.domain.action import Exposure
from models.domain.errors import BadInput
from models.domain.geometry import Geometry
from models.saxs.checks.check import Subject
from models.saxs.checks.trace import Trace, trace_of
from models.saxs.frame_files import geometry_from_header, read_frame

N_KEPT = 64
"""Frames of which rings are kept; those of one sample, and the last blanks, are looked back at."""


class Recall:
    """What is kept of frames, by the action that took them: never more than their files would say again."""

    def __init__(self, geometry: Geometry | None) -> None:
        """Keep nothing yet.

        Parameters
        ----------
        geometry
            Where the detector stands; None takes it from each frame's header.
        """
        self._geometry = geometry
        self._traces: dict[str, Trace | None] = {}

    def keep(self, exposure: Exposure, subject: Subject) -> Trace | None:
        """Keep the rings of a frame that can be normalised; None where they were not counted."""
        trace = None if subject.census is None else trace_of(subject.frame, subject.census)
        if len(self._traces) >= N_KEPT:
            self._traces.pop(next(iter(self._traces)))
        self._traces[exposure.action_id] = trace
        return trace

    def trace(self, exposure: Exposure) -> Trace | None:
        """The rings of an earlier frame, read again where need be; None where it is gone."""
        if exposure.action_id in self._traces:
            return self._traces[exposure.action_id]
        asset = next((asset for asset in exposure.assets if asset.role == "frame"), None)
        if asset is None:
            return None
        try:
            path = Path(asset.path)
            frame = read_frame(path, exposure=exposure)
            return self.keep(exposure, Subject(frame, self._geometry or geometry_from_header(path)))
        except BadInput:  # moved away since: what it would say is left unsaid
            return None
