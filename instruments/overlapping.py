"""A sample is made while another one is exposed: one plan of two commands, each with an end of its own."""

from typing import Any

from bluesky import plan_stubs as bps
from bluesky import preprocessors as bpp
from bluesky.protocols import Movable, Status
from bluesky.utils import MsgGenerator, short_uid

from instruments.beamline import Beamline, TakesTransfers, device_name
from instruments.faults import explain
from instruments.plans import expose, tag
from instruments.soft import SoftStatus
from instruments.waits import all_within, begin, move
from models.domain.action import Action, ActionReport, Outcome
from models.domain.decision import Decision
from models.domain.errors import (
    SURVIVABLE,
    BeamlineFault,
    LeaseLost,
    LogUnavailable,
    NightbeamError,
    UnreachablePoint,
)


def doing_text(action: Action) -> str:
    """What is being done, for messages: ``prepare for decision 17``."""
    return f"{action.kind} for decision {action.seq}"


def survivable(fault: NightbeamError) -> BeamlineFault | UnreachablePoint:
    """A fault that a campaign survives; any other is raised."""
    if isinstance(fault, SURVIVABLE):
        return fault
    raise fault


class MixBeside:
    """The dispenser's mix as Bluesky sees it beside an exposure: it ends, and its fault is kept apart.

    Bluesky would throw a failed mix at whatever the exposure is doing just then.
    """

    parent = None

    def __init__(self, beamline: Beamline) -> None:
        """Take the beamline; nothing is mixed yet."""
        assert beamline.dispenser is not None
        self.beamline = beamline
        self._mix: Movable[str] = beamline.dispenser.mix
        self.name = device_name(self._mix)
        self.fault: BaseException | None = None
        """Why it failed; None while it did not."""
        self.is_done = False
        """True when it ended well."""

    def set(self, action_id: str, **_: Any) -> Status:
        """Begin the mix; done when it ended, in whatever way.

        Raises
        ------
        LeaseLost, LogUnavailable
            When nothing may be done any more.
        """
        status = SoftStatus()
        try:
            mixed = self._mix.set(action_id)
        except (LeaseLost, LogUnavailable):
            raise
        except Exception as error:  # a device's code is not ours: whatever it raises is its fault
            self.fault = error
            status.set_finished()
            return status
        mixed.add_callback(lambda done: self._end(done, status))
        return status

    def _end(self, mixed: Status, status: Any) -> None:
        self.fault = mixed.exception()
        self.is_done = self.fault is None
        status.set_finished()

    def outcome(self, action: Action) -> Outcome:
        """What came of it.

        Raises
        ------
        LeaseLost, LogUnavailable
            When it failed since nothing may be done any more.
        """
        doing = doing_text(action)
        if self.fault is not None:
            return survivable(explain(self.fault, doing))
        if not self.is_done:
            return BeamlineFault(f"{doing}: nobody saw its end; look at the dispenser.")
        return ActionReport(
            action_id=action.action_id, status="succeeded", sentence=f"Did {doing}, while it exposed."
        )


def expose_beside(
    mix: MixBeside, pair: tuple[Action, Action], decision: Decision, fence: int, metadata: dict[str, Any]
) -> MsgGenerator[None]:
    """Begin a mix, take an exposure, and wait for the end of both.

    Parameters
    ----------
    mix
        What mixes.
    pair
        The mix, and the exposure.
    decision
        What both are done for; it says what the sample is made of.
    fence
        Under which lease they are given.
    metadata
        What the exposure's start document says.
    """
    beamline, (made, exposed) = mix.beamline, pair
    dispenser, recipe = beamline.dispenser, decision.recipe_of(made.sample)
    assert isinstance(dispenser, TakesTransfers)
    assert recipe is not None
    assert made.sample is not None
    told = recipe.transfers(made.sample).model_dump_json()
    group, statuses = short_uid("mix"), dict[str, Status]()

    def end() -> MsgGenerator[None]:
        try:
            yield from all_within(statuses, group, beamline.timeouts.mix_s)
        except BeamlineFault as late:
            mix.fault = late

    def both() -> MsgGenerator[None]:
        yield from tag(beamline, made, fence)
        yield from move([(dispenser.transfers, told, "")], beamline.timeouts.move_s)
        what = f"{mix.name} (to {made.action_id})"
        yield from begin(what, bps.abs_set(mix, made.action_id, group=group), statuses)
        try:
            yield from expose(beamline, exposed, decision, fence, metadata=metadata)
        except SURVIVABLE:
            yield from end()
            raise
        yield from end()

    yield from bpp.rewindable_wrapper(both(), False)
