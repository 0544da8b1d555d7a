"""Which files of a folder are whole and new: found by looking, for network file systems tell nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

FIRST_WAIT_S = 0.5
"""A file that could not be read is tried again after so long, then after twice that, and so on, s."""
LONGEST_WAIT_S = 8.0
"""No longer than this, s."""


@dataclass(frozen=True, order=True)
class Stamp:
    """What tells one state of a file from the next without reading it."""

    mtime_ns: int
    """When it was last written, ns since 1970, by the clock of its file system."""
    n_bytes: int
    """Its size."""


@dataclass(frozen=True)
class Arrival:
    """A file that was not seen to change any more."""

    path: Path
    stamp: Stamp


@dataclass
class _Seen:
    """What is known of one name."""

    stamp: Stamp
    since_s: float
    """When this state was first seen."""
    is_handed: bool = False
    """True once this very state was handed out."""
    n_tries: int = 0
    not_before_s: float = 0.0


@dataclass
class Arrivals:
    """Looks at a folder again and again, and hands out each state of each file once."""

    folder: Path
    is_wanted: Callable[[str], bool]
    """Says of a name whether it is a frame's."""
    settle_s: float
    """A file is taken as whole when its size and time stayed the same for so long, s."""
    done: Mapping[str, Stamp] = field(default_factory=dict[str, Stamp])
    """States that need not be handed out, by name."""
    is_closed: bool = False
    """True when names that were not there before are left alone."""
    _seen: dict[str, _Seen] = field(default_factory=dict[str, _Seen])

    def look(self, now_s: float) -> list[Arrival]:
        """Look at the folder.

        Parameters
        ----------
        now_s
            Any clock that does not go back, s.

        Returns
        -------
        list of Arrival
            Files that have settled since the last look, oldest first.

        Raises
        ------
        OSError
            When the folder cannot be read.
        """
        found = self._stamps()
        for name in self._seen.keys() - found.keys():
            del self._seen[name]
        settled: list[Arrival] = []
        for name, stamp in found.items():
            known = self._seen.get(name)
            if known is None and self.is_closed:
                continue
            if known is None or known.stamp != stamp:
                self._seen[name] = _Seen(stamp, now_s, is_handed=self.done.get(name) == stamp)
            elif not known.is_handed and now_s >= max(known.since_s + self.settle_s, known.not_before_s):
                known.is_handed = True
                settled.append(Arrival(self.folder / name, stamp))
        return sorted(settled, key=lambda arrival: (arrival.stamp.mtime_ns, arrival.path.name))

    def put_back(self, arrival: Arrival, now_s: float) -> None:
        """Hand a file out again later: it was not whole after all."""
        known = self._seen.get(arrival.path.name)
        if known is None or known.stamp != arrival.stamp:
            return  # it has changed or gone since, and is looked at anyway
        known.is_handed = False
        known.not_before_s = now_s + min(FIRST_WAIT_S * 2**known.n_tries, LONGEST_WAIT_S)
        known.n_tries += 1

    def is_overdue(self, arrival: Arrival, now_s: float, patience_s: float) -> bool:
        """Say whether a file has stayed as it is for so long that nobody can still be writing it."""
        known = self._seen.get(arrival.path.name)
        return known is not None and known.stamp == arrival.stamp and now_s - known.since_s >= patience_s

    @property
    def n_waiting(self) -> int:
        """Files that are there and not whole, as far as is known."""
        return sum(not known.is_handed for known in self._seen.values())

    def _stamps(self) -> dict[str, Stamp]:
        """What lies there now."""
        found: dict[str, Stamp] = {}
        for path in self.folder.iterdir():
            if not self.is_wanted(path.name):
                continue
            try:
                status = path.stat()
            except OSError:  # gone, or a link that leads nowhere
                continue
            if path.is_file():
                found[path.name] = Stamp(status.st_mtime_ns, status.st_size)
        return found


def wanted_names(pattern: str | None, suffixes: frozenset[str]) -> Callable[[str], bool]:
    """What tells the names of frames.

    Parameters
    ----------
    pattern
        As a shell's; None takes every name that ends like a frame's.
    suffixes
        How frames' names end.

    Returns
    -------
    callable
        Says of a name whether it is wanted. Hidden files never are: programs write under such names what
        they rename when it is whole. Nor are names that a line of a table cannot hold.
    """

    def is_wanted(name: str) -> bool:
        if name.startswith(".") or not name.isprintable():
            return False
        if pattern is None:
            return Path(name).suffix.lower() in suffixes
        return fnmatch(name, pattern)

    return is_wanted
