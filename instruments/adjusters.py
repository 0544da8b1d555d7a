"""Devices that readjust the set-up: attenuator, fresh spots, places of the detector, alignment."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bluesky.protocols import Movable

from models.domain.setup import Setup

QRange = tuple[float, float]
"""Lowest and highest q that a place of the detector reaches, 1/nm."""


@dataclass(frozen=True)
class Adjusters:
    """What a beamline can readjust; None where it cannot."""

    attenuator: Movable[float] | None = None
    """Takes the share of the beam that it lets through, above 0 to 1."""
    spot: Movable[int] | None = None
    """Brings a fresh spot of the sample into the beam: 0 is the first."""
    n_spots: int = 1
    """How many fresh spots a sample has."""
    camera: Movable[str] | None = None
    """Takes the name of a configuration: where the detector stands."""
    configurations: Mapping[str, QRange] = field(default_factory=dict)
    """Reach in q by configuration, the one that a campaign begins in first."""

    aligner: Movable[float] | None = None
    """Shifts the sample across the beam, mm."""
    steerer: Movable[float] | None = None
    """Steers the beam, such as the pitch of a mirror, in a unit of its own."""

    def moves(self, setup: Setup) -> Iterator[tuple[Movable[Any], Any, str]]:
        """Devices with what they are set to, and the unit: absolute, so that they may be set again."""
        if self.attenuator is not None:
            yield self.attenuator, setup.attenuation, ""
        if self.spot is not None:
            yield self.spot, setup.spot, ""
        if self.camera is not None and setup.configuration is not None:
            yield self.camera, setup.configuration, ""
        if self.aligner is not None:
            yield self.aligner, setup.offset_mm, " mm"
        if self.steerer is not None and setup.steering is not None:
            yield self.steerer, setup.steering, ""

    def devices(self) -> Iterator[tuple[str, Any]]:
        """Every device with what it is for."""
        yield from (
            ("attenuator", self.attenuator), ("spot", self.spot), ("camera", self.camera),
            ("aligner", self.aligner), ("steerer", self.steerer),
        )  # fmt: skip


NOTHING = Adjusters()
"""A beamline that cannot be readjusted."""
