"""What came of one file: passed from the process that reduced it to the one that writes it down."""

from dataclasses import dataclass
from typing import Literal

from models.domain.scattering import Absence, Curve, Feature

Kind = Literal["reduced", "unreadable", "changed", "gone"]
"""``unreadable`` may be a file that is still being written; ``changed`` was written while it was read."""


@dataclass(frozen=True)
class Flag:
    """Why a frame is not to be learned from."""

    check: str
    """Name of the check."""
    said: str
    """One line: value, limit and what to do."""

    def text(self) -> str:
        """Both in one line."""
        return f"{self.check}: {self.said}"


@dataclass(frozen=True, eq=False)
class Outcome:
    """One file, reduced or not."""

    kind: Kind
    sha256: str = ""
    """Of the whole file."""
    curve: Curve | None = None
    """None where there is none."""
    flags: tuple[Flag, ...] = ()
    """Empty for a good frame."""
    features: tuple[Feature | Absence, ...] = ()
    """Of a good frame; a flagged one has none: its sigmas would promise too much."""
    counts: float | None = None
    """Counts of all pixels that are used; None where that is not known."""

    @property
    def is_good(self) -> bool:
        """True when it was reduced and no check failed."""
        return self.kind == "reduced" and not self.flags
