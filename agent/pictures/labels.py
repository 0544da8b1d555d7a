"""Numbers beside points, moved apart until they can be read."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from models.domain.scattering import Floats

FONT_PT = 7.0
REACH_PT = (7.0, 12.0, 18.0, 25.0, 33.0, 42.0, 52.0)
"""Distances from the point at which a place is looked for, points of 1/72 inch."""
N_DIRECTIONS = 16
WIDTH_PT, HEIGHT_PT = 4.6, 8.0
"""Room of one digit, and of a line of text."""
MARKER_PT = 5.0
"""Room that a marker needs."""
LEADER_FROM_PT = 10.0
"""Labels farther away get a thin line to their point."""


def fix_layout(figure: Figure) -> None:
    """Lay out a figure once and for all: what is drawn later moves nothing."""
    layout = figure.get_layout_engine()
    if layout is not None:
        layout.execute(figure)
        figure.set_layout_engine("none")


def label_points(ax: Axes, x: Floats, y: Floats, texts: list[str]) -> None:
    """Write one text beside each point, the first free place nearest to it.

    Parameters
    ----------
    ax
        Axes whose layout is final: the places are found on the page.
    x, y
        Positions in data coordinates, shape (n,).
    texts
        What to write.
    """
    figure = ax.get_figure(root=True)
    assert figure is not None
    places = ax.transData.transform(np.column_stack([x, y])) * 72.0 / figure.dpi
    taken = [(px - MARKER_PT / 2, py - MARKER_PT / 2, MARKER_PT, MARKER_PT) for px, py in places]
    for place, text, at in zip(places, texts, zip(x, y, strict=True), strict=True):
        dx, dy = _free_offset(place, text, taken)
        width = WIDTH_PT * len(text)
        taken.append((place[0] + dx - width / 2, place[1] + dy - HEIGHT_PT / 2, width, HEIGHT_PT))
        is_far = np.hypot(dx, dy) > LEADER_FROM_PT
        ax.annotate(
            text, at, (dx, dy), textcoords="offset points", ha="center", va="center", fontsize=FONT_PT,
            zorder=8, path_effects=[withStroke(linewidth=1.8, foreground="white")],
            arrowprops={"arrowstyle": "-", "linewidth": 0.4, "color": "black"} if is_far else None,
        )  # fmt: skip


def _free_offset(
    place: Floats, text: str, taken: list[tuple[float, float, float, float]]
) -> tuple[float, float]:
    width = WIDTH_PT * len(text)
    angles = np.pi / 4 + np.arange(N_DIRECTIONS) * 2 * np.pi / N_DIRECTIONS
    for reach in REACH_PT:
        for angle in angles:
            dx, dy = reach * np.cos(angle), reach * np.sin(angle)
            left, bottom = place[0] + dx - width / 2, place[1] + dy - HEIGHT_PT / 2
            is_free = all(
                left + width < x or x + w < left or bottom + HEIGHT_PT < y or y + h < bottom
                for x, y, w, h in taken
            )
            if is_free:
                return float(dx), float(dy)
    return REACH_PT[0], REACH_PT[0]
