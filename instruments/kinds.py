"""One door to every kind of beamline: a function of options and context that returns a `Beamline`.

A shipped kind is a module here with such a function, `build`; a user's own is any ``module:function``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from instruments.beamline import Beamline
from instruments.faults import named
from models.domain.deck import DeckSpec
from models.domain.errors import BadInput
from models.domain.inputs import options_for

SHIPPED = ("virtual", "virtual_scan", "dataset", "opentrons")
"""Kinds that ship with Nightbeam: ``instruments/<kind>.py`` with a function `build`."""

Builder = Callable[[Any, "BuildContext"], Beamline]
"""Makes a beamline from its options and its context."""


@dataclass(frozen=True)
class BuildContext:
    """What a beamline is told about the campaign that it serves."""

    campaign: str
    """Name of the campaign."""
    seed: int
    """Seed of everything random in the instrument."""
    folder: Path
    """Where it will write frames, curves and journals; need not exist while it is being built."""
    axes: tuple[str, ...] = ()
    """Campaign axes that need a device; empty when the instrument brings its own."""
    deck: DeckSpec | None = None
    """What samples are made from and with, where the campaign file says."""
    home: Path = Path()
    """Folder of the campaign file: relative paths in the options start here."""


def build_beamline(
    build: Builder, options: Mapping[str, Any], context: BuildContext, *, where: str = "[instrument]"
) -> Beamline:
    """Check the options, build the beamline, and see that every axis has a device.

    Parameters
    ----------
    build
        A shipped builder, or a user's own function. It must not write or move anything yet.
    options
        The keys of ``[instrument]`` besides ``kind``. When `build` annotates its first parameter with a
        pydantic model, they are checked against it.
    context
        What the beamline is told about the campaign.
    where
        File and table, for messages.

    Raises
    ------
    BadInput
        When an option is wrong or an axis has no device.
    """
    try:
        beamline = build(options_for(build, options, where), context)
    except (BadInput, KeyboardInterrupt):
        raise
    except BaseException as error:  # not even an exit of a lab's own code may end the program without a word
        raise BadInput(
            f"{where}.kind", f"its devices cannot be made ({named(error)})", "Mend their code, or the options"
        ) from error
    for axis in context.axes:
        if axis not in beamline.axes:
            raise BadInput(
                f"axis {axis}",
                f"no device of this instrument is named {axis!r}",
                f"Rename the axis, or remove it; the devices are: {', '.join(beamline.axes)}",
            )
    return beamline
