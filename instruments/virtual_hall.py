"""What every virtual beamline has around its sample: tags, shutter, monitor, diode and detector."""

from collections.abc import Callable
from pathlib import Path

from instruments.evidence import FRAMES
from instruments.soft import FileDetector, FileKind, Setting, Shutter
from instruments.virtual_beam import Diode, MeasurableWorld, VirtualBeam
from instruments.virtual_clock import VirtualClock


class Hall:
    """The devices that no virtual beamline does without."""

    def __init__(self, world: MeasurableWorld, folder: Path, time_scale: float) -> None:
        """Furnish it.

        Parameters
        ----------
        world
            The hidden truth.
        folder
            Where frames go.
        time_scale
            Wall-clock seconds per second of exposure; 0 does not wait.
        """
        self._world, self._folder = world, folder
        self.clock = VirtualClock(time_scale)
        """Tells the seconds of a real night."""
        self.seq = Setting(name="tag_seq", value=0)
        """Tag: which decision it is."""
        self.action_id = Setting(name="tag_action_id", value="")
        """Tag: which action it is."""
        self.shutter = Shutter(name="shutter")
        """Lets the beam through, or not."""
        self.monitor = Setting(name="monitor", value=0.0)
        """Incident flux of the last exposure."""
        self.diode = Diode(name="diode")
        """Transmission of the last exposure."""

    def is_stuck(self) -> bool:
        """True when a motor is stuck at this decision."""
        fault = self._world.fault(int(self.seq.number()))
        return fault is not None and fault.kind == "stuck_motor"

    def detector(self, in_beam: Callable[[], dict[str, float]]) -> FileDetector:
        """The detector, which exposes what is said to be in the beam."""
        beam = VirtualBeam(self._world, in_beam, self.shutter, self.seq, self.monitor, self.diode, self.clock)
        shape = self._world.station.geometry.shape
        files = FileKind(self._folder, FRAMES, ".h5", "AD_HDF5", (1, *shape), "<i4")
        return FileDetector(name="pilatus", files=files, take=beam.take, action_id=self.action_id)
