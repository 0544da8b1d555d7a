"""Keep an exit that an extractor asks for inside it: what it makes is absent then, as after any error."""

from __future__ import annotations

from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from models.saxs.extractor import Extractor, Found

Read = TypeVar("Read")


class ForeignExit(Exception):
    """Code that somebody brought asked this program to end: that is not for it to ask."""


def contained(extractor: Extractor) -> Extractor:
    """The same extractor; an exit that it raises comes out as an error."""
    return replace(
        extractor,
        extract=extractor.extract and _kept_in(extractor.extract),
        extract_azimuth=extractor.extract_azimuth and _kept_in(extractor.extract_azimuth),
    )


def _kept_in(read: Callable[[Read], Found]) -> Callable[[Read], Found]:
    @wraps(read)
    def extract(measured: Read) -> Found:
        try:
            return read(measured)
        except (Exception, KeyboardInterrupt):  # the latter is a person's Ctrl-C
            raise
        except BaseException as error:
            raise ForeignExit(f"{type(error).__name__}: {error}") from error

    return extract
