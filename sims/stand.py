"""How the set-up stands during one exposure: what is let through, and what the spot has taken before."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Stand:
    """Besides what is in the beam."""

    attenuation: float = 1.0
    """Share of the beam that the attenuator lets through, above 0 to 1."""
    photons_before: float = 0.0
    """Photons that this spot of the sample has taken in earlier exposures."""
    configuration: str | None = None
    """Where the detector stands, by name; None for the only place."""
    offset_mm: float = 0.0
    """How far the cell is shifted across the beam, mm."""
    pitch_mrad: float = 0.0
    """Pitch of the mirror that steers the beam, mrad."""
