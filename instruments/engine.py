"""Bluesky's engine, made to outlive what devices raise."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from bluesky import RunEngine
from bluesky.utils import DuringTask, Msg

from instruments.beamline import device_name
from instruments.faults import can_speak, named
from models.domain.errors import BeamlineFault

SURVIVED = (Exception, asyncio.CancelledError, GeneratorExit)
"""What the engine handles itself, unless it stumbles over an error that cannot say what it is."""
Command = Callable[[Msg], Coroutine[Any, Any, Any]]
"""Carries out one message of a plan."""


class SturdyEngine(RunEngine):
    """An engine for which an exit that a device asks for is a fault of that device.

    asyncio ends its loop at a `SystemExit` or a `KeyboardInterrupt`, and whoever waits for the plan would
    wait for ever. Signals reach the program's first thread only, so neither can be a person's here.
    """

    def __init__(self, during_task: DuringTask) -> None:
        """Make an engine whose signals and windows are somebody else's affair.

        Parameters
        ----------
        during_task
            Waits while a plan runs.
        """
        super().__init__({}, context_managers=[], during_task=during_task)
        for name, command in list(self._command_registry.items()):
            self.register_command(name, _sturdy(command))

    @property
    def is_alive(self) -> bool:
        """False when its thread has ended: then no plan will ever end."""
        return bool(self.loop.is_running())


def _sturdy(command: Command) -> Command:
    """The same command, which raises nothing that would end the engine's thread."""

    async def carry_out(message: Msg) -> Any:
        try:
            return await command(message)
        except BaseException as error:
            if isinstance(error, SURVIVED) and can_speak(error):
                raise
            what = f"{device_name(message.obj)} failed" if message.obj is not None else "the plan failed"
            raise BeamlineFault(
                f"{what} at {message.command!r}: {named(error)}; look at the device, then resume."
            ) from error

    return carry_out
