"""What happens in the virtual beam: one exposure feeds the detector, the monitor and the diode."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from instruments.dose_journal import DoseJournal
from instruments.frame_writer import last_counts, write_frame
from instruments.soft import Component, Device, Setting, Shutter
from instruments.virtual_clock import VirtualClock
from models.domain.geometry import Geometry
from models.domain.scattering import Frame, Mask
from sims.stand import Stand

EIGER_UM = 75.0
"""Pixels of another detector, um."""


class Shot(Protocol):
    """What one exposure of a world yields."""

    @property
    def counts(self) -> npt.NDArray[np.int32]:
        """Counts, shape (n_rows, n_columns); -1 where a pixel holds none."""
        ...

    @property
    def monitor(self) -> float:
        """Incident flux summed over the exposure, monitor counts."""
        ...

    @property
    def photons(self) -> float:
        """Photons on the sample in the exposure."""
        ...

    @property
    def transmission(self) -> float:
        """Transmitted over incident flux."""
        ...

    @property
    def transmission_sigma(self) -> float:
        """One standard deviation of the transmission."""
        ...

    @property
    def taken_s(self) -> float | None:
        """When it was taken by the detector's clock, s since 1970; None where it has none."""
        ...


class MeasurableStation(Protocol):
    """What stands around the sample."""

    @property
    def geometry(self) -> Geometry:
        """Where the detector stands."""
        ...

    @property
    def pixel_mask(self) -> Mask:
        """True where a pixel must not be used."""
        ...

    @property
    def saturation_counts(self) -> float:
        """Counts above which the detector is not linear."""
        ...


class MeasurableWorld(Protocol):
    """A hidden truth that can be exposed."""

    @property
    def station(self) -> MeasurableStation:
        """The instrument without its sample."""
        ...

    @property
    def stations(self) -> Mapping[str, MeasurableStation]:
        """The same by where the detector stands."""
        ...

    @property
    def thickness_mm(self) -> float:
        """Path through the sample, mm."""
        ...

    def expose(self, what: dict[str, float], /, *, seq: int, exposure_s: float, stand: Stand) -> Shot:
        """Expose a sample of that composition, or that place of a slice."""
        ...

    def fault(self, seq: int) -> Any:
        """What goes wrong at that decision; None when nothing does."""
        ...


class Diode(Device):
    """Transmission, with its own sigma beside it."""

    value = Component(Setting, value=1.0, kind="hinted")
    sigma = Component(Setting, value=0.0, kind="normal")


@dataclass(frozen=True)
class SoftStand:
    """How the set-up stands, as soft signals."""

    attenuator: Setting
    """Share of the beam that is let through."""
    spot: Setting
    """Which fresh spot of the sample is in the beam."""
    camera: Setting
    """Where the detector stands."""
    aligner: Setting
    """How far the cell is shifted across the beam, mm."""
    steerer: Setting
    """Pitch of the mirror that steers the beam, mrad."""
    doses: DoseJournal
    """What each spot took before."""


@dataclass(frozen=True)
class VirtualBeam:
    """Takes one shot of what is in the beam and writes its frame."""

    world: MeasurableWorld
    """The hidden truth."""
    in_beam: Callable[[], dict[str, float]]
    """Says what is in the beam: fractions of a mixture, or the place on a slice."""
    sample: Callable[[], str]
    """Names it, so that it is known what its spots took before."""
    stand: SoftStand
    """How the set-up stands."""
    shutter: Shutter
    """Says whether there is any beam."""
    seq: Setting
    """Tag that tells which decision it is."""
    monitor: Setting
    """Receives the incident flux."""
    diode: Diode
    """Receives the transmission."""
    clock: VirtualClock
    """Is told how long each exposure takes."""

    def take(self, action_id: str, exposure_s: float, path: Path) -> None:
        """Expose and write the frame; a closed shutter gives neither counts nor flux."""
        seq, place = int(self.seq.number()), self.stand
        spot = self.sample(), int(place.spot.number())
        stand = Stand(
            place.attenuator.number(), place.doses.before(spot, seq), str(place.camera.get()),
            place.aligner.number(), place.steerer.number(),
        )  # fmt: skip
        station = self.world.stations[str(stand.configuration)]
        shot = self.world.expose(self.in_beam(), seq=seq, exposure_s=exposure_s, stand=stand)
        self.clock.spend(exposure_s)
        time.sleep(exposure_s * self.clock.time_scale)
        fault = self.world.fault(seq)
        kind = None if fault is None else fault.kind
        counts, monitor = shot.counts, float(shot.monitor)
        if kind == "stale_frame":
            counts = last_counts(path.parent, counts)
        if not self.shutter.is_open:
            counts, monitor = np.minimum(counts, 0), 0.0
        elif shot.photons > 0:
            place.doses.add(spot, seq, shot.photons)
        frame = Frame(
            counts=counts,
            mask=station.pixel_mask,
            exposure_s=exposure_s,
            monitor=monitor,
            transmission=float(shot.transmission),
            transmission_sigma=float(shot.transmission_sigma),
            thickness_mm=self.world.thickness_mm,
            saturation_counts=float(station.saturation_counts),
            taken_s=shot.taken_s,
        )
        geometry = station.geometry
        if kind == "wrong_pixels":
            geometry = geometry.model_copy(update={"pixel_width_um": EIGER_UM, "pixel_height_um": EIGER_UM})
        write_frame(path, frame, geometry, action_id=action_id)
        self.monitor.put(monitor)
        self.diode.value.put(frame.transmission)
        self.diode.sigma.put(frame.transmission_sigma)
