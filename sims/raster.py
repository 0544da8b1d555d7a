"""Fixed ways over a slice that spend a given beam time: the full raster and the serpentine."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import Field

from models.domain.errors import BadInput
from models.domain.frozen import Frozen
from models.domain.motion import Motion
from models.domain.scattering import Floats, Mask
from sims.specimen_world import AXES

Manner = Literal["raster", "serpentine"]
"""``raster`` begins every line on the left, ``serpentine`` where the last one ended."""
Box = tuple[tuple[float, float], tuple[float, float]]
"""Lowest and highest x, lowest and highest y, mm."""
FINENESS = 1.01
"""Ratio of neighbouring steps that are tried."""
MOST_POINTS_A_LINE = 1000


class BeamTime(Frozen):
    """What a way may cost."""

    budget_s: float = Field(gt=0)
    """Travel, exposures and overheads together, s."""
    exposure_s: float = Field(gt=0)
    """Exposure of each place, s."""
    overhead_s: float = Field(default=0.0, ge=0)
    """What each place takes besides travel and exposure, s."""
    motion: Motion = Motion()
    """How either motor moves, mm and s."""


@dataclass(frozen=True, eq=False)
class Route:
    """Places in order, and what they cost."""

    places_mm: Floats
    """Shape (n, 2), mm."""
    ends_s: Floats
    """When each exposure ends, from the first one's begin, shape (n,), s."""
    step_mm: float
    """Distance of neighbours, mm."""

    def points(self) -> list[dict[str, float]]:
        """The places as a world takes them."""
        return [dict(zip(AXES, place, strict=True)) for place in self.places_mm.tolist()]


def lay_route(manner: Manner, box: Box, holds: Callable[[Floats, Floats], Mask], time: BeamTime) -> Route:
    """The finest square grid inside an outline that can be walked in the given time.

    Parameters
    ----------
    manner
        Order of the lines.
    box
        What the grid spans; places outside the outline are passed by.
    holds
        True where there is something to measure, as `Specimen.holds`.
    time
        What it may cost.

    Raises
    ------
    BadInput
        When not even one place fits.
    """
    width_mm = max(high - low for low, high in box)
    finest: Route | None = None
    step_mm = width_mm
    while step_mm > width_mm / MOST_POINTS_A_LINE:
        route = walk(_grid(manner, box, holds, step_mm), step_mm, time)
        n_places = len(route.ends_s)
        if n_places * (time.exposure_s + time.overhead_s) > time.budget_s:
            break  # without any travel it would cost too much, and so would finer ones
        is_finer = finest is None or n_places >= len(finest.ends_s)
        if n_places and is_finer and route.ends_s[-1] <= time.budget_s:
            finest = route
        step_mm /= FINENESS
    if finest is None:
        raise BadInput(
            "budget_s", f"is {time.budget_s:g} s, in which no place can be measured", "Give more time"
        )
    return finest


def walk(places_mm: Floats, step_mm: float, time: BeamTime) -> Route:
    """Places in the order given, with when each exposure ends; both motors set off together."""
    legs = np.abs(np.diff(places_mm, axis=0)).max(axis=1, initial=0.0)
    travel_s = np.array([0.0, *map(time.motion.travel_s, legs.tolist())][: len(places_mm)])
    return Route(places_mm, np.cumsum(travel_s + time.exposure_s + time.overhead_s), step_mm)


def _grid(manner: Manner, box: Box, holds: Callable[[Floats, Floats], Mask], step_mm: float) -> Floats:
    """Places of a square grid, centred in the box, line by line, shape (n, 2)."""
    x_mm, y_mm = (_centred(low, high, step_mm) for low, high in box)
    lines: list[Floats] = []
    for row, y in enumerate(y_mm):
        line = np.column_stack([x_mm, np.full(x_mm.size, y)])
        line = line[holds(line[:, 0], line[:, 1])]
        lines.append(line[::-1] if manner == "serpentine" and row % 2 else line)
    return np.concatenate(lines)


def _centred(low: float, high: float, step: float) -> Floats:
    n = int((high - low) / step) + 1
    return (low + high) / 2 + step * (np.arange(n, dtype=np.float64) - (n - 1) / 2)
