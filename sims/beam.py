"""The beam and what the sample does to it: flux in time, absorption, dose."""

import math
from collections.abc import Mapping

from pydantic import Field

from models.domain.clock import SECONDS_PER_HOUR
from models.domain.frozen import Frozen
from sims.phases import COMPONENTS


class BeamSpec(Frozen):
    """The source, as it is on the sample."""

    flux_hz: float = Field(default=2e10, gt=0)
    """Photons per second on the sample right after a top-up, 1/s."""
    lifetime_h: float = Field(default=6.0, gt=0)
    """Time in which the stored current falls to 1/e, h."""
    top_up_h: float = Field(default=0.5, gt=0)
    """Time between top-ups, h."""
    wavelength_nm: float = Field(default=0.1, gt=0)
    """X-ray wavelength, nm."""
    polarisation: float = Field(default=0.98, ge=-1, le=1)
    """Degree of linear polarisation in the plane of the ring."""
    monitor_counts_per_photon: float = Field(default=1e-4, gt=0, le=1)
    """Counts of the incident monitor for a photon on the sample."""
    damage_photons: float = Field(default=1e13, gt=0)
    """Photons after which all but 1/e of a sample has turned into aggregates."""

    def flux_at(self, time_s: float) -> float:
        """Photons per second after a time since the start, 1/s."""
        since_top_up_h = math.fmod(time_s / SECONDS_PER_HOUR, self.top_up_h)
        return self.flux_hz * math.exp(-since_top_up_h / self.lifetime_h)

    def damaged_share(self, photons: float, photons_before: float = 0.0) -> float:
        """Share that is damaged, averaged over an exposure of so many photons, 0 to 1.

        Parameters
        ----------
        photons
            Of this exposure.
        photons_before
            That the spot took in earlier ones.
        """
        dose = photons / self.damage_photons
        # the mean of 1 - exp(-x) from 0 to dose; expm1 keeps its digits where dose is small
        own = 1 + math.expm1(-dose) / dose if dose > 1e-4 else dose / 2
        earlier = photons_before / self.damage_photons
        return own * math.exp(-earlier) - math.expm1(-earlier)


class AbsorptionSpec(Frozen):
    """How strongly each component absorbs at the beam's wavelength."""

    surfactant: float = Field(default=4.5, ge=0)
    """Linear absorption coefficient of pure surfactant (a bromide), 1/cm."""
    cosurfactant: float = Field(default=3.2, ge=0)
    """Linear absorption coefficient of pure cosurfactant (a phospholipid), 1/cm."""
    water: float = Field(default=2.9, ge=0)
    """Linear absorption coefficient of water at 12.4 keV, 1/cm."""

    def transmit(self, fractions: Mapping[str, float], path_mm: float) -> float:
        """Transmitted over incident flux for a path through a mixture (Beer and Lambert)."""
        coefficient_inv_cm = sum(fractions[name] * getattr(self, name) for name in COMPONENTS)
        return math.exp(-coefficient_inv_cm * path_mm / 10)
