"""A map over two free axes."""

import numpy as np
from matplotlib.axes import Axes

from agent.pictures.belief import believe
from agent.pictures.panels import axis_label
from agent.pictures.phases import draw_phase_plane
from models.domain.history import History
from models.domain.objective import ObjectiveBase, Phases
from models.domain.scattering import Floats
from models.domain.space import Axis, SearchSpace

N_FINE = 80
"""Grid points along an axis."""


def draw_plane(
    ax: Axes, space: SearchSpace, objective: ObjectiveBase, history: History
) -> tuple[Floats, Floats, list[str]]:
    """Colour the plane by the posterior mean, or the likeliest phase; the answer labels the points."""
    first, second = space.axes
    if isinstance(objective, Phases):
        draw_phase_plane(ax, space, objective, history)
    else:
        _draw_mean(ax, space, objective, history)
    measured = [(d.seq, d.point) for d, _ in history.accepted() if d.point is not None]
    px = np.array([point[first.name] for _, point in measured])
    py = np.array([point[second.name] for _, point in measured])
    ax.plot(px, py, "o", markersize=4, color="white", markeredgecolor="black", markeredgewidth=0.6)
    ax.set_xlabel(_with_unit(first))
    ax.set_ylabel(_with_unit(second))
    return px, py, [str(seq) for seq, _ in measured]


def _draw_mean(ax: Axes, space: SearchSpace, objective: ObjectiveBase, history: History) -> None:
    """The posterior mean of the first feature, with lines of equal sigma."""
    x, y = (np.linspace(axis.low, axis.high, N_FINE) for axis in space.axes)
    mesh_x, mesh_y = np.meshgrid(x, y)
    belief = believe(space, objective, history, np.column_stack([mesh_x.ravel(), mesh_y.ravel()]))
    figure = ax.get_figure(root=True)
    if belief is not None and figure is not None:
        coloured = ax.pcolormesh(
            mesh_x, mesh_y, belief.mean.reshape(mesh_x.shape), cmap="viridis", shading="gouraud"
        )
        figure.colorbar(coloured, ax=ax, label=f"{axis_label(objective, history)}, posterior mean")
        sigma = ax.contour(
            mesh_x, mesh_y, belief.sigma.reshape(mesh_x.shape), 4, colors="white", linewidths=0.6
        )
        ax.clabel(sigma, fontsize=6, fmt="± %.2g")


def _with_unit(axis: Axis) -> str:
    return axis.name + ("" if axis.unit == "1" else f" / {axis.unit}")
