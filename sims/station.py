"""What stands around any sample: beam, background, detector, monitor and diode."""

from copy import copy
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from pydantic import Field

from models.domain.frozen import Frozen
from models.domain.geometry import Geometry
from models.domain.scattering import Floats, Mask
from models.domain.seeds import derive_seed
from sims import detector
from sims.beam import BeamSpec
from sims.faults import Fault
from sims.misreadings import count_twice, misread

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
LEAST_SPILL_SHARE, MOST_SPILL_SHARE = 1e-9, 1e-5
"""Shares that pass one that has hardly slipped."""
MOST_MOVED_PX = 3.0
MOST_FLUX_STEP = 0.5
LEAST_OPEN, MOST_OPEN = 1e-6, 0.1
"""Shares of an exposure for which a late shutter is open."""
MOST_PARASITIC = 100.0
"""Factor by which slits scatter at most."""
LEAST_SET_BACK_S, MOST_SET_BACK_S = 0.1, 3600.0
FIRST_NIGHT_S = 1_767_225_600.0
"""Every night begins at this time, s since 1970: 2026-01-01."""
SPILL_ANGLE, MOVED_ANGLE = 0.6, 2.1
"""Directions in which a beam spills and moves, from the columns' axis, rad."""
MOST_BRIGHT_DIODE = 2.0
MM_PER_CM = 10
STANDARD = "standard"
"""Where the detector stands unless it is moved."""


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
    photons: float
    """Photons on the sample in the exposure."""
    taken_s: float
    """When it was taken by the detector's clock, s since 1970."""


@dataclass(frozen=True, eq=False)
class Light:
    """What comes through to the detector during one exposure."""

    flux_hz: float
    """Photons per second on the sample, 1/s."""
    transmission: float
    """Transmitted over incident flux."""
    table_hz: Floats
    """Rate that a full pixel on the axis would count at each q of the table, shape (n_table,), 1/s."""
    extra_hz: Floats | float
    """Rate that does not follow the curve, shape (n_live,) or a number, 1/s."""
    time_s: float = 0.0
    """When, s since the start."""


@dataclass(frozen=True)
class Gauges:
    """What the devices beside the detector read in one exposure."""

    monitor: float
    """Incident flux summed over the exposure, monitor counts."""
    transmission: float
    """Transmitted over incident flux."""
    transmission_sigma: float
    """One standard deviation of the transmission."""


def noise_of(seed: int, seq: int) -> np.random.Generator:
    """Where the noise of one exposure comes from."""
    return np.random.Generator(np.random.SFC64(derive_seed(seed, "frame", seq)))


class Station:
    """The instrument without its sample: stateless, a function of its options and a seed."""

    def __init__(self, beam: BeamSpec, camera: CameraSpec, background: BackgroundSpec, seed: int) -> None:
        """Lay out the detector.

        Parameters
        ----------
        beam, camera, background
            What the station consists of.
        seed
            Bad pixels and noise follow from it.
        """
        self.beam, self.background, self.seed = beam, background, seed
        self.geometry = Geometry(
            distance_mm=camera.distance_mm,
            beam_column_px=camera.beam_column_px,
            beam_row_px=camera.beam_row_px,
            pixel_width_um=detector.PIXEL_UM,
            pixel_height_um=detector.PIXEL_UM,
            wavelength_nm=beam.wavelength_nm,
            n_rows=detector.N_ROWS,
            n_columns=detector.N_COLUMNS,
            detector="Pilatus 1M",
        )
        self._beamstop = detector.Beamstop(camera.beamstop_radius_px, camera.stem_width_px)
        self.optics = detector.make_optics(
            self.geometry, self._beamstop, beam.polarisation, derive_seed(seed, "detector")
        )

    def seen_at(self, q_inv_nm: Floats) -> "Station":
        """The same station with its light asked for at other q, shape (n,), 1/nm: it reads no frame."""
        seen = copy(self)
        seen.optics = replace(self.optics, table_q_inv_nm=q_inv_nm)
        return seen

    @property
    def pixel_mask(self) -> Mask:
        """What the facility hands out: True in gaps, behind the beamstop, on dead and hot pixels."""
        return self.optics.mask

    @property
    def saturation_counts(self) -> int:
        """Where the counter of a pixel stops."""
        return detector.CUTOFF_COUNTS

    @property
    def absolute_scale(self) -> float:
        """Factor to 1/cm, as a calibration with a standard would give it.

        counts / (monitor x transmission x thickness in cm x relative solid angle x polarisation factor),
        less the same of the blank, times this factor is dSigma/dOmega in 1/cm above that of the blank. The
        relative solid angle is cos^3 of the scattering angle, 1 on the axis. The factor is the monitor's
        counts per photon over the solid angle of a pixel on the axis: counts per (photon x sr).
        """
        return self.beam.monitor_counts_per_photon / self.pixel_sr

    @property
    def pixel_sr(self) -> float:
        """Solid angle of a pixel on the axis, sr."""
        return (detector.PIXEL_UM / 1000 / self.geometry.distance_mm) ** 2

    def flux_at(self, time_s: float, fault: Fault | None) -> float:
        """Photons per second after a time since the start, 1/s; next to none when the beam is lost."""
        flux_hz = self.beam.flux_at(time_s)
        match fault.kind if fault else None:
            case "lost_beam":
                return flux_hz * LOST_BEAM_SHARE
            case "flux_step":
                return flux_hz * (1 - MOST_FLUX_STEP * severity_of(fault))
            case _:
                return flux_hz

    def scatter_behind(self, thickness_mm: float, fault: Fault | None = None) -> Floats:
        """Slits, windows and air at each q of the table, shape (n_table,), mm/cm per photon and sr."""
        parasitic = self.background.parasitic_inv_cm * (PARASITIC_Q_INV_NM / self.optics.table_q_inv_nm) ** 4
        if fault and fault.kind == "parasitic":
            parasitic = parasitic * MOST_PARASITIC**fault.severity
        return (parasitic + self.background.air_inv_cm) * thickness_mm

    def stray(self, fault: Fault | None, transmitted_hz: float, thickness_mm: float) -> Floats | float:
        """Dark counts, the streak of a bubble's surface, the direct beam beside the beamstop, 1/s."""
        dark_hz = self.background.dark_hz
        angle = np.pi * fault.severity if fault else 0.0
        match fault.kind if fault else None:
            case "bubble":
                streak_inv_cm = STREAK_INV_CM * detector.draw_streak(self.optics, self.geometry, angle)
                per_photon = streak_inv_cm * thickness_mm / 10 * self.pixel_sr
            case "saturated_frame":
                # the angle keeps it off the arm, which comes in from the other side
                spot = detector.spill_beam(self.optics, self.geometry, self._beamstop, angle)
                per_photon = SPILL_SHARE * spot
            case "spilt_beam":
                spot = detector.spill_beam(self.optics, self.geometry, self._beamstop, SPILL_ANGLE)
                share = between(LEAST_SPILL_SHARE, MOST_SPILL_SHARE, severity_of(fault))
                per_photon = share * spot
            case _:
                return dark_hz
        return dark_hz + transmitted_hz * per_photon

    def read_gauges(self, light: Light, exposure_s: float, rng: np.random.Generator) -> Gauges:
        """What monitor and diode read: before the frame, so that their draws do not depend on it."""
        monitor = float(rng.poisson(light.flux_hz * exposure_s * self.beam.monitor_counts_per_photon))
        sigma = TRANSMISSION_RELATIVE_SIGMA * light.transmission
        return Gauges(monitor, light.transmission + sigma * float(rng.standard_normal()), sigma)

    def read(self, light: Light, *, seq: int, exposure_s: float, fault: Fault | None) -> Shot:
        """What the devices read of that light; `seq` seeds the noise."""
        rng = noise_of(self.seed, seq)
        gauges = self.read_gauges(light, exposure_s, rng)
        optics = self._optics_of(fault)
        open_s = exposure_s * _open_share(fault)
        expected = detector.expect_counts(optics, light.table_hz, open_s, light.extra_hz)
        kind, severity = (fault.kind if fault else None), severity_of(fault)
        set_back_s = between(LEAST_SET_BACK_S, MOST_SET_BACK_S, severity)
        return Shot(
            counts=misread(count_twice(optics, expected, fault, rng), optics, fault, rng),
            monitor=float("nan") if kind == "nan" else gauges.monitor,
            transmission=gauges.transmission
            * (MOST_BRIGHT_DIODE**severity if kind == "bright_diode" else 1.0),
            transmission_sigma=gauges.transmission_sigma,
            exposure_s=exposure_s,
            photons=light.flux_hz * exposure_s * _open_share(fault),
            taken_s=FIRST_NIGHT_S + light.time_s - (set_back_s if kind == "slow_clock" else 0.0),
        )

    def _optics_of(self, fault: Fault | None) -> detector.Optics:
        """What each pixel sees; another part of the pattern when the beam has moved."""
        if fault is None or fault.kind != "moved_beam":
            return self.optics
        moved_px = MOST_MOVED_PX * fault.severity * np.array([np.cos(MOVED_ANGLE), np.sin(MOVED_ANGLE)])
        return detector.move_pattern(self.optics, self.geometry, *moved_px.tolist())


def severity_of(fault: Fault | None) -> float:
    """How badly, 0 to 1; 0 without a fault."""
    return fault.severity if fault else 0.0


def between(low: float, high: float, severity: float) -> float:
    """A size between two, even in logarithm."""
    return low * (high / low) ** severity


def _open_share(fault: Fault | None) -> float:
    """Share of an exposure for which light comes through."""
    if fault is None or fault.kind != "half_shut":
        return 1.0
    return between(MOST_OPEN, LEAST_OPEN, fault.severity)
