"""How the instrument stands for one exposure, besides what is in the beam; and when it is readjusted."""

from itertools import pairwise
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from models.domain.frozen import Frozen


class Setup(Frozen):
    """Where everything stands: absolute, so that it can be set again at any time."""

    attenuation: float = Field(default=1.0, gt=0, le=1)
    """Share of the beam that the attenuator lets through."""
    spot: int = Field(default=0, ge=0)
    """Which fresh spot of the sample is in the beam, from 0."""
    configuration: str | None = None
    """Where the detector stands, by name; None where there is one place only."""
    offset_mm: float = 0.0
    """How far the sample is shifted across the beam, from where it was loaded at first, mm."""
    steering: float | None = None
    """Where the beam is steered, in its device's unit; None where nobody steers it."""
    rinses: int = Field(default=0, ge=0)
    """How often the cell is rinsed beyond what is usual, before the sample is loaded once more; 0 leaves what
    is in it."""
    rinse_ul: float = Field(default=0.0, ge=0)
    """What that takes of what there is to rinse with, uL."""
    looks_for: Literal["sample", "beam", "load"] | None = None
    """What this exposure is a look for: only its monitor and its diode count; None for all others."""
    adds_to: tuple[int, ...] = ()
    """`seq` of earlier decisions whose frames are added to this one's before it is read."""

    def text(self) -> str:
        """In words: ``0.1 of the beam, spot 1, the detector at 'far', added to decisions 2, 3``."""
        parts = [f"{self.attenuation:g} of the beam" if self.attenuation < 1 else "the full beam"]
        parts.append(f"spot {self.spot}")
        if self.offset_mm:
            parts.append(f"the sample shifted by {self.offset_mm:.4g} mm")
        if self.steering is not None:
            parts.append(f"the beam steered to {self.steering:.4g}")
        if self.rinses:
            parts.append(f"loaded again after {self.rinses} more rinse{'s' if self.rinses > 1 else ''}")
        if self.looks_for is not None:
            parts.append(f"a look {'at' if self.looks_for == 'load' else 'for'} the {self.looks_for}")
        if self.configuration is not None:
            parts.append(f"the detector at {self.configuration!r}")
        if self.adds_to:
            s = "s" if len(self.adds_to) > 1 else ""
            parts.append(f"added to decision{s} {', '.join(map(str, self.adds_to))}")
        return ", ".join(parts)


class Sweep(Frozen):
    """Between which places a device is looked along for the best one, and in which steps; all in its unit."""

    low: float
    """Lowest place."""
    high: float
    """Highest place."""
    step: float = Field(gt=0)
    """From one look to the next: half of what is looked for, or less."""
    start: float = 0.0
    """Where it stands when a campaign begins."""

    @model_validator(mode="after")
    def _reaches_further_than_a_step(self) -> Self:
        if not self.low <= self.start <= self.high:
            raise ValueError(f"start = {self.start:g} is not from low = {self.low:g} to high = {self.high:g}")
        if self.step > self.high - self.low:
            raise ValueError(f"step = {self.step:g} is more than from low to high; make it smaller")
        return self


class SetupSpec(Frozen):
    """When a measurement is readjusted and taken again, and within which limits."""

    feature: str | None = None
    """Feature that must be known well enough; the objective's own when left out."""
    sigma: float | None = Field(default=None, gt=0)
    """Count until one standard deviation of the feature is this or less, in its unit."""
    relative_sigma: float | None = Field(default=None, gt=0, lt=1)
    """The same as a share of the feature's value."""
    shortest_s: float = Field(default=1e-3, gt=0)
    """Shortest exposure that the shutter can make, s."""
    longest_s: float = Field(default=60.0, gt=0)
    """Longest single exposure, s; more is counted in several."""
    spot_dose_s: float | None = Field(default=None, gt=0)
    """What one spot of a sample may take at most, in seconds of the full beam; it is never exceeded."""
    spots: int = Field(default=1, ge=1)
    """How many fresh spots a sample has."""
    attenuations: tuple[float, ...] = (1.0,)
    """Shares of the beam that the attenuator can let through, falling from 1."""
    centring: Sweep | None = None
    """Along which shifts across the beam a sample is looked for that the beam has missed, mm."""
    steering: Sweep | None = None
    """Along which places of the steering device the beam is looked for when it has become weak."""
    steer_below: float = Field(default=0.9, gt=0, lt=1)
    """Share of the best monitor rate since the last search below which the beam is looked for."""
    attempts: int = Field(default=8, ge=1, le=50)
    """How often one sample is readjusted at most."""

    @field_validator("attenuations")
    @classmethod
    def _attenuations_fall(cls, shares: tuple[float, ...]) -> tuple[float, ...]:
        if not shares or shares[0] > 1 or shares[-1] <= 0 or any(b >= a for a, b in pairwise(shares)):
            raise ValueError(f"{list(shares)} do not fall from 1 to above 0; sort them, each once")
        return shares

    @model_validator(mode="after")
    def _one_aim(self) -> Self:
        if self.shortest_s > self.longest_s:
            raise ValueError(
                f"shortest_s = {self.shortest_s:g} s is more than longest_s = {self.longest_s:g} s; lower it"
            )
        if self.sigma is not None and self.relative_sigma is not None:
            raise ValueError("sigma and relative_sigma are both given; keep one")
        if self.feature is not None and self.sigma is None and self.relative_sigma is None:
            raise ValueError(f"feature {self.feature!r} has no aim; add sigma or relative_sigma")
        return self

    def aim(self, value: float) -> float | None:
        """Sigma that is asked for of a feature of that value, in its unit; None where none is."""
        if self.relative_sigma is not None:
            return self.relative_sigma * abs(value)
        return self.sigma
