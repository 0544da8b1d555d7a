"""Maps of phases: which is believed to rule where, paler where that is less certain."""

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.lines import Line2D
from matplotlib.tri import Triangulation

from agent.pictures.ternary import Triangle, draw_map
from agent.strategy.learned import learned
from models.domain.decision import MEASURING_KINDS
from models.domain.errors import FitFailed
from models.domain.history import History
from models.domain.objective import Phases
from models.domain.point import Point
from models.domain.scattering import Floats
from models.domain.space import SearchSpace
from models.gp.encoding import Encoding
from models.gp.phase_classes import number_phases
from models.gp.phase_grid import PhaseGrid, tell_phases

N_FINE = 80
"""Grid points along an axis of a plane."""
N_COLOURS = 10


def believe_phases(space: SearchSpace, objective: Phases, history: History, grid: Floats) -> PhaseGrid | None:
    """What is believed on a grid of coordinates, shape (n, n_axes); None when no map can be had."""
    encoding = Encoding(space)
    points = [Point(coordinates=dict(zip(space.names, row, strict=True))) for row in grid.tolist()]
    try:
        return tell_phases(objective, learned(encoding, objective, history), encoding.encode(points))
    except FitFailed:
        return None


def phases_found(space: SearchSpace, objective: Phases, history: History) -> dict[int, int]:
    """Number of the phase of each measurement that has one, by `seq`."""
    encoding = Encoding(space)
    knowledge = learned(encoding, objective, history)
    try:
        places = number_phases(objective, knowledge, knowledge.n_read)
    except FitFailed:
        return {}
    measured = [
        (decision.seq, exposure.point)
        for decision, observation in history.accepted()
        if (exposure := history.exposure(observation.seq)) is not None
    ]
    numbers = places.numbers_at(encoding.encode([point for _, point in measured]))
    pairs = zip(measured, numbers.tolist(), strict=True)
    return {seq: number for (seq, _), number in pairs if number >= 0}


def colours_of(numbers: Floats | list[int] | tuple[int, ...]) -> Floats:
    """Red, green and blue of phases, shape (n, 3)."""
    return colormaps["tab10"](np.asarray(numbers, dtype=np.int64) % N_COLOURS)[:, :3]


def draw_phase_triangle(
    panels: tuple[Axes, Axes], triangle: Triangle, values: Floats, told: PhaseGrid
) -> None:
    """Colour a triangle by the likeliest phase, and a second one by its probability."""
    big, small = panels
    x, y = triangle.to_plane(values)
    mesh = Triangulation(x, y)
    corners = np.stack([x[mesh.triangles], y[mesh.triangles]], axis=2)
    is_short = np.ptp(corners, axis=1).max(axis=1) < 2.1 / N_FINE
    faces = _paled(told)[mesh.triangles].mean(axis=1)
    coloured = PolyCollection(
        list(corners[is_short]), facecolors=faces[is_short].tolist(), edgecolors="face", linewidths=0.3,
        zorder=0,
    )  # fmt: skip
    big.add_collection(coloured)
    chance = draw_map(small, triangle, values, told.chance, "magma")
    figure = small.get_figure(root=True)
    if figure is not None:
        figure.colorbar(chance, ax=small, shrink=0.75, pad=0.02, label="probability of the likeliest")
    label_phases(big, told.numbers)


def draw_phase_plane(ax: Axes, space: SearchSpace, objective: Phases, history: History) -> None:
    """Colour a plane of two free axes by the likeliest phase."""
    x, y = (np.linspace(axis.low, axis.high, N_FINE) for axis in space.axes)
    mesh_x, mesh_y = np.meshgrid(x, y)
    grid = np.column_stack([mesh_x.ravel(), mesh_y.ravel()])
    told = believe_phases(space, objective, history, grid)
    if told is None:
        return
    ax.imshow(
        _paled(told).reshape(N_FINE, N_FINE, 3), extent=(x[0], x[-1], y[0], y[-1]), origin="lower",
        aspect="auto", interpolation="bilinear",
    )  # fmt: skip
    chance = told.chance.reshape(mesh_x.shape)
    lines = ax.contour(mesh_x, mesh_y, chance, (0.6, 0.9), colors="white", linewidths=0.6)
    ax.clabel(lines, fontsize=6, fmt="%.1f")
    label_phases(ax, told.numbers)


def draw_phases_in_order(ax: Axes, space: SearchSpace, objective: Phases, history: History) -> None:
    """The phase of each measurement, in order."""
    order = [d.seq for d in history.decisions if d.kind in MEASURING_KINDS]
    found = phases_found(space, objective, history)
    x = [order.index(seq) + 1 for seq in found]
    if x:
        ax.scatter(x, list(found.values()), c=colours_of(list(found.values())), s=14)
    ax.set_yticks(sorted(set(found.values())))
    ax.set_xlabel("measurement")
    ax.set_ylabel("phase")


def label_phases(ax: Axes, numbers: tuple[int, ...]) -> None:
    """Say which colour is which phase."""
    handles = [
        Line2D([], [], marker="s", linestyle="", color=tuple(colour), label=f"phase {number}")
        for number, colour in zip(numbers, colours_of(numbers).tolist(), strict=True)
    ]
    ax.legend(handles=handles, fontsize=7, frameon=False, loc="upper left")


def _paled(told: PhaseGrid) -> Floats:
    """Colour of the likeliest phase, half white where it is as likely as not, shape (m, 3)."""
    strength = np.clip(told.chance, 0.0, 1.0)[:, np.newaxis] ** 1.5
    return strength * colours_of(told.likeliest.tolist()) + (1.0 - strength)
