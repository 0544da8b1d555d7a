"""The virtual beamline: a mixture goes in, a frame comes out. What it knows, the agent never sees."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydantic import Field

from models.domain.frozen import Frozen
from models.domain.geometry import Geometry
from models.domain.scattering import Floats, Mask
from models.domain.seeds import derive_seed
from sims import detector
from sims.beam import AbsorptionSpec, BeamSpec
from sims.faults import Fault, FaultSpec, draw_fault
from sims.phases import Composition, assemble, read_composition
from sims.scattering import WATER_INV_CM, scatter

PARASITIC_Q_INV_NM = 0.2
"""Where the strength of parasitic scattering is stated."""
TRANSMISSION_RELATIVE_SIGMA = 0.003
"""Precision of the transmission diode."""
LOST_BEAM_SHARE = 1e-6
"""What is left of the flux when the beam is lost."""
STREAK_INV_CM = 5.0
"""Streak of a bubble at q = 0.2 1/nm, as 1/cm of a sample of this thickness."""
SPILL_SHARE = 0.1
"""Share of the direct beam that passes a slipped beamstop."""


class BackgroundSpec(Frozen):
    """What scatters besides the sample; the blank shows the same."""

    parasitic_inv_cm: float = Field(default=0.02, ge=0)
    """Slits and windows at q = 0.2 1/nm, falling as q^-4, as 1/cm of a sample of this thickness."""
    air_inv_cm: float = Field(default=0.004, ge=0)
    """Air and windows, flat, as 1/cm of a sample of this thickness."""
    dark_hz: float = Field(default=1e-4, ge=0)
    """Counts of a pixel without beam, 1/s."""


class CameraSpec(Frozen):
    """Where the detector and its beamstop stand."""

    distance_mm: float = Field(default=1500.0, gt=0)
    """Sample to detector, mm."""
    beam_column_px: float = Field(default=440.6, ge=0, le=detector.N_COLUMNS)
    """Direct beam along columns, pixels from the corner."""
    beam_row_px: float = Field(default=521.3, ge=0, le=detector.N_ROWS)
    """Direct beam along rows, pixels from the corner."""
    beamstop_radius_px: float = Field(default=16.0, ge=8)
    """Radius of the beamstop, pixels."""
    stem_width_px: float = Field(default=9.0, ge=0)
    """Width of the beamstop's arm, pixels."""


class WorldSpec(Frozen):
    """A virtual beamline, as a campaign file may describe it."""

    beam: BeamSpec = BeamSpec()
    """The source."""
    camera: CameraSpec = CameraSpec()
    """The detector's place."""
    background: BackgroundSpec = BackgroundSpec()
    """Scattering that is not the sample's."""
    absorption: AbsorptionSpec = AbsorptionSpec()
    """Absorption of the components."""
    faults: FaultSpec = FaultSpec()
    """What goes wrong."""
    thickness_mm: float = Field(default=1.0, gt=0)
    """Path through the sample, mm."""
    cycle_s: float = Field(default=60.0, ge=0)
    """Virtual time from one decision to the next, s: the flux decays by it."""


@dataclass(frozen=True, eq=False)
class Shot:
    """What the devices read in one exposure."""

    counts: npt.NDArray[np.int32]
    """Counts, shape (n_rows, n_columns); -1 in the gaps."""
    monitor: float
    """Incident flux summed over the exposure, monitor counts; NaN when the reading failed."""
    transmission: float
    """Transmitted over incident flux, as the diode reads it."""
    transmission_sigma: float
    """One standard deviation of the transmission."""
    exposure_s: float
    """Exposure time, s."""


@dataclass(frozen=True)
class _Conditions:
    """What holds during one exposure."""

    flux_hz: float
    """Photons per second on the sample."""
    path_mm: float
    """Path through the liquid."""
    transmission: float
    """Transmitted over incident flux."""
    fault: Fault | None


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
        camera = spec.camera
        self.geometry = Geometry(
            distance_mm=camera.distance_mm,
            beam_column_px=camera.beam_column_px,
            beam_row_px=camera.beam_row_px,
            pixel_width_um=detector.PIXEL_UM,
            pixel_height_um=detector.PIXEL_UM,
            wavelength_nm=spec.beam.wavelength_nm,
            n_rows=detector.N_ROWS,
            n_columns=detector.N_COLUMNS,
            detector="Pilatus 1M",
        )
        self._beamstop = detector.Beamstop(camera.beamstop_radius_px, camera.stem_width_px)
        self._optics = detector.make_optics(
            self.geometry, self._beamstop, spec.beam.polarisation, derive_seed(seed, "detector")
        )

    @property
    def pixel_mask(self) -> Mask:
        """What the facility hands out: True in gaps, behind the beamstop, on dead and hot pixels."""
        return self._optics.mask

    @property
    def saturation_counts(self) -> int:
        """Where the counter of a pixel stops."""
        return detector.CUTOFF_COUNTS

    @property
    def thickness_mm(self) -> float:
        """Path through the sample, mm."""
        return self.spec.thickness_mm

    @property
    def absolute_scale(self) -> float:
        """Factor to 1/cm, as a calibration with a standard would give it.

        counts / (monitor x transmission x thickness in cm x relative solid angle x polarisation factor),
        less the same of the blank, times this factor is dSigma/dOmega in 1/cm above that of water. The
        relative solid angle is cos^3 of the scattering angle, 1 on the axis. The factor is the monitor's
        counts per photon over the solid angle of a pixel on the axis: counts per (photon x sr).
        """
        return self.spec.beam.monitor_counts_per_photon / self._pixel_sr

    @property
    def _pixel_sr(self) -> float:
        """Solid angle of a pixel on the axis."""
        return (detector.PIXEL_UM / 1000 / self.spec.camera.distance_mm) ** 2

    def fault(self, seq: int) -> Fault | None:
        """What goes wrong with that decision; the device enacts `stuck_motor`, `expose` all others."""
        return draw_fault(self.spec.faults, self.seed, seq)

    def expose(self, composition: Mapping[str, float], *, seq: int, exposure_s: float) -> Shot:
        """Expose a mixture: the same spec, seed, seq, composition and time give the same bits.

        Parameters
        ----------
        composition
            Mass fractions of surfactant, cosurfactant and water.
        seq
            `seq` of the decision; seeds the noise, and sets the virtual time to ``seq x cycle_s``.
        exposure_s
            Exposure time, s.

        Raises
        ------
        UnreachablePoint
            When the mixture cannot be made.
        """
        mixture = read_composition(composition)
        rng = np.random.Generator(np.random.SFC64(derive_seed(self.seed, "frame", seq)))
        now = self._conditions(composition, seq)
        # the diode and the monitor are read before the frame, so that their draws do not depend on it
        photons = now.flux_hz * exposure_s
        monitor = float(rng.poisson(photons * self.spec.beam.monitor_counts_per_photon))
        sigma = TRANSMISSION_RELATIVE_SIGMA * now.transmission
        transmission = now.transmission + sigma * float(rng.standard_normal())
        table_hz = self._table_rate(mixture, now, exposure_s)
        extra_hz = self._extra_rate(now)
        expected = detector.expect_counts(self._optics, table_hz, exposure_s, extra_hz)
        return Shot(
            counts=detector.read_out(self._optics, expected, rng),
            monitor=float("nan") if now.fault and now.fault.kind == "nan" else monitor,
            transmission=transmission,
            transmission_sigma=sigma,
            exposure_s=exposure_s,
        )

    def _conditions(self, composition: Mapping[str, float], seq: int) -> _Conditions:
        """Beam and path of one exposure, after faults."""
        fault = self.fault(seq)
        flux_hz = self.spec.beam.flux_at(seq * self.spec.cycle_s)
        path_mm = self.spec.thickness_mm
        if fault and fault.kind == "bubble":
            # at least half the path is air, so that even the strongest absorber transmits too much
            path_mm *= 0.5 - 0.4 * fault.severity
        if fault and fault.kind == "lost_beam":
            flux_hz *= LOST_BEAM_SHARE
        return _Conditions(flux_hz, path_mm, self.spec.absorption.transmit(composition, path_mm), fault)

    def _table_rate(self, mixture: Composition, now: _Conditions, exposure_s: float) -> Floats:
        """Rate of a full pixel at each q of the table, 1/s."""
        q_inv_nm = self._optics.table_q_inv_nm
        background, beam = self.spec.background, self.spec.beam
        damaged_share = beam.damaged_share(now.flux_hz * exposure_s)
        sample = scatter(assemble(mixture), q_inv_nm, damaged_share=damaged_share) + WATER_INV_CM
        parasitic = background.parasitic_inv_cm * (PARASITIC_Q_INV_NM / q_inv_nm) ** 4
        per_photon_sr = (
            sample * now.path_mm + (parasitic + background.air_inv_cm) * self.spec.thickness_mm
        ) / 10
        return now.flux_hz * now.transmission * self._pixel_sr * per_photon_sr

    def _extra_rate(self, now: _Conditions) -> Floats | float:
        """Dark counts, the streak of a bubble's surface, the direct beam beside the beamstop, 1/s."""
        dark_hz = self.spec.background.dark_hz
        transmitted_hz = now.flux_hz * now.transmission
        angle = np.pi * now.fault.severity if now.fault else 0.0
        match now.fault.kind if now.fault else None:
            case "bubble":
                streak_inv_cm = STREAK_INV_CM * detector.draw_streak(self._optics, self.geometry, angle)
                per_photon = streak_inv_cm * self.spec.thickness_mm / 10 * self._pixel_sr
            case "saturated_frame":
                # the angle keeps it off the arm, which comes in from the other side
                spot = detector.spill_beam(self._optics, self.geometry, self._beamstop, angle)
                per_photon = SPILL_SHARE * spot
            case _:
                return dark_hz
        return dark_hz + transmitted_hz * per_photon
