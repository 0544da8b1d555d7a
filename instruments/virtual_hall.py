"""What every virtual beamline has around its sample: tags, shutter, monitor, diode and detector."""

import math
from collections.abc import Callable
from pathlib import Path

from instruments.adjusters import Adjusters, QRange
from instruments.dose_journal import DOSES, DoseJournal
from instruments.evidence import FRAMES
from instruments.soft import FileDetector, FileKind, Setting, Shutter
from instruments.virtual_beam import Diode, MeasurableWorld, SoftStand, VirtualBeam
from instruments.virtual_clock import VirtualClock
from models.domain.geometry import Geometry

HIDDEN_SHARE = 0.04
"""Share of the detector's radius that the beamstop hides, about."""


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

        self.stand = SoftStand(
            Setting(name="attenuator", value=1.0),
            Setting(name="spot", value=0),
            Setting(name="camera", value=next(iter(world.stations))),
            Setting(name="cell_x", value=0.0),
            Setting(name="mirror_pitch", value=0.0),
            DoseJournal(folder / DOSES),
        )
        """How the set-up stands."""

    def adjusters(self, n_spots: int = 1, *, has_cell: bool = False) -> Adjusters:
        """What can be readjusted: attenuator, spot of a sample, places of detector, cell and mirror."""
        stations = self._world.stations
        return Adjusters(
            attenuator=self.stand.attenuator,
            spot=self.stand.spot if n_spots > 1 else None,
            n_spots=n_spots,
            camera=self.stand.camera if len(stations) > 1 else None,
            configurations={name: reach(station.geometry) for name, station in stations.items()},
            aligner=self.stand.aligner if has_cell else None,
            steerer=self.stand.steerer,
        )

    def is_stuck(self) -> bool:
        """True when a motor is stuck at this decision."""
        return self.is_struck("stuck_motor")

    def is_struck(self, kind: str) -> bool:
        """True when that kind of fault strikes at this decision."""
        fault = self._world.fault(int(self.seq.number()))
        return fault is not None and fault.kind == kind

    def detector(self, in_beam: Callable[[], dict[str, float]], sample: Callable[[], str]) -> FileDetector:
        """The detector, which exposes what is said to be in the beam, under the name that is said."""
        beam = VirtualBeam(
            self._world, in_beam, sample, self.stand, self.shutter, self.seq, self.monitor, self.diode,
            self.clock,
        )  # fmt: skip
        shape = self._world.station.geometry.shape
        files = FileKind(self._folder, FRAMES, ".h5", "AD_HDF5", (1, *shape), "<i4")
        return FileDetector(name="pilatus", files=files, take=beam.take, action_id=self.action_id)


def reach(geometry: Geometry) -> QRange:
    """From the beam to the nearest edge of the detector, from a share of that on: q, 1/nm."""
    edges_px = (
        geometry.beam_column_px, geometry.n_columns - geometry.beam_column_px,
        geometry.beam_row_px, geometry.n_rows - geometry.beam_row_px,
    )  # fmt: skip
    radius_mm = min(edges_px) * geometry.pixel_width_um / 1000
    highest, lowest = (
        4
        * math.pi
        / geometry.wavelength_nm
        * math.sin(0.5 * math.atan2(radius_mm * share, geometry.distance_mm))
        for share in (1.0, HIDDEN_SHARE)
    )
    return lowest, highest
