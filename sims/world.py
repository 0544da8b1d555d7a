"""The virtual beamline: a mixture goes in, a frame comes out. What it knows, the agent never sees."""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from models.domain.errors import UnreachablePoint
from models.domain.frozen import Frozen
from models.domain.scattering import Floats
from models.domain.seeds import derive_seed
from sims.beam import AbsorptionSpec, BeamSpec
from sims.drift import CellSpec, MirrorSpec
from sims.faults import Fault, FaultSpec, draw_fault
from sims.phases import Composition, assemble, read_composition
from sims.scattering import WATER_INV_CM, scatter
from sims.stand import Stand
from sims.station import (
    MM_PER_CM,
    STANDARD,
    TRANSMISSION_RELATIVE_SIGMA,
    BackgroundSpec,
    CameraSpec,
    Light,
    Shot,
    Station,
    between,
)  # fmt: skip

MOST_SETTLED = 0.2
"""Largest share of the light that a precipitate takes."""
LEAST_LEFT, MOST_LEFT = 1e-5, 0.1
"""Shares of what is in the cell that are surfactant from before."""
LEAST_DOSE_PHOTONS, MOST_DOSE_PHOTONS = 1e9, 1e13
"""Photons that a damaged sample has seen before."""


class WorldSpec(Frozen):
    """A virtual beamline, as a campaign file may describe it."""

    beam: BeamSpec = BeamSpec()
    """The source."""
    camera: CameraSpec = CameraSpec()
    """The detector's place."""
    cameras: dict[str, CameraSpec] = Field(default_factory=dict)
    """Further places of it, by name; the first is called ``standard``."""
    background: BackgroundSpec = BackgroundSpec()
    """Scattering that is not the sample's."""
    absorption: AbsorptionSpec = AbsorptionSpec()
    """Absorption of the components."""
    faults: FaultSpec = FaultSpec()
    """What goes wrong."""
    cell: CellSpec = CellSpec()
    """What holds the sample."""
    mirror: MirrorSpec = MirrorSpec()
    """What steers the beam."""
    thickness_mm: float = Field(default=1.0, gt=0)
    """Path through the sample, mm."""
    cycle_s: float = Field(default=60.0, ge=0)
    """Virtual time from one decision to the next, s: the flux decays by it."""


@dataclass(frozen=True)
class _Conditions:
    """What holds during one exposure."""

    flux_hz: float
    """Photons per second on the sample."""
    path_mm: float
    """Path through the liquid, over all of the beam; less where a part of it passes beside the cell."""
    transmission: float
    """Transmitted over incident flux."""
    fault: Fault | None
    photons_before: float
    """Photons that the spot took before."""


class World:
    """A hidden truth and the instrument in front of it: stateless, a function of spec, seed and seq."""

    def __init__(self, spec: WorldSpec, seed: int) -> None:
        """Lay out the detector.

        Parameters
        ----------
        spec
            The beamline.
        seed
            Bad pixels, noise and faults follow from it.
        """
        self.spec = spec
        self.seed = seed
        self.stations = {
            name: Station(spec.beam, camera, spec.background, seed)
            for name, camera in {STANDARD: spec.camera, **spec.cameras}.items()
        }
        """What stands around the sample, by where the detector stands."""
        self.station = self.stations[STANDARD]
        """The same where nothing is said of it."""

    @property
    def thickness_mm(self) -> float:
        """Path through the sample, mm."""
        return self.spec.thickness_mm

    def fault(self, seq: int) -> Fault | None:
        """What goes wrong with that decision; the device enacts `stuck_motor`, `expose` all others."""
        return draw_fault(self.spec.faults, self.seed, seq)

    def expose(
        self, composition: Mapping[str, float], *, seq: int, exposure_s: float, stand: Stand | None = None
    ) -> Shot:
        """Expose a mixture: the same spec, seed, seq, composition and time give the same bits.

        Parameters
        ----------
        composition
            Mass fractions of surfactant, cosurfactant and water.
        seq
            `seq` of the decision; seeds the noise, and sets the virtual time to ``seq x cycle_s``.
        exposure_s
            Exposure time, s.
        stand
            How the set-up stands; everything let through to a fresh spot when None.

        Raises
        ------
        UnreachablePoint
            When the mixture cannot be made, or the detector never stands there.
        """
        station, light = self.shine(composition, seq=seq, exposure_s=exposure_s, stand=stand)
        return station.read(light, seq=seq, exposure_s=exposure_s, fault=self.fault(seq))

    def seen_at(self, q_inv_nm: Floats, seed: int) -> "World":
        """The same truth under another seed, with its light asked for at other q; it takes no frames.

        Parameters
        ----------
        q_inv_nm
            Where its light is asked for, shape (n,), 1/nm.
        seed
            Faults and noise follow from it.
        """
        seen = copy(self)
        seen.seed = seed
        seen.stations = {name: station.seen_at(q_inv_nm) for name, station in self.stations.items()}
        seen.station = seen.stations[STANDARD]
        return seen

    def without_faults(self) -> "World":
        """The same with nothing that goes wrong."""
        sound = copy(self)
        sound.spec = self.spec.model_copy(update={"faults": FaultSpec()})
        return sound

    def shine(
        self, composition: Mapping[str, float], *, seq: int, exposure_s: float, stand: Stand | None = None
    ) -> tuple[Station, Light]:
        """What comes through a mixture to the detector, before anything is counted; as `expose` asks.

        Raises
        ------
        UnreachablePoint
            When the mixture cannot be made, or the detector never stands there.
        """
        composition = _left_in_cell(composition, self.fault(seq))
        mixture, stand = read_composition(composition), stand or Stand()
        station = self._station(stand.configuration)
        now = self._conditions(composition, seq, stand)
        transmitted_hz = now.flux_hz * now.transmission
        light = Light(
            flux_hz=now.flux_hz,
            transmission=now.transmission,
            table_hz=self._table_rate(station, mixture, now, exposure_s),
            extra_hz=station.stray(now.fault, transmitted_hz, self.spec.thickness_mm),
            time_s=seq * self.spec.cycle_s,
        )
        return station, light

    def look_through(self, seq: int) -> tuple[float, float]:
        """Transmission of the empty cell as the diode reads it at that decision, and its sigma."""
        transmission = self.spec.cell.clear_share(seq)
        sigma = TRANSMISSION_RELATIVE_SIGMA * transmission
        noise = np.random.default_rng(derive_seed(self.seed, "empty cell", seq)).standard_normal()
        return transmission + sigma * float(noise), sigma

    def _station(self, configuration: str | None) -> Station:
        name = configuration or STANDARD
        if name not in self.stations:
            raise UnreachablePoint(
                f"the detector never stands {name!r}; it can be {', '.join(self.stations)}"
            )
        return self.stations[name]

    def _conditions(self, composition: Mapping[str, float], seq: int, stand: Stand) -> _Conditions:
        """Beam and path of one exposure, after faults."""
        fault = self.fault(seq)
        time_s = seq * self.spec.cycle_s
        flux_hz = self.station.flux_at(time_s, fault) * stand.attenuation
        flux_hz *= self.spec.mirror.share_steered(seq, time_s, stand.pitch_mrad)
        path_mm = self.spec.thickness_mm
        if fault and fault.kind == "bubble":
            # at least half the path is air, so that even the strongest absorber transmits too much
            path_mm *= 0.5 - 0.4 * fault.severity
        transmission = self.spec.absorption.transmit(composition, path_mm)
        if fault and fault.kind == "precipitate":
            transmission *= 1 - MOST_SETTLED * fault.severity
        in_cell = self.spec.cell.share_in_beam(seq, stand.offset_mm)
        before = stand.photons_before
        if fault and fault.kind == "damage":
            before += between(LEAST_DOSE_PHOTONS, MOST_DOSE_PHOTONS, fault.severity)
        through = in_cell * transmission
        transmitted = through + 1 - in_cell
        path_mm *= through / transmitted
        return _Conditions(flux_hz, path_mm, transmitted * self.spec.cell.clear_share(seq), fault, before)

    def _table_rate(
        self, station: Station, mixture: Composition, now: _Conditions, exposure_s: float
    ) -> Floats:
        """Rate of a full pixel at each q of the table, 1/s."""
        damaged_share = self.spec.beam.damaged_share(now.flux_hz * exposure_s, now.photons_before)
        q_inv_nm = station.optics.table_q_inv_nm
        sample = scatter(assemble(mixture), q_inv_nm, damaged_share=damaged_share) + WATER_INV_CM
        behind = station.scatter_behind(self.spec.thickness_mm, now.fault)
        per_photon_sr = (sample * now.path_mm + behind) / MM_PER_CM
        return now.flux_hz * now.transmission * station.pixel_sr * per_photon_sr


def _left_in_cell(composition: Mapping[str, float], fault: Fault | None) -> Mapping[str, float]:
    """What is in the beam when some surfactant has stuck in the cell."""
    if fault is None or fault.kind != "carry_over":
        return composition
    left = between(LEAST_LEFT, MOST_LEFT, fault.severity)
    mixed = {name: (1 - left) * share for name, share in composition.items()}
    return mixed | {"surfactant": mixed["surfactant"] + left}
