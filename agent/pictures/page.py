"""One page for one campaign: the map where there is one, the best curves, and how the value rose."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from agent.pictures.belief import believe
from agent.pictures.foreseen import draw_foreseen
from agent.pictures.front import draw_front
from agent.pictures.labels import fix_layout, label_points
from agent.pictures.line import draw_line
from agent.pictures.marks import draw_marks, draw_meanings, draw_sought
from agent.pictures.panels import axis_label, draw_curves, draw_rise
from agent.pictures.phases import (
    believe_phases,
    draw_phase_triangle,
    draw_phases_in_order,
)
from agent.pictures.plane import draw_plane
from agent.pictures.scan import draw_scan, is_scan
from agent.pictures.ternary import Triangle, draw_frame, draw_map, mesh_of, triangle_of
from models.domain.campaign import CampaignSpec
from models.domain.history import History
from models.domain.motion import Motion
from models.domain.objective import Pareto, Phases
from models.domain.space import SearchSpace

DOTS_PER_INCH = 150


def draw_page(
    spec: CampaignSpec,
    space: SearchSpace,
    history: History,
    path: Path,
    motions: Mapping[str, Motion] | None = None,
) -> Path | None:
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
    motions
        How the axes move, by name, where that is known; a scan then shows what its way cost.

    Returns
    -------
    Path or None
        The file; None when nothing was measured yet.
    """
    if not any(True for _ in history.accepted()):
        return None
    triangle = triangle_of(space)
    with mpl.rc_context({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False}):
        is_tall = triangle is not None or is_scan(space)
        figure = Figure(figsize=(13.0, 7.2) if is_tall else (13.0, 4.6), layout="constrained")
        FigureCanvasAgg(figure)
        figure.suptitle(f"{spec.name}: {spec.objective.text()}", weight="bold")
        if triangle is not None:
            _ternary_page(figure, spec, space, history, triangle)
        elif is_scan(space):
            draw_scan(figure, spec, space, history, motions)
        else:
            _plain_page(figure, spec, space, history)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=DOTS_PER_INCH)
    return path


def _plain_page(figure: Figure, spec: CampaignSpec, space: SearchSpace, history: History) -> None:
    """The page of a space that is no triangle: its line or its plane, where it has one or two axes."""
    is_plain = not space.sums and all(axis.is_numeric for axis in space.axes)
    draw = {1: draw_line, 2: draw_plane}.get(len(space.axes)) if is_plain else None
    panels = list(figure.subplots(1, 2 if draw is None else 3))
    _draw_progress(panels[-2], spec, space, history)
    _draw_curves(panels[-1], spec, space, history)
    if draw is not None:
        points = draw(panels[0], space, spec.objective, history)
        fix_layout(figure)  # labels are placed on the page as it will be
        label_points(panels[0], *points)


def _draw_curves(ax: Axes, spec: CampaignSpec, space: SearchSpace, history: History) -> None:
    """Those that are foreseen, where whole curves are learned; else the best that were measured."""
    is_foreseen = spec.objective.needs_curves and not isinstance(spec.objective, Phases)
    if not is_foreseen or not draw_foreseen(ax, space, spec.objective, history):
        draw_curves(ax, history, spec.objective)


def _ternary_page(
    figure: Figure, spec: CampaignSpec, space: SearchSpace, history: History, triangle: Triangle
) -> None:
    grid = figure.add_gridspec(2, 3, width_ratios=(1.5, 0.75, 0.9))
    big = figure.add_subplot(grid[:, 0])
    small = figure.add_subplot(grid[0, 1])
    if isinstance(spec.objective, Phases):
        told = believe_phases(space, spec.objective, history, triangle.grid())
        if told is not None:
            draw_phase_triangle((big, small), triangle, triangle.grid(), told)
    else:
        _draw_maps((big, small), spec, space, history, triangle)
    draw_frame(big, triangle)
    draw_frame(small, triangle, is_labelled=False)
    small.set_title("Uncertainty", fontsize=10)
    _draw_progress(figure.add_subplot(grid[1, 1]), spec, space, history)
    _draw_curves(figure.add_subplot(grid[:, 2]), spec, space, history)
    draw_marks(small, history, spec.objective, triangle.place, size=2.5)
    points = draw_marks(big, history, spec.objective, triangle.place, size=4.0)
    draw_meanings(big)
    fix_layout(figure)  # labels are placed on the page as it will be
    x, y = np.array([triangle.place(point) for point in points.values()]).T
    label_points(big, x, y, [str(seq) for seq in points])


def _draw_maps(
    panels: tuple[Axes, Axes], spec: CampaignSpec, space: SearchSpace, history: History, triangle: Triangle
) -> None:
    """Posterior mean and standard deviation of the first feature over the triangle."""
    belief = believe(space, spec.objective, history, triangle.grid())
    figure = panels[0].get_figure(root=True)
    if belief is None or figure is None:
        return
    mean = draw_map(panels[0], triangle, belief.values, belief.mean, "viridis")
    draw_sought(panels[0], mesh_of(triangle, belief.values), belief.mean, spec.objective.sought)
    sigma = draw_map(panels[1], triangle, belief.values, belief.sigma, "magma")
    label = axis_label(spec.objective, history)
    figure.colorbar(mean, ax=panels[0], shrink=0.75, pad=0.02, label=f"{label}, posterior mean")
    figure.colorbar(sigma, ax=panels[1], shrink=0.75, pad=0.02, label="posterior standard deviation")


def _draw_progress(ax: Axes, spec: CampaignSpec, space: SearchSpace, history: History) -> None:
    """How far the search has come: the front where several goals are sought, else the values in order."""
    if isinstance(spec.objective, Pareto):
        draw_front(ax, space, spec.objective, history)
    elif isinstance(spec.objective, Phases) and not spec.objective.has_best:
        draw_phases_in_order(ax, space, spec.objective, history)
    else:
        draw_rise(ax, history, spec.objective)
