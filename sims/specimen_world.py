"""The virtual scanning beamline: a place on a slice goes in, a frame comes out."""

import math
from collections.abc import Mapping
from typing import Self

import numpy as np
from pydantic import Field, model_validator

from models.domain.errors import UnreachablePoint
from models.domain.frozen import Frozen
from models.domain.scattering import Floats
from sims import detector
from sims.beam import BeamSpec
from sims.drift import MirrorSpec
from sims.faults import Fault, FaultSpec, draw_fault
from sims.fibres import index_azimuth, scatter_fabric, tabulate_azimuth
from sims.specimen import Specimen, SpecimenSpec, Tissue
from sims.stand import Stand
from sims.station import MM_PER_CM, STANDARD, BackgroundSpec, CameraSpec, Light, Shot, Station

COLLAGEN_INV_CM, MINERAL_INV_CM = 3.0, 58.0
"""Linear absorption coefficients at 12.4 keV, 1/cm."""
AXES = ("x", "y")
"""What the stage is set to: along the detector's columns and rows, mm."""


OF_LIQUIDS = ("bubble", "precipitate", "carry_over", "damage")
"""Faults that no slice knows."""


class ScanWorldSpec(Frozen):
    """A virtual scanning beamline, as a campaign file may describe it."""

    beam: BeamSpec = BeamSpec(flux_hz=1e8, monitor_counts_per_photon=0.05)
    """The source: a small beam."""
    camera: CameraSpec = CameraSpec()
    """The detector's place."""
    background: BackgroundSpec = BackgroundSpec(parasitic_inv_cm=20.0, air_inv_cm=2.0)
    """Scattering that is not the specimen's; strong against so thin a slice."""
    specimen: SpecimenSpec = SpecimenSpec()
    """The slice."""
    faults: FaultSpec = FaultSpec()
    """What goes wrong."""
    mirror: MirrorSpec = MirrorSpec()
    """What steers the beam."""
    cycle_s: float = Field(default=2.0, ge=0)
    """Virtual time from one decision to the next, s: the flux decays by it."""

    @model_validator(mode="after")
    def _a_slice_is_no_liquid(self) -> Self:
        for kind, rule in self.faults.rules():
            if kind in OF_LIQUIDS and (rule.probability > 0 or rule.at):
                raise ValueError(f"a slice is no liquid; remove the fault {kind}")
        return self


class ScanWorld:
    """A hidden slice and the instrument in front of it: stateless, a function of spec, seed and seq."""

    def __init__(self, spec: ScanWorldSpec, seed: int) -> None:
        """Lay out slice and detector.

        Parameters
        ----------
        spec
            The beamline.
        seed
            The slice's inner parts, bad pixels, noise and faults follow from it.
        """
        self.spec, self.seed = spec, seed
        self.specimen = Specimen(spec.specimen, seed)
        """The hidden slice."""
        self.station = Station(spec.beam, spec.camera, spec.background, seed)
        """What stands around it."""
        self.stations = {STANDARD: self.station}
        """The same by where the detector stands: one place only."""
        places = detector.pixel_places(self.station.geometry)
        x_mm, y_mm = (place.ravel()[self.station.optics.live] for place in places)
        self._azimuth_index = index_azimuth(x_mm, y_mm)

    @property
    def thickness_mm(self) -> float:
        """Thickness of the slice, mm."""
        return self.spec.specimen.thickness_mm

    def fault(self, seq: int) -> Fault | None:
        """What goes wrong with that decision; the device enacts `stuck_motor`, `expose` all others."""
        return draw_fault(self.spec.faults, self.seed, seq)

    def expose(
        self, place: Mapping[str, float], *, seq: int, exposure_s: float, stand: Stand | None = None
    ) -> Shot:
        """Expose a place: the same spec, seed, seq, place and time give the same bits.

        Parameters
        ----------
        place
            `x` and `y` on the slice, mm; outside its outline there is air.
        seq
            `seq` of the decision; seeds the noise, and sets the virtual time to ``seq x cycle_s``.
        exposure_s
            Exposure time, s.
        stand
            How the set-up stands; of it only attenuation and mirror count here, all of the beam when None.

        Raises
        ------
        UnreachablePoint
            When a coordinate is missing or not finite.
        """
        if set(place) != set(AXES) or not all(math.isfinite(place[axis]) for axis in AXES):
            raise UnreachablePoint(f"the place {dict(place)} is none; give finite x and y in mm")
        tissue = self.specimen.tissue_at(place["x"], place["y"])
        fault = self.fault(seq)
        stand, time_s = stand or Stand(), seq * self.spec.cycle_s
        flux_hz = self.station.flux_at(time_s, fault) * stand.attenuation
        flux_hz *= self.spec.mirror.share_steered(seq, time_s, stand.pitch_mrad)
        transmission = self.transmit(tissue)
        transmitted_hz = flux_hz * transmission
        per_sr_hz = transmitted_hz * self.station.pixel_sr / MM_PER_CM
        light = Light(
            flux_hz=flux_hz,
            transmission=transmission,
            table_hz=per_sr_hz * self.station.scatter_behind(self.thickness_mm, fault),
            extra_hz=self._pattern(tissue) * np.float32(per_sr_hz * self.thickness_mm)
            + self.station.stray(fault, transmitted_hz, self.thickness_mm),
            time_s=time_s,
        )
        return self.station.read(light, seq=seq, exposure_s=exposure_s, fault=fault)

    def transmit(self, tissue: Tissue) -> float:
        """Transmitted over incident flux (Beer and Lambert); 1 in air."""
        if not tissue.fabrics:
            return 1.0
        coefficient_inv_cm = tissue.mineral * MINERAL_INV_CM + (1 - tissue.mineral) * COLLAGEN_INV_CM
        return math.exp(-coefficient_inv_cm * self.thickness_mm / MM_PER_CM)

    def _pattern(self, tissue: Tissue) -> Floats:
        """Scattering of every live pixel, by its response, shape (n_live,), 1/cm."""
        optics = self.station.optics
        pattern = np.zeros(optics.live.size, dtype=np.float32)
        for fabric in tissue.fabrics:
            curve = scatter_fabric(fabric, optics.table_q_inv_nm).astype(np.float32)
            pattern += curve[optics.table_index] * tabulate_azimuth(fabric)[self._azimuth_index]
        return (pattern * optics.response).astype(np.float64)
