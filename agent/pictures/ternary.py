"""A map over three fractions that add up to a constant."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.ticker import MaxNLocator
from matplotlib.tri import Triangulation

from models.domain.scattering import Floats
from models.domain.space import Axis, Point, SearchSpace

HEIGHT = float(np.sqrt(3.0) / 2.0)
"""Height of a triangle of unit side."""
N_TICKS = 5
"""Grid lines along each side."""
TICK_COLOURS = ("tab:blue", "tab:orange", "tab:green")
"""A fraction's name and its values on the sides share a colour."""
N_FINE = 90
"""Grid points along a side."""


@dataclass(frozen=True)
class Triangle:
    """The smallest triangle that holds all mixtures allowed by the lower bounds."""

    axes: tuple[Axis, Axis, Axis]
    """The three fractions: lower left corner, lower right corner, top."""
    size: float
    """How far each fraction rises from its lower bound to its corner."""

    def to_plane(self, values: Floats) -> tuple[Floats, Floats]:
        """Positions x, y in the plane, each shape (n,), of mixtures, shape (n, 3)."""
        share = (values - np.array([axis.low for axis in self.axes])) / self.size
        return share[:, 1] + share[:, 2] / 2.0, share[:, 2] * HEIGHT

    def place(self, point: Point) -> Floats:
        """Position x, y in the plane of one mixture, shape (2,)."""
        (x,), (y,) = self.to_plane(np.array([[point[axis.name] for axis in self.axes]]))
        return np.array([x, y])

    def grid(self) -> Floats:
        """A fine grid of mixtures within all bounds, shape (n, 3)."""
        i, j = np.meshgrid(np.arange(N_FINE + 1), np.arange(N_FINE + 1))
        keep = i + j <= N_FINE
        share = np.stack([N_FINE - i[keep] - j[keep], i[keep], j[keep]], axis=1) / N_FINE
        values = np.array([axis.low for axis in self.axes]) + share * self.size
        high = np.array([axis.high for axis in self.axes])
        return values[np.all(values <= high + 1e-9, axis=1)]


def triangle_of(space: SearchSpace) -> Triangle | None:
    """The triangle of a space of three fractions; None when the space is another."""
    if len(space.axes) != 3 or len(space.sums) != 1 or len(space.sums[0].axes) != 3:
        return None
    first, second, third = space.axes
    size = space.sums[0].total - sum(axis.low for axis in space.axes)
    return Triangle((first, second, third), size) if size > 0 else None


def draw_frame(ax: Axes, triangle: Triangle, is_labelled: bool = True) -> None:
    """Draw the triangle, its grid and, where wanted, the names and values along its sides."""
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, HEIGHT], [0.0, 0.0]])
    ax.plot(corners[:, 0], corners[:, 1], color="black", linewidth=1.0, zorder=3)
    for corner, axis in enumerate(triangle.axes):
        for value in round_ticks(axis.low, axis.low + triangle.size):
            step = (value - axis.low) / triangle.size
            ends = np.zeros((2, 3))
            ends[:, corner] = step
            ends[0, (corner + 1) % 3] = ends[1, (corner + 2) % 3] = 1.0 - step
            x, y = ends[:, 1] + ends[:, 2] / 2.0, ends[:, 2] * HEIGHT
            ax.plot(x, y, color="grey", linewidth=0.4, alpha=0.6, zorder=1)
            if is_labelled:
                _label_tick(ax, corner, value, (float(x[0]), float(y[0])))
    if is_labelled:
        names = [axis.name for axis in triangle.axes]
        first, second, third = TICK_COLOURS
        ax.text(-0.02, -0.05, names[0], ha="right", va="top", weight="bold", color=first)
        ax.text(1.02, -0.05, names[1], ha="left", va="top", weight="bold", color=second)
        ax.text(0.5, HEIGHT + 0.035, names[2], ha="center", va="bottom", weight="bold", color=third)
    ax.set_aspect("equal")
    ax.set_axis_off()


def draw_map(ax: Axes, triangle: Triangle, values: Floats, height: Floats, cmap: str) -> ScalarMappable:
    """Colour the triangle by a quantity on a grid; what comes back can be given a colour scale."""
    return ax.tripcolor(mesh_of(triangle, values), height, cmap=cmap, shading="gouraud", zorder=0)


def mesh_of(triangle: Triangle, values: Floats) -> Triangulation:
    """The grid on the page, without stretches where no mixture is allowed."""
    x, y = triangle.to_plane(values)
    mesh = Triangulation(x, y)
    mesh.set_mask(_long_triangles(x, y, mesh.triangles))
    return mesh


def _long_triangles(x: Floats, y: Floats, triangles: np.ndarray) -> np.ndarray:
    """True for triangles that span a stretch where no mixture is allowed."""
    px, py = x[triangles], y[triangles]
    sides = np.hypot(px - np.roll(px, 1, axis=1), py - np.roll(py, 1, axis=1))
    return sides.max(axis=1) > 2.1 / N_FINE


def round_ticks(low: float, high: float) -> list[float]:
    """Round values strictly between two bounds."""
    margin = 0.03 * (high - low)
    return [float(v) for v in MaxNLocator(N_TICKS).tick_values(low, high) if low + margin < v < high - margin]


def _label_tick(ax: Axes, corner: int, value: float, place: tuple[float, float]) -> None:
    """Write a value on the side where its line begins, in the direction in which the line runs."""
    shifts = ((-0.012, -0.03), (0.018, 0.0), (-0.018, 0.012))
    sides = ("center", "left", "right")
    dx, dy = shifts[corner]
    ax.text(
        place[0] + dx, place[1] + dy, f"{value:g}", ha=sides[corner], va="center", fontsize=7,
        color=TICK_COLOURS[corner],
    )  # fmt: skip
