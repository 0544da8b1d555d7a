"""What every strategy is told of the task, and how it begins a decision."""

from pydantic import Field

from models.domain.decision import Decision, DecisionKind, Reason
from models.domain.deck import DeckSpec
from models.domain.frozen import Frozen
from models.domain.history import History
from models.domain.motion import Motion
from models.domain.objective import Objective
from models.domain.seeds import derive_seed
from models.domain.space import Point, SearchSpace
from models.domain.stock import Stock
from models.domain.stop import StopSpec


class Problem(Frozen):
    """The task, the same for every strategy. It goes on record, so that a decision can be computed again."""

    space: SearchSpace
    """Where it may look."""
    objective: Objective
    """What is sought."""
    units: dict[str, str]
    """Unit of each of the objective's features; ``1`` for a pure number."""
    exposure_s: float
    """How long each point is exposed, s."""
    exposures_s: tuple[float, ...] = ()
    """Exposure times to choose from, rising, s; none where `exposure_s` is the only one."""
    seed: int
    """The campaign's seed."""
    motions: dict[str, Motion] = Field(default_factory=dict)
    """How axes move, by name, where the beamline knows: what a journey will take."""
    overhead_s: float = 0.0
    """What a measurement takes besides its exposure, as the campaign file has it, until this campaign's own
    commands tell, s."""
    is_made: bool = False
    """True where each sample is made for its decision and named after it."""
    configurations: dict[str, tuple[float, float]] = Field(default_factory=dict)
    """Where the detector can stand, with the q that it reaches there, 1/nm; none where it cannot be moved."""
    stop: StopSpec = StopSpec()
    """When enough is known; told from the campaign file in force, as `stock` is: both may change."""
    stock: Stock | None = None
    """What may be used up."""
    deck: DeckSpec | None = None
    """What samples are made from and with; None where nobody counts that."""
    n_planned: int | None = None
    """How many measurements the budget allows in all, for which the deck must last."""
    hours_planned: float | None = None
    """How long the budget allows in all, h; None where only measurements are counted."""
    is_time_simulated: bool = False
    """True where hours are those that commands take by the instrument's own clock, not the wall's."""

    @property
    def unit(self) -> str:
        """Unit of the feature that is shown first."""
        return self.units.get(self.objective.quantity, "1")

    def seed_for(self, history: History) -> int:
        """Seed of every draw behind the next decision."""
        return derive_seed(self.seed, "decision", history.next_seq)

    def measure(self, history: History, kind: DecisionKind, point: Point, reason: Reason) -> Decision:
        """A decision to measure at a point, its bookkeeping filled in from the history."""
        return Decision(
            seq=history.next_seq,
            kind=kind,
            point=point,
            reason=reason,
            exposure_s=self.exposure_s,
            seed=self.seed_for(history),
            watermark=history.watermark,
        )

    def end(self, history: History, reason: Reason) -> Decision:
        """A decision to end the campaign."""
        return Decision(
            seq=history.next_seq,
            kind="stop",
            point=None,
            reason=reason,
            watermark=history.watermark,
        )
