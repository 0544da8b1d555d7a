"""Keep an exit that an extractor asks for inside it: what it makes is absent then, as after any error."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.domain.scattering import Absence, Curve, Feature, Fit
    from models.saxs.extractor import Extractor


class ForeignExit(Exception):
    """Code that somebody brought asked this program to end: that is not for it to ask."""


def contained(extractor: Extractor) -> Extractor:
    """The same extractor; an exit that it raises comes out as an error."""

    def extract(curve: Curve) -> tuple[Feature | Absence | Fit, ...]:
        try:
            return extractor.extract(curve)
        except (Exception, KeyboardInterrupt):  # the latter is a person's Ctrl-C
            raise
        except BaseException as error:
            raise ForeignExit(f"{type(error).__name__}: {error}") from error

    return replace(extractor, extract=extract)
