"""What goes wrong, and when: drawn from the world's seed for each decision, or listed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Self, get_args

import numpy as np
from pydantic import Field, model_validator

from models.domain.frozen import Frozen
from models.domain.seeds import derive_seed

FaultKind = Literal["bubble", "lost_beam", "stuck_motor", "nan", "saturated_frame"]


class FaultRule(Frozen):
    """When one kind of fault strikes."""

    probability: float = Field(default=0.0, ge=0, le=1)
    """Chance for each exposure, 0 to 1."""
    at: tuple[int, ...] = ()
    """`seq` of decisions that it strikes for certain."""


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
            return Fault(kind, severity)
    for kind, rule in spec.rules():
        if chance < rule.probability:
            return Fault(kind, severity)
        chance -= rule.probability
    return None
