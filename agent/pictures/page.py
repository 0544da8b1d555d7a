"""One page for one campaign: the map where there is one, the best curves, and how the value rose."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from agent.pictures.belief import believe
from agent.pictures.panels import axis_label, draw_curves, draw_rise
from agent.pictures.ternary import Triangle, draw_frame, draw_map, triangle_of
from models.domain.campaign import CampaignSpec
from models.domain.history import MEASURING_KINDS, History
from models.domain.ranking import ranked
from models.domain.space import SearchSpace

DOTS_PER_INCH = 150


def draw_page(spec: CampaignSpec, space: SearchSpace, history: History, path: Path) -> Path | None:
    """Draw a campaign and write the PNG.

    Parameters
    ----------
    spec
        The campaign.
    space
        Where it looked.
    history
        What it found.
    path
        The file to write.

    Returns
    -------
    Path or None
        The file; None when nothing was measured yet.
    """
    if not any(True for _ in history.accepted()):
        return None
    triangle = triangle_of(space)
    with mpl.rc_context({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(13.0, 7.2) if triangle else (11.0, 4.6), layout="constrained")
        FigureCanvasAgg(figure)
        if triangle is not None:
            _ternary_page(figure, spec, space, history, triangle)
        else:
            left, right = figure.subplots(1, 2)
            draw_rise(left, history, spec.objective)
            draw_curves(right, history, spec.objective)
        figure.suptitle(f"{spec.name}: {spec.objective.text()}", weight="bold")
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=DOTS_PER_INCH)
    return path


def _ternary_page(
    figure: Figure, spec: CampaignSpec, space: SearchSpace, history: History, triangle: Triangle
) -> None:
    grid = figure.add_gridspec(2, 3, width_ratios=(1.5, 0.75, 0.9))
    big = figure.add_subplot(grid[:, 0])
    small = figure.add_subplot(grid[0, 1])
    label = axis_label(spec.objective, history)
    belief = believe(space, spec.objective, history, triangle.grid())
    if belief is not None:
        mean = draw_map(big, triangle, belief.values, belief.mean, "viridis")
        sigma = draw_map(small, triangle, belief.values, belief.sigma, "magma")
        figure.colorbar(mean, ax=big, shrink=0.75, pad=0.02, label=f"{label}, posterior mean")
        figure.colorbar(sigma, ax=small, shrink=0.75, pad=0.02, label="posterior standard deviation")
    draw_frame(big, triangle)
    draw_frame(small, triangle, is_labelled=False)
    small.set_title("Uncertainty", fontsize=10)
    _draw_points(big, history, triangle, spec, is_numbered=True)
    _draw_points(small, history, triangle, spec, is_numbered=False)
    draw_rise(figure.add_subplot(grid[1, 1]), history, spec.objective)
    draw_curves(figure.add_subplot(grid[:, 2]), history, spec.objective)


def _draw_points(
    ax: Axes, history: History, triangle: Triangle, spec: CampaignSpec, *, is_numbered: bool
) -> None:
    """The measured points, numbered in order; the best ringed, lost ones crossed."""
    accepted = {decision.seq for decision, _ in history.accepted()}
    best = ranked(history, spec.objective)
    best_seq = best[0][0].seq if best else None
    for decision in history.decisions:
        if decision.kind not in MEASURING_KINDS or decision.point is None:
            continue
        values = np.array([[decision.point[axis.name] for axis in triangle.axes]])
        (x,), (y,) = triangle.to_plane(values)
        is_good = decision.seq in accepted
        is_start = decision.kind == "initial_design"
        ax.plot(
            x, y, "s" if is_start else "o", markersize=4 if is_numbered else 2.5, zorder=5,
            color="white" if is_good else "tab:red", markeredgecolor="black", markeredgewidth=0.6,
        )  # fmt: skip
        if decision.seq == best_seq:
            ax.plot(x, y, "o", markersize=13, markerfacecolor="none", markeredgecolor="tab:red", zorder=6)
        if is_numbered:
            ax.annotate(
                str(decision.seq), (x, y), (4, 4), textcoords="offset points", fontsize=7, zorder=7,
                path_effects=[withStroke(linewidth=1.8, foreground="white")],
            )  # fmt: skip
