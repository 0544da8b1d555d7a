"""How many photons each spot of each sample has taken, on disk: a crash does not undo a dose."""

import json
import os
from pathlib import Path

DOSES = "doses.journal.jsonl"
"""File of the journal, inside the campaign's folder."""

Spot = tuple[str, int]
"""A sample's name, and the number of its spot."""


class DoseJournal:
    """Photons by spot and decision, one line an exposure."""

    def __init__(self, path: Path) -> None:
        """Read what is there already; the file need not exist yet."""
        self._path = path
        self._taken: dict[Spot, dict[int, float]] = {}
        *lines, rest = path.read_bytes().split(b"\n") if path.exists() else [b""]
        self._is_cut = bool(rest)
        for line in lines:
            self._remember(line)

    def before(self, spot: Spot, seq: int) -> float:
        """Photons that a spot has taken for earlier decisions.

        An exposure that is taken again after a crash, for the same decision, counts once: it is the same
        world, whether it was interrupted or not.
        """
        return sum(photons for earlier, photons in self._taken.get(spot, {}).items() if earlier < seq)

    def add(self, spot: Spot, seq: int, photons: float) -> None:
        """Write an exposure down; forced to disk."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"sample": spot[0], "spot": spot[1], "seq": seq, "photons": photons}).encode()
        with self._path.open("ab") as file:
            # a line that a crash cut short must not swallow this one
            file.write((b"\n" if self._is_cut else b"") + line + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self._is_cut = False
        self._remember(line)

    def _remember(self, line: bytes) -> None:
        try:
            said = json.loads(line)
        except ValueError:
            return  # a crash cut it short: that exposure was never finished
        spot = (said["sample"], said["spot"])
        self._taken.setdefault(spot, {})[said["seq"]] = said["photons"]
