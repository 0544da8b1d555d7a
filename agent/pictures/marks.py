"""Marks of the measured points on a map, what each mark means, and where what is sought is expected."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patheffects import AbstractPathEffect, withStroke
from matplotlib.tri import Triangulation

from models.domain.decision import MEASURING_KINDS, Decision
from models.domain.history import History
from models.domain.objective import ObjectiveBase, Pareto
from models.domain.ranking import ranked
from models.domain.scattering import Floats
from models.domain.space import Point

START, CHOSEN, ABSENT, LOST, BEST = "even start", "chosen", "feature absent", "failed or rejected", "best"
STYLES: dict[str, dict[str, Any]] = {
    START: {"marker": "s", "markerfacecolor": "white", "markeredgecolor": "black", "markeredgewidth": 0.6},
    CHOSEN: {"marker": "o", "markerfacecolor": "white", "markeredgecolor": "black", "markeredgewidth": 0.6},
    ABSENT: {"marker": "v", "markerfacecolor": "0.55", "markeredgecolor": "black", "markeredgewidth": 0.6},
    LOST: {"marker": "x", "markeredgecolor": "red", "markeredgewidth": 1.2},
    BEST: {"marker": "o", "markerfacecolor": "none", "markeredgecolor": "tab:red"},
}
"""How each mark looks; this is their order in the legend, too."""
SIZES = {ABSENT: 1.3, LOST: 1.8, BEST: 3.0}
"""Sizes of marks that differ from the others'."""

SOUGHT = "sought"
"""By this the line of what is sought is known among others."""
LINE_PT = 1.2
EDGED: list[AbstractPathEffect] = [withStroke(linewidth=2.2, foreground="black")]
"""A white line is seen on every colour, and on the page."""


def draw_marks(
    ax: Axes, history: History, objective: ObjectiveBase, place: Callable[[Point], Floats], size: float
) -> dict[int, Point]:
    """Mark the points where something was to be measured.

    Parameters
    ----------
    ax
        The map.
    history
        What was measured.
    objective
        What is sought: without its feature a point is marked as one that lacks it.
    place
        Position x, y of a point on the map.
    size
        Size of a mark, points of 1/72 inch.

    Returns
    -------
    dict
        The points by `seq`.
    """
    points: dict[int, Point] = {}
    for decision, mark in _marked(history, objective):
        assert decision.point is not None
        points[decision.seq] = decision.point
        x, y = place(decision.point)
        ax.plot(x, y, linestyle="", zorder=6.0, label=mark, **_style(mark, size))
    return points


def draw_meanings(ax: Axes, is_above: bool = False) -> None:
    """A legend of the marks that are on a map: in its upper left corner, or above it."""
    there = {str(line.get_label()) for line in ax.get_lines()}
    handles = [
        Line2D([], [], linestyle="", label=mark, **_style(mark, 4.0)) for mark in STYLES if mark in there
    ]
    handles += [
        Line2D([], [], color="white", linewidth=LINE_PT, path_effects=EDGED, label=one.get_label())
        for one in ax.collections
        if one.get_gid() == SOUGHT
    ]
    place: dict[str, Any] = {"loc": "upper left"}
    if is_above:
        place = {"loc": "lower left", "bbox_to_anchor": (0.0, 1.0), "ncols": 3}
    ax.legend(
        handles=handles,
        fontsize=7,
        frameon=False,
        handlelength=1.4,
        handletextpad=0.4,
        borderpad=0.0,
        **place,
    )


def _style(mark: str, size: float) -> dict[str, Any]:
    return {**STYLES[mark], "markersize": SIZES.get(mark, 1.0) * size}


def _marked(history: History, objective: ObjectiveBase) -> Iterator[tuple[Decision, str]]:
    """Each decision to measure with its mark; the best once more, ringed."""
    accepted = {decision.seq: observation for decision, observation in history.accepted()}
    best = ranked(history, objective)
    is_ranked = objective.has_best or bool(objective.features)
    first = best if isinstance(objective, Pareto) else best[:1]
    ringed = {decision.seq for decision, _ in first} if is_ranked else set[int]()
    for decision in history.decisions:
        if decision.kind not in MEASURING_KINDS or decision.point is None:
            continue
        observation = accepted.get(decision.seq)
        if observation is None:
            yield decision, LOST
        elif objective.features and any(observation.feature(name) is None for name in objective.features):
            yield decision, ABSENT
        else:
            yield decision, START if decision.kind == "initial_design" else CHOSEN
        if decision.seq in ringed:
            yield decision, BEST


def draw_sought(ax: Axes, where: Triangulation, mean: Floats, sought: Mapping[str, float]) -> None:
    """Draw where what is sought, a level or a target, is expected; nothing where nowhere.

    Parameters
    ----------
    ax
        The map.
    where
        Its grid.
    mean
        What is expected there, shape (n,).
    sought
        Values by what they are called.
    """
    for name, value in sought.items():
        if not np.min(mean) < value < np.max(mean):
            continue
        line = ax.tricontour(where, mean, [value], colors="white", linewidths=LINE_PT, zorder=2)
        line.set_path_effects(EDGED)
        line.set(gid=SOUGHT, label=f"{name} {value:g}")
