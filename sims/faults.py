"""What goes wrong, and when: drawn from the world's seed for each decision, or listed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Self, get_args

import numpy as np
from pydantic import Field, model_validator

from models.domain.frozen import Frozen
from models.domain.seeds import derive_seed

FaultKind = Literal[
    "bubble", "lost_beam", "stuck_motor", "nan", "saturated_frame", "spilt_beam", "moved_beam", "parasitic",
    "flux_step", "half_shut", "damage", "precipitate", "carry_over", "dead_chips", "zinger", "gain",
    "bright_diode", "stale_frame", "slow_clock", "wrong_pixels", "clog", "power_cut",
]  # fmt: skip


class FaultRule(Frozen):
    """When one kind of fault strikes."""

    probability: float = Field(default=0.0, ge=0, le=1)
    """Chance for each exposure, 0 to 1."""
    at: tuple[int, ...] = ()
    """`seq` of decisions that it strikes for certain."""
    severity: float | None = Field(default=None, ge=0, le=1)
    """How badly, 0 to 1; drawn for each decision when left out."""


class FaultSpec(Frozen):
    """Which faults may strike; none by default."""

    bubble: FaultRule = FaultRule()
    """Air in the beam: transmission too high, scattering too low, a streak at low q."""
    lost_beam: FaultRule = FaultRule()
    """No photons: monitor and frame hold dark counts only."""
    stuck_motor: FaultRule = FaultRule()
    """The sample changer does not arrive. The device enacts it; the frame is not touched."""
    nan: FaultRule = FaultRule()
    """The monitor reads NaN."""
    saturated_frame: FaultRule = FaultRule()
    """The direct beam spills past the beamstop: with 0.2 s and more, pixels there stop at their limit."""
    spilt_beam: FaultRule = FaultRule()
    """Little of the direct beam spills past the beamstop: from 1e-9 to 1e-5 of it."""
    moved_beam: FaultRule = FaultRule()
    """The beam, and with it the pattern, has moved on the detector, by up to 3 pixels."""
    parasitic: FaultRule = FaultRule()
    """Slits and windows scatter up to 100 times as strongly."""
    flux_step: FaultRule = FaultRule()
    """The flux falls by up to a half, and the monitor with it."""
    half_shut: FaultRule = FaultRule()
    """The shutter opens late: light reaches the detector for 1/10 to 1e-6 of the time."""
    damage: FaultRule = FaultRule()
    """The sample was in the beam before, for 1e9 to 1e13 photons."""
    precipitate: FaultRule = FaultRule()
    """Something has settled in the beam: up to a fifth less is transmitted."""
    carry_over: FaultRule = FaultRule()
    """From 1e-5 to a tenth of what is in the beam is surfactant that stuck in the cell."""
    dead_chips: FaultRule = FaultRule()
    """Up to 16 readout chips of the detector, one module, read zero."""
    zinger: FaultRule = FaultRule()
    """A cosmic ray lights one pixel: from 1 to 100,000 counts."""
    gain: FaultRule = FaultRule()
    """A threshold too low: photons are shared with the next pixel, and up to 30 % count twice."""
    bright_diode: FaultRule = FaultRule()
    """The diode reads up to twice as much."""
    stale_frame: FaultRule = FaultRule()
    """The detector hands its last frame out once more. The device enacts it."""
    slow_clock: FaultRule = FaultRule()
    """The detector's clock is set back, by 0.1 s to an hour."""
    wrong_pixels: FaultRule = FaultRule()
    """The file's header states the pixels of another detector. The device enacts it."""
    clog: FaultRule = FaultRule()
    """The sample does not arrive in the flow cell. The device enacts it, where there is such a cell."""
    power_cut: FaultRule = FaultRule()
    """The computer stops in the middle of making that sample, once: the process is killed without warning.
    The device enacts it."""

    def rules(self) -> Iterator[tuple[FaultKind, FaultRule]]:
        """Every kind with its rule, in the order of the fields."""
        for kind in get_args(FaultKind):
            yield kind, getattr(self, kind)

    @model_validator(mode="after")
    def _at_most_one_fault_at_a_time(self) -> Self:
        total = sum(rule.probability for _, rule in self.rules())
        if total > 1 + 1e-9:
            raise ValueError(f"the probabilities of faults add up to {total:g}, at most 1; lower them")
        listed = [seq for _, rule in self.rules() for seq in sorted(set(rule.at))]
        twice = sorted({seq for seq in listed if listed.count(seq) > 1})
        if twice:
            raise ValueError(f"seq {twice[0]} is listed for two kinds of fault; keep one")
        return self


@dataclass(frozen=True)
class Fault:
    """One fault of one exposure."""

    kind: FaultKind
    """What goes wrong."""
    severity: float
    """How badly, 0 to 1."""


def draw_fault(spec: FaultSpec, seed: int, seq: int) -> Fault | None:
    """The fault of one decision: listed, or drawn from (seed, seq) and nothing else.

    A repeat has a new `seq` and so a new draw.
    """
    rng = np.random.default_rng(derive_seed(seed, "fault", seq))
    chance, severity = rng.random(2).tolist()
    for kind, rule in spec.rules():
        if seq in rule.at:
            return Fault(kind, severity if rule.severity is None else rule.severity)
    for kind, rule in spec.rules():
        if chance < rule.probability:
            return Fault(kind, severity if rule.severity is None else rule.severity)
        chance -= rule.probability
    return None
