"""What a loop is built from."""

from collections.abc import Callable
from dataclasses import dataclass, field

from agent.people import Terms
from agent.ports import (
    Analysis,
    DecisionLog,
    Instrument,
    Milestones,
    Narrator,
    Strategy,
    no_milestones,
)  # fmt: skip
from models.domain.records import Event


def nothing_came_up() -> tuple[Event, ...]:
    """Nothing happens beside the loop."""
    return ()


@dataclass(frozen=True)
class Parts:
    """What the loop is built from."""

    instrument: Instrument
    """What measures."""
    analysis: Analysis
    """What reads."""
    strategy: Strategy
    """What chooses."""
    log: DecisionLog
    """What remembers."""
    narrator: Narrator
    """What tells a person."""
    milestones: Milestones = no_milestones
    """What is worth keeping besides a decision."""
    terms: Terms = field(default_factory=Terms)
    """How people may interfere."""
    outbox: Callable[[], tuple[Event, ...]] = nothing_came_up
    """What came up beside the loop and belongs on record: a notice that could not be sent."""
