"""Waiting for devices in plans: every wait is bounded, and whatever fails is named."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from bluesky import plan_stubs as bps
from bluesky.protocols import Movable, Status
from bluesky.utils import FailedStatus, MsgGenerator, short_uid
from ophyd.utils.errors import LimitError

from instruments.beamline import device_name
from instruments.faults import named
from instruments.lived_time import LivedTime
from models.domain.errors import BeamlineFault, NightbeamError, UnreachablePoint

LOOK_S = 1.0
"""Longest wait between two looks at a device, s."""
POLL_S = 0.02
"""How often to look at a device after a pause, s."""


def all_within(statuses: Mapping[str, Status], group: str, timeout_s: float) -> MsgGenerator[None]:
    """Wait for what was started under one group; name whatever fails or is not done in time."""
    lived = LivedTime()
    while True:
        with suppress(TimeoutError, FailedStatus):
            yield from bps.wait(group, timeout=min(LOOK_S, max(timeout_s - lived.s(), POLL_S)))
        _raise_failures(statuses)
        late = [what for what, status in statuses.items() if not status.done]
        if not late:
            return
        if lived.s() >= timeout_s:
            raise BeamlineFault(
                f"{', '.join(late)} not done within {timeout_s:g} s; free or restart the device, then resume."
            )
        # A pause cuts the wait short, and what may not be rewound is not waited for again: so look.
        yield from bps.sleep(POLL_S)


def _failure(what: str, error: BaseException) -> NightbeamError:
    """What a device's error amounts to, with the device's name."""
    if isinstance(error, NightbeamError):
        return error
    if isinstance(error, LimitError):
        return UnreachablePoint(f"{what}: {error}; choose a point inside the device's limits.")
    fault = BeamlineFault(f"{what} failed: {named(error)}; look at the device, then resume.")
    fault.__cause__ = error
    return fault


def _raise_failures(statuses: Mapping[str, Status]) -> None:
    """Raise what the first failed status says."""
    for what, status in statuses.items():
        error = status.exception() if status.done else None
        if error is not None:
            raise _failure(what, error)


def begin(what: str, command: MsgGenerator[Any], statuses: dict[str, Status]) -> MsgGenerator[None]:
    """Give a command that is waited for later; a failure is told with the name of what failed."""
    try:
        statuses[what] = yield from command
    except LimitError as error:
        raise _failure(what, error) from None
    except FailedStatus as error:
        # Bluesky throws it at whatever is being said just then: it may be an earlier one's.
        _raise_failures(statuses)
        raise _failure(what, error.__cause__ or error) from None


def move(moves: Iterable[tuple[Movable[Any], Any, str]], timeout_s: float) -> MsgGenerator[None]:
    """Move devices together to (device, value, unit) and wait for all."""
    group, statuses = short_uid("move"), dict[str, Status]()
    for device, value, unit in moves:
        shown = f"{value:g}" if isinstance(value, float) else str(value)
        what = f"{device_name(device)} (to {shown}{unit})"
        yield from begin(what, bps.abs_set(device, value, group=group), statuses)
    yield from all_within(statuses, group, timeout_s)
