"""Find a part by the name that a campaign file gives it: one that ships, or one's own."""

import importlib
import inspect
import sys
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from models.domain.campaign import Plug
from models.domain.errors import BadInput
from models.domain.own_parts import import_attribute


def add_home(home: Path) -> None:
    """Let ``module:attribute`` find modules that lie beside the campaign file."""
    folder = str(home.resolve())
    if folder not in sys.path:
        sys.path.insert(0, folder)


def find_builder(plug: Plug, room: str, shipped: tuple[str, ...], where: str) -> Callable[..., Any]:
    """The function ``build(options, task)`` of a part.

    Parameters
    ----------
    plug
        The part's table in the campaign file.
    room
        Package whose modules ship with Nightbeam, such as ``agent.strategy``.
    shipped
        Names of the modules there that are parts.
    where
        File and table, for messages.

    Raises
    ------
    BadInput
        When there is no such part.
    """
    if ":" not in plug.kind:
        if plug.kind not in shipped:
            near = get_close_matches(plug.kind, shipped, n=1)
            raise BadInput(
                f"{where}.kind",
                f"is {plug.kind!r}, which does not ship with Nightbeam",
                (f"Did you mean {near[0]!r}? " if near else "")
                + f"Use one of {', '.join(shipped)}, or module:function for your own",
            )
        return importlib.import_module(f"{room}.{plug.kind}").build
    return _own_builder(plug.kind, f"{where}.kind")


def _own_builder(kind: str, where: str) -> Callable[..., Any]:
    """The user's own function."""
    found = import_attribute(kind, where)
    if not callable(found) or not _takes_two(found):
        raise BadInput(
            where, f"is {kind!r}, which cannot be called with (options, task)", "Give it these two arguments"
        )
    return found


def _takes_two(function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function).bind(None, None)
    except (TypeError, ValueError):
        return False
    return True
