"""A map over two free axes."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.tri import Triangulation

from agent.pictures.belief import believe
from agent.pictures.marks import draw_marks, draw_meanings, draw_sought
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
    points = draw_marks(
        ax, history, objective, lambda point: np.array([point[first.name], point[second.name]]), size=4.0
    )
    draw_meanings(ax, is_above=True)
    ax.set_xlabel(_with_unit(first))
    ax.set_ylabel(_with_unit(second))
    px, py = (np.array([point[axis.name] for point in points.values()]) for axis in space.axes)
    return px, py, [str(seq) for seq in points]


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
        mesh = Triangulation(mesh_x.ravel(), mesh_y.ravel())
        draw_sought(ax, mesh, belief.mean, objective.sought)
        figure.colorbar(coloured, ax=ax, label=f"{axis_label(objective, history)}, posterior mean")
        sigma = ax.contour(
            mesh_x, mesh_y, belief.sigma.reshape(mesh_x.shape), 4, colors="white", linewidths=0.6
        )
        ax.clabel(sigma, fontsize=6, fmt="± %.2g")


def _with_unit(axis: Axis) -> str:
    return axis.name + ("" if axis.unit == "1" else f" / {axis.unit}")
