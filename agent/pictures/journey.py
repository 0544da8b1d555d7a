"""The way that a scan took, leg by leg, and what it cost."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.domain.decision import MEASURING_KINDS
from models.domain.history import History
from models.domain.motion import Motion, journey_s
from models.domain.scattering import Floats
from models.domain.space import SearchSpace


@dataclass(frozen=True, eq=False)
class Journey:
    """Places in the order in which they were exposed, blanks left out of them but not of the cost."""

    seqs: tuple[int, ...]
    """`seq` of the decisions, shape (n,)."""
    places: Floats
    """Where the devices say that they were, shape (n, 2), in the axes' units."""
    costs: Floats
    """What each leg cost, by way of the blank where one lay between, shape (n - 1,), in `cost_unit`."""
    cost_unit: str
    """``s`` where it is known how the axes move, else the axes' unit of length."""
    length: float
    """Length of the whole way, in the axes' unit."""
    length_unit: str
    """Unit of the axes."""
    exposure_s: float
    """All exposures together, s."""

    def text(self) -> str:
        """The whole way in a few words."""
        way = f"{len(self.seqs)} points, {self.length:.3g} {self.length_unit}"
        if self.cost_unit != "s":
            return f"{way}, {self.exposure_s:.3g} s of exposure"
        return f"{way}, {self.costs.sum():.3g} s of travel + {self.exposure_s:.3g} s of exposure"


def journey_of(space: SearchSpace, history: History, motions: Mapping[str, Motion] | None) -> Journey:
    """The way that was taken.

    Parameters
    ----------
    space
        Two positions.
    history
        What was exposed.
    motions
        How the axes move, where that is known.
    """
    names = space.names
    seqs, places, costs = list[int](), list[tuple[float, ...]](), list[float]()
    length, pending, exposure_s = 0.0, 0.0, 0.0
    last: dict[str, float] | None = None
    for exposure in history.exposures:
        here = {name: exposure.point[name] for name in names}
        if last is not None:
            way = math.dist(tuple(here.values()), tuple(last.values()))
            length += way
            pending += journey_s(motions, last, here) if motions else way
        last = here
        exposure_s += exposure.exposure_s
        if history.decision(exposure.seq).kind not in MEASURING_KINDS:
            continue
        if seqs:
            costs.append(pending)
        pending = 0.0
        seqs.append(exposure.seq)
        places.append(tuple(here.values()))
    unit = space.axes[0].unit
    return Journey(
        seqs=tuple(seqs),
        places=np.array(places, dtype=np.float64).reshape(-1, len(names)),
        costs=np.array(costs),
        cost_unit="s" if motions else unit,
        length=length,
        length_unit=unit,
        exposure_s=exposure_s,
    )
