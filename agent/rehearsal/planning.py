"""How many measurements, hours, dose and stock a target is likely to need."""

from collections.abc import Sequence

import numpy as np

from agent.rehearsal.jobs import Step, Track
from agent.rehearsal.pairing import filled
from models.domain.frozen import Frozen

LEVELS = (0.5, 0.8, 0.9)
"""Shares of the nights that are to come to the target with what is planned."""
MEASUREMENTS, HOURS, EXPOSURE = "measurements", "hours", "exposure / s"


class Need(Frozen):
    """How much of one thing is needed."""

    what: str
    """Measurements, hours, exposure, or a component."""
    enough: tuple[float | None, ...]
    """With so much, the share of nights at the same place in `Plan.levels` comes to the target; None where
    more would be needed than was rehearsed."""


class Plan(Frozen):
    """What a target is likely to need."""

    campaign: str
    """Name of the campaign."""
    strategy: str
    """The strategy that was rehearsed."""
    world: str
    """What on, in words."""
    target: str
    """The target, in words."""
    n_seeds: int
    """Nights that were rehearsed."""
    most: int
    """Measurements after which a night was over."""
    reached: float
    """Share of the nights that came to the target by then."""
    reached_low: float
    """Lower end of the 95 % interval of that share."""
    reached_high: float
    """Upper end."""
    levels: tuple[float, ...] = LEVELS
    """Shares of the nights."""
    needs: tuple[Need, ...]
    """What is needed."""
    caution: str = ""
    """What one has to know before this is believed."""

    def lines(self) -> list[str]:
        """For people."""
        share, low, high = (f"{x:.0%}" for x in (self.reached, self.reached_low, self.reached_high))
        told = [
            f"{self.target}, with {self.strategy}, on {self.world}: {self.n_seeds} nights of up to "
            f"{self.most} measurements; {share} came to it (95 % interval {low} to {high})",
            f"{'enough in this share of nights:':<32}" + "".join(f"{level:>12.0%}" for level in self.levels),
        ]
        for need in self.needs:
            cells = ["more" if x is None else f"{x:.3g}" for x in need.enough]
            told.append(f"{need.what:<32}" + "".join(f"{cell:>12}" for cell in cells))
        return [*told, self.caution] if self.caution else told


def needs_of(tracks: Sequence[Track], level: float, most: int, unit: str) -> tuple[float, tuple[Need, ...]]:
    """What is needed to come to a score; and the share of the nights that came to it.

    Parameters
    ----------
    tracks
        Rehearsed nights of one strategy.
    level
        The score.
    most
        Measurements of a night.
    unit
        Unit of the samples' amount.
    """
    firsts = [_first(track, level, most) for track in tracks]
    names = tracks[0].steps[-1].used if tracks and tracks[0].steps else {}
    columns: dict[str, list[float]] = {
        MEASUREMENTS: [np.inf if step is None else float(n) for n, step in firsts],
        HOURS: [np.inf if step is None else step.hours for _, step in firsts],
        EXPOSURE: [np.inf if step is None else step.exposed_s for _, step in firsts],
    }
    for name in names:
        columns[f"{name} / {unit}"] = [np.inf if step is None else step.used[name] for _, step in firsts]
    needs = tuple(Need(what=what, enough=tuple(_enough(found))) for what, found in columns.items())
    return float(np.mean([step is not None for _, step in firsts])), needs


def _first(track: Track, level: float, most: int) -> tuple[int, Step | None]:
    """Count of measurements at which a night came to a score to stay, and how things stood."""
    scores = filled(track, most)
    above = np.flatnonzero(scores > level)
    n = 0 if not len(above) else int(above[-1]) + 1
    return (n + 1, track.steps[n]) if n < len(track.steps) else (most, None)


def _enough(found: list[float]) -> list[float | None]:
    """The smallest of what was found that is enough in so many nights; None where it is not known."""
    ordered = sorted(found)
    chosen = [ordered[min(int(np.ceil(level * len(ordered))), len(ordered)) - 1] for level in LEVELS]
    return [None if np.isinf(x) else x for x in chosen]
