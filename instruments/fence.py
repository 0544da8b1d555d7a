"""The fence: asked again before every command that moves something, right where it leaves for the device."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bluesky.utils import Msg, MsgGenerator

from instruments.beamline import CLOSED, Beamline
from models.domain.errors import LogUnavailable, NightbeamError

SAVE = "save"
"""Bluesky's message that writes the event, by which an exposure counts as whole."""
COMMANDS = frozenset({"set", "trigger", "kickoff", "stage", SAVE})
"""Bluesky's messages that make a device do something, or prove that it did."""


@dataclass(frozen=True)
class Permit:
    """The right to use the instrument, which another agent may have taken over meanwhile."""

    fence: int = 0
    """Rises with every holder; a device that keeps a journal refuses a lower one."""
    check: Callable[[], None] = lambda: None
    """Raises `LeaseLost` when it is over, `LogUnavailable` when nobody can tell."""
    renew: Callable[[], None] = lambda: None
    """Gives a sign of life during a long wait; raises `LeaseLost` when it is over."""


def fenced(plan: MsgGenerator[Any], beamline: Beamline, permit: Permit) -> MsgGenerator[Any]:
    """A plan whose every command is given only while the permit holds.

    A refusal is thrown into the plan at the command, so that its cleaning up runs. The shutter may be closed,
    a loader stopped, and an exposure that was taken saved, even when nobody can tell whose the instrument is;
    they may not when it is known to be another's.
    """
    reply: Any = None
    error: BaseException | None = None
    while True:
        try:
            message = plan.send(reply) if error is None else plan.throw(error)
        except StopIteration as end:
            return end.value
        reply, error = None, _refusal(message, beamline, permit)
        if error is not None:
            continue
        try:
            reply = yield message
        except GeneratorExit:
            plan.close()
            raise
        except BaseException as thrown:  # whatever the engine throws belongs to the plan
            error = thrown


def _refusal(message: Msg, beamline: Beamline, permit: Permit) -> NightbeamError | None:
    """Why a command may not be given; None when it may."""
    if message.command not in COMMANDS:
        return None
    is_closing = message.obj is beamline.shutter and message.args == (CLOSED,)
    is_stopping = (
        message.command == "set"
        and beamline.loader is not None
        and (beamline.loader.is_safe(message.obj, message.args[0]))
    )
    is_harmless = is_closing or is_stopping or message.command == SAVE
    try:
        permit.check()
    except LogUnavailable as error:
        return None if is_harmless else error
    except NightbeamError as error:
        return error
    return None
