"""What a benchmark is told, and how it says that it cannot run here."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

Step = TypeVar("Step")


class Track(Protocol):
    """Goes through steps and shows how far it is."""

    def __call__(self, steps: Sequence[Step], label: str) -> Iterable[Step]:
        """The steps one by one."""
        ...


class Skipped(Exception):
    """A benchmark cannot run here; the message says why."""


@dataclass(frozen=True)
class Task:
    """What every benchmark is told."""

    track: Track
    """Shows how far it is."""
    say: Callable[[str], None]
    """Prints one sentence."""
    dataset: Path
    """Folder of measured curves; need not exist."""
    is_quick: bool = False
    """True for fewer repeats: to see that it works, not to quote."""

    def repeats(self, n: int, n_quick: int) -> int:
        """How often to repeat."""
        return n_quick if self.is_quick else n
