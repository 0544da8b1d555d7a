"""An instrument that yields curves and no frames: nothing moves, no file is written, time is counted."""

from dataclasses import dataclass
from typing import Protocol

from instruments.commands import commands_of
from instruments.virtual_clock import VirtualClock
from models.domain.action import Action, ActionKind, ActionReport, Exposure
from models.domain.decision import Decision
from models.domain.errors import BeamlineFault
from models.saxs.curve_analysis import Shown


class CurveSource(Protocol):
    """Where curves come from."""

    def bring(self, decision: Decision) -> None:
        """Bring a decision's sample into the beam.

        Raises
        ------
        BeamlineFault
            When a device would fail.
        """
        ...

    def show(self, decision: Decision, action_id: str) -> Shown:
        """The curve of a decision's sample, exposed as long as it says.

        Raises
        ------
        UnreachablePoint
            When there is no such sample, or it cannot be made.
        """
        ...


@dataclass(frozen=True)
class Handling:
    """How samples come into the beam."""

    is_made: bool = False
    """Whether each is made for its decision."""
    has_samples: bool = False
    """Whether samples have names."""
    prepare_s: float = 0.0
    """How long it takes to make one, s."""


class CurveInstrument:
    """Measures with a source of curves: the `Instrument` port."""

    def __init__(self, campaign: str, source: CurveSource, handling: Handling) -> None:
        """Take the source.

        Parameters
        ----------
        campaign
            Name of the campaign; goes into every command.
        source
            Where curves come from.
        handling
            How samples come into the beam.
        """
        self._campaign, self._source, self._handling = campaign, source, handling
        self._shown: dict[str, Shown] = {}
        self.clock = VirtualClock()
        """Tells the seconds that all this would have taken."""

    def actions(self, decision: Decision) -> tuple[Action, ...]:
        """The commands that a decision asks for, in order: those of a real instrument."""
        handling = self._handling
        return commands_of(
            self._campaign, decision, is_made=handling.is_made, has_samples=handling.has_samples
        )

    def perform(self, action: Action, decision: Decision) -> ActionReport:
        """Carry out one command.

        Raises
        ------
        BeamlineFault, UnreachablePoint
            When a device would fail, or there is no such sample.
        """
        took_s = self._duration_s(action.kind, decision)
        self.clock.spend(took_s)
        exposure = None
        if action.kind == "load":
            self._source.bring(decision)
        if action.kind == "expose":
            self._shown[action.action_id] = self._source.show(decision, action.action_id)
            exposure = self._exposure(action, decision)
        return ActionReport(
            action_id=action.action_id,
            status="succeeded",
            sentence=f"Did {action.kind} for decision {action.seq}, as far as a rehearsal does.",
            exposure=exposure,
            duration_s=took_s,
        )

    def reconcile(self, action: Action, decision: Decision) -> ActionReport:
        """Nothing is ever left half done: a command that failed did nothing."""
        del decision
        return ActionReport(action_id=action.action_id, status="failed", sentence="Nothing was done.")

    def make_safe(self) -> None:
        """There is nothing to close."""

    def shown(self, exposure: Exposure) -> Shown:
        """What an exposure brought back.

        Raises
        ------
        BeamlineFault
            When it was none of this instrument's.
        """
        found = self._shown.get(exposure.action_id)
        if found is None:
            raise BeamlineFault(f"{exposure.action_id}: there is no such curve in memory.")
        return found

    def _duration_s(self, kind: ActionKind, decision: Decision) -> float:
        return {"prepare": self._handling.prepare_s, "load": 0.0, "expose": decision.exposure_s}[kind]

    def _exposure(self, action: Action, decision: Decision) -> Exposure:
        assert decision.point is not None
        return Exposure(
            seq=action.seq,
            action_id=action.action_id,
            run_uid="",
            point=decision.point,
            exposure_s=decision.exposure_s,
            assets=(),
        )
