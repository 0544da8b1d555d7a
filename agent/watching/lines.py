"""A watch told in lines: for a log file or a pipe, and as JSON for programs."""

import json
from collections.abc import Callable
from datetime import datetime

from agent.watching.arrivals import Arrival
from agent.watching.outcome import Outcome
from agent.watching.watch import Counts
from models.domain.scattering import Absence, Feature
from models.domain.wording import features_text


def clock_text(mtime_ns: int) -> str:
    """When a file was last written, on the wall clock here."""
    return f"{datetime.fromtimestamp(mtime_ns / 1e9):%H:%M:%S}"


def counts_text(counts: float | None) -> str:
    """Counts of a frame in few characters."""
    return "" if counts is None else f"{counts:.0f}" if counts < 1e6 else f"{counts:.2e}"


def summary_text(counts: Counts) -> str:
    """How a watch ended, or stands."""
    frames = "frame" if counts.n_reduced == 1 else "frames"
    said = f"{counts.n_reduced} {frames} reduced: {counts.n_good} good, {counts.n_flagged} flagged"
    before = f", {counts.n_before} before" if counts.n_before else ""
    waiting = f", {counts.n_waiting} not whole" if counts.n_waiting else ""
    left = f", {counts.n_left} left for the next start" if counts.n_left else ""
    return f"{said}{before}{waiting}{left}"


class PlainLines:
    """One line a frame."""

    def __init__(self, write: Callable[[str], None]) -> None:
        """Take the function that writes a line."""
        self._write = write

    def reduced(self, arrival: Arrival, outcome: Outcome) -> None:
        """Write what came of it."""
        made = tuple(item for item in outcome.features if isinstance(item, Feature))
        counts = f", {counts_text(outcome.counts)} counts" if outcome.counts is not None else ""
        said = features_text(made) or "no features"
        if outcome.flags:
            said = "; ".join(flag.text() for flag in outcome.flags)
        verdict = "good" if outcome.is_good else "flagged"
        self._write(f"{clock_text(arrival.stamp.mtime_ns)} {arrival.path.name} {verdict}{counts}: {said}")

    def noted(self, sentence: str) -> None:
        """Write it."""
        self._write(sentence)

    def counted(self, counts: Counts) -> None:
        """Say nothing: the lines tell."""


class JsonLines:
    """One JSON object a frame."""

    def __init__(self, write: Callable[[str], None]) -> None:
        """Take the function that writes a line."""
        self._write = write

    def reduced(self, arrival: Arrival, outcome: Outcome) -> None:
        """Write what came of it."""
        made = (item for item in outcome.features if isinstance(item, Feature))
        absent = (item for item in outcome.features if isinstance(item, Absence))
        facts = {
            "file": arrival.path.name,
            "sha256": outcome.sha256,
            "verdict": "good" if outcome.is_good else "flagged",
            "flags": {flag.check: flag.said for flag in outcome.flags},
            "counts": outcome.counts,
            "features": {x.name: {"value": x.value, "sigma": x.sigma, "unit": x.unit} for x in made},
            "absences": {item.name: item.why for item in absent},
        }
        self._write(json.dumps(facts, ensure_ascii=False))

    def noted(self, sentence: str) -> None:
        """Write it."""
        self._write(json.dumps({"note": sentence}, ensure_ascii=False))

    def counted(self, counts: Counts) -> None:
        """Say nothing: the lines tell."""
