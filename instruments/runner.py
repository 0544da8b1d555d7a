"""The instrument that the loop talks to: one RunEngine call per action, one plain sentence per fault."""

import contextlib
import logging
import math
import sys
import time
from pathlib import Path
from typing import Any

from bluesky.utils import MsgGenerator

from instruments import plans
from instruments.beamline import Beamline, Fenced, TakesTransfers, device_name
from instruments.commands import commands_of
from instruments.documents import DocumentWriter
from instruments.engine import SturdyEngine
from instruments.faults import explain
from instruments.fence import Permit, fenced
from instruments.overlapping import MixBeside, doing_text, expose_beside, survivable
from instruments.patience import Patience, close_directly
from instruments.reconcile import reconcile, report_exposure
from models.domain.action import Action, ActionReport, Outcome
from models.domain.decision import Decision
from models.domain.errors import BeamlineFault, BeamlineUnsafe, LeaseLost, LogUnavailable, NightbeamError

N_MOVES = 6
"""Moves that a plan waits for one after the other, at most."""
GRACE_S = 30.0
"""What a plan may take besides its waits, such as reading devices, s."""
CLOSE_S = 5.0
"""Longest wait for the RunEngine's thread to end, s."""


def elapsed_s(began_s: float, ended_s: float) -> float | None:
    """Time between two readings of a clock, s, to the microsecond; None when the clock tells nonsense."""
    seconds = ended_s - began_s
    return round(seconds, 6) if math.isfinite(seconds) and seconds >= 0 else None


class BlueskyInstrument:
    """Measures with any beamline of ophyd devices; the `Instrument` port."""

    def __init__(self, beamline: Beamline, campaign: str, folder: Path, permit: Permit | None = None) -> None:
        """Own a RunEngine for these devices.

        Parameters
        ----------
        beamline
            The devices.
        campaign
            Name of the campaign; goes into every document.
        folder
            Where documents and frames go.
        permit
            The right to use the instrument, asked before every command; without one, nobody is asked.
        """
        self._beamline, self._permit = beamline, permit or Permit()
        self._campaign = campaign
        self._folder = folder.resolve()
        self._writer = DocumentWriter(self._folder)
        # Faults are told in one sentence; Bluesky's tracebacks are for whoever sets up logging.
        for library in ("bluesky", "ophyd"):
            logging.getLogger(library).addHandler(logging.NullHandler())
        # Signals are the loop's to handle, and no window is to be kept alive while a plan runs.
        self._wait = Patience(self._permit.renew)
        self._engine = SturdyEngine(self._wait)
        self._wait.abort = self._engine.abort
        self._wait.is_alive = lambda: self._engine.is_alive
        self._engine.subscribe(self._writer)

    def actions(self, decision: Decision) -> tuple[Action, ...]:
        """The physical commands that a decision asks for, in order. Nothing moves."""
        beamline = self._beamline
        is_made = beamline.dispenser is not None
        return commands_of(
            self._campaign,
            decision,
            is_made=is_made,
            has_samples=is_made or beamline.changer is not None,
            makes_ahead=isinstance(beamline.dispenser, TakesTransfers),
        )

    def perform(self, action: Action, decision: Decision) -> ActionReport:
        """Give one command and wait for its end.

        Raises
        ------
        BeamlineFault, UnreachablePoint
            When a device fails or the point cannot be presented. The shutter is closed then. Files that a
            failed exposure left behind are named by `reconcile`.
        BeamlineUnsafe
            When the shutter does not close after that.
        LeaseLost
            When another agent has taken over: then nothing is touched any more, not even the shutter.
        LogUnavailable
            When documents or frames cannot be written, or nobody can tell whose the instrument is.
        """
        doing = doing_text(action)
        try:
            began_s = self._beamline.clock()
            self._run(fenced(self._plan(action, decision), self._beamline, self._permit), decision.exposure_s)
            took_s = elapsed_s(began_s, self._beamline.clock())
            if action.kind == "expose":
                report = report_exposure(self._beamline, self._folder, action)
                return report.model_copy(update={"duration_s": took_s})
        except Exception as error:  # a device's code is not ours: whatever it raises is its fault
            raise self._made_safe(error, doing) from error
        sentence = f"Did {doing}."
        return ActionReport(
            action_id=action.action_id, status="succeeded", sentence=sentence, duration_s=took_s
        )

    def perform_together(self, pair: tuple[Action, Action], decision: Decision) -> tuple[Outcome, Outcome]:
        """Make a sample while another one is exposed, and wait for the end of both.

        Each ends by itself: a mix that fails does not break the exposure off, nor the other way round.

        Returns
        -------
        tuple of ActionReport, BeamlineFault or UnreachablePoint
            What came of the mix, whose own time nobody stopped, and of the exposure.

        Raises
        ------
        BeamlineUnsafe, LeaseLost, LogUnavailable
            As `perform` does.
        """
        mix, exposed = MixBeside(self._beamline), pair[1]
        try:
            began_s = self._beamline.clock()
            metadata = self._metadata(exposed, decision)
            plan = expose_beside(mix, pair, decision, self._permit.fence, metadata)
            self._run(fenced(plan, self._beamline, self._permit), decision.exposure_s)
            took_s = elapsed_s(began_s, self._beamline.clock())
            report = report_exposure(self._beamline, self._folder, exposed)
            outcome: Outcome = report.model_copy(update={"duration_s": took_s})
        except Exception as error:  # a device's code is not ours: whatever it raises is its fault
            outcome = survivable(self._made_safe(error, doing_text(exposed)))
        return mix.outcome(pair[0]), outcome

    def reconcile(self, action: Action, decision: Decision) -> ActionReport:
        """What became of a command that was given before a crash, or that ended in a fault.

        Raises
        ------
        LeaseLost
            When the dispenser says that another agent has taken over.
        LogUnavailable
            When the dispenser's journal cannot be written.
        """
        del decision
        self._raise_fence()
        return reconcile(self._beamline, self._folder, action)

    def make_safe(self) -> None:
        """Close the shutter.

        Raises
        ------
        BeamlineFault
            When it does not close. Then a person must.
        LeaseLost
            When the instrument is another agent's: it is theirs to close.
        """
        handled = sys.exception()
        with contextlib.suppress(LogUnavailable):
            self._permit.check()
        try:
            if self._engine.state == "paused":
                self._engine.abort("made safe")
            if self._engine.state == "idle":
                self._run(plans.close_shutter(self._beamline))
            elif self._beamline.shutter is not None:
                # An engine that broke in the middle of a plan takes no more plans.
                close_directly(self._beamline.shutter, self._beamline.timeouts.move_s)
        except Exception as error:  # whatever a shutter raises, a person must know that it may be open
            fault = explain(error, "make safe", handled)
            if isinstance(fault, LeaseLost):
                raise fault from error
            raise BeamlineFault(f"The shutter did not close ({fault}). Close it by hand.") from error
        with contextlib.suppress(LogUnavailable):  # the shutter is what counts here; reconcile asks again
            self._raise_fence()

    def close(self) -> None:
        """Stop the RunEngine's thread; the instrument cannot be used afterwards."""
        self._writer.close()
        loop = self._engine.loop
        loop.call_soon_threadsafe(loop.stop)
        deadline = time.monotonic() + CLOSE_S
        while loop.is_running() and time.monotonic() < deadline:
            time.sleep(0.001)
        if not loop.is_running():
            loop.close()

    def _run(self, plan: MsgGenerator[Any], exposure_s: float = 0.0) -> None:
        timeouts = self._beamline.timeouts
        waits_s = N_MOVES * timeouts.move_s + timeouts.mix_s + exposure_s + timeouts.readout_s
        self._wait.longest_s = waits_s + GRACE_S
        try:
            self._engine(plan)
        finally:
            why, self._wait.why_aborted = self._wait.why_aborted, None
            if why is not None:
                raise why

    def _raise_fence(self) -> None:
        """Shut out commands of an agent that was taken for dead and that are still on their way."""
        if isinstance(self._beamline.dispenser, Fenced):
            self._beamline.dispenser.refuse_below(self._permit.fence)

    def _plan(self, action: Action, decision: Decision) -> MsgGenerator[Any]:
        if action.kind == "prepare":
            return plans.prepare(self._beamline, action, decision, self._permit.fence)
        if action.kind == "load":
            return plans.load(self._beamline, action, decision, self._permit.fence)
        metadata = self._metadata(action, decision)
        return plans.expose(self._beamline, action, decision, self._permit.fence, metadata=metadata)

    def _metadata(self, action: Action, decision: Decision) -> dict[str, Any]:
        """What the start document says; with the descriptor it is enough to rebuild the exposure."""
        beamline = self._beamline

        def named(device: object) -> str | None:
            return None if device is None else device_name(device)

        return {
            "campaign": self._campaign,
            "decision_id": f"{self._campaign}-{decision.seq:05d}",
            "action_id": action.action_id,
            "seq": decision.seq,
            "attempt": action.attempt,
            "fence": self._permit.fence,
            "decision_kind": decision.kind,
            "plan_name": "expose",
            "exposure_s": decision.exposure_s,
            "setup": None if decision.setup is None else decision.setup.model_dump(),
            "sample_name": decision.point.sample if decision.point else None,
            "requested": dict(decision.point.coordinates) if decision.point else {},
            "devices": {
                "axes": {axis: device_name(device) for axis, device in beamline.axes.items()},
                "detector": device_name(beamline.detector),
                "monitor": named(beamline.monitor),
                "transmission": named(beamline.transmission),
                "changer": named(beamline.changer),
                "attenuator": named(beamline.adjusters.attenuator),
                "empty_cell": named(beamline.empty_cell),
            },
        }

    def _made_safe(self, error: Exception, doing: str) -> NightbeamError:
        """What a device's error amounts to, with the shutter closed, unless it is another agent's."""
        fault = explain(error, doing)
        if isinstance(fault, LeaseLost):
            return fault
        unsafe = self._try_to_make_safe()
        return BeamlineUnsafe(f"{fault} {unsafe}") if unsafe else fault

    def _try_to_make_safe(self) -> str:
        """Close the shutter after a fault; what to tell the person when even that fails."""
        try:
            self.make_safe()
        except NightbeamError as error:
            return str(error)
        return ""
