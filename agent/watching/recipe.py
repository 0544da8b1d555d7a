"""How every frame of a folder is reduced, in words that cross from process to process."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Recipe:
    """How every frame of a folder is reduced: the options of the command."""

    geometry: str
    """A geometry file, or ``header``."""
    mask: Path | None = None
    """Mask image; None where there is none."""
    buffers: tuple[Path, ...] = ()
    """Files that are averaged and subtracted."""
    features: tuple[str, ...] = ()
    """Names of extractors; none means all that ship."""


@dataclass(frozen=True)
class Announced:
    """What a recipe will make, or why it cannot be followed."""

    units: tuple[tuple[str, str], ...] = ()
    """Names and units of the features."""
    suffixes: frozenset[str] = frozenset()
    """How the names of frames end."""
    mistake: tuple[str, str, str] | None = None
    """Where, what and what to do, of a `BadInput`: that itself cannot cross."""
