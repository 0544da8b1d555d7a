"""One door to every kind of beamline: a function of options and context that returns a `Beamline`."""

import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import BaseModel

from instruments.beamline import Beamline
from instruments.inputs import validated
from models.domain.errors import BadInput

SHIPPED = ("virtual", "dataset")
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
    """Where it writes: frames, curves, journals."""
    axes: tuple[str, ...] = ()
    """Campaign axes that need a device; empty when the instrument brings its own."""
    home: Path = Path()
    """Folder of the campaign file: relative paths in the options start here."""


def shipped_builder(kind: str) -> Builder:
    """The function that builds a kind which ships with Nightbeam.

    Raises
    ------
    BadInput
        When there is no such kind.
    """
    if kind not in SHIPPED:
        raise BadInput(
            "[instrument] kind",
            f"is {kind!r}, which is not a kind of instrument",
            f"Use {' or '.join(SHIPPED)}, or module:function for one's own",
        )
    return importlib.import_module(f"instruments.{kind}").build


def build_beamline(
    build: Builder, options: Mapping[str, Any], context: BuildContext, *, where: str = "[instrument]"
) -> Beamline:
    """Check the options, build the beamline, and see that every axis has a device.

    Parameters
    ----------
    build
        A shipped builder, or a user's own function.
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
    model = _options_model(build)
    given = dict(options) if model is None else validated(model, options, where)
    context.folder.mkdir(parents=True, exist_ok=True)
    beamline = build(given, context)
    for axis in context.axes:
        if axis not in beamline.axes:
            raise BadInput(
                f"axis {axis}",
                f"no device of this instrument is named {axis!r}",
                f"Rename the axis, or remove it; the devices are: {', '.join(beamline.axes)}",
            )
    return beamline


def _options_model(build: Builder) -> type[BaseModel] | None:
    """The pydantic model that a builder asks its options to be; None when it takes a plain dict."""
    hints = get_type_hints(build)
    parameters = list(inspect.signature(build).parameters)
    hint = hints.get(parameters[0]) if parameters else None
    return hint if isinstance(hint, type) and issubclass(hint, BaseModel) else None
