"""A map over two positions: what is believed and how surely, which way fibres lie, the way taken."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from agent.pictures.belief import believe
from agent.pictures.journey import Journey, journey_of
from agent.pictures.labels import fix_layout, label_points
from agent.pictures.panels import axis_label
from models.domain.campaign import CampaignSpec
from models.domain.decision import MEASURING_KINDS
from models.domain.history import History
from models.domain.motion import Motion
from models.domain.scattering import Floats
from models.domain.space import Axis, SearchSpace

N_FINE = 160
"""Grid points along the longer axis."""
BAR_ROOM = 0.95
"""Length of a bar of order 1, over the typical distance of neighbours."""
LENGTH_UNITS = frozenset({"nm", "um", "µm", "mm", "cm", "m"})
OUTLINE = withStroke(linewidth=2.4, foreground="white")


@dataclass(frozen=True, eq=False)
class Field:
    """A grid over the plane, and what is believed there."""

    x: Floats
    """Values on the first axis, shape (n_x,)."""
    y: Floats
    """Values on the second axis, shape (n_y,)."""
    is_inside: Floats
    """1 inside the outline, 0 outside, shape (n_y, n_x)."""
    mean: Floats
    """Posterior mean, shape (n_y, n_x); NaN outside the outline."""
    sigma: Floats
    """Posterior standard deviation, shape (n_y, n_x); NaN outside the outline."""


def is_scan(space: SearchSpace) -> bool:
    """True for two positions in one unit of length, with no constraint but an outline."""
    units = {axis.unit for axis in space.axes}
    is_free = not space.sums and not space.linear and not space.candidates
    return len(space.axes) == 2 and len(units) == 1 and units <= LENGTH_UNITS and is_free


def draw_scan(
    figure: Figure,
    spec: CampaignSpec,
    space: SearchSpace,
    history: History,
    motions: Mapping[str, Motion] | None,
) -> None:
    """Fill a page: the map with bars of orientation, its uncertainty, the path.

    Parameters
    ----------
    figure
        An empty page.
    spec, space
        The campaign, and where it looked.
    history
        What it found.
    motions
        How the axes move, where that is known: legs are then coloured by their time.
    """
    grid = figure.add_gridspec(2, 2, width_ratios=(1.6, 1.0))
    big = figure.add_subplot(grid[:, 0])
    sure, path = figure.add_subplot(grid[0, 1]), figure.add_subplot(grid[1, 1])
    field = _field_of(spec, space, history)
    label = axis_label(spec.objective, history)
    measured = _measured(spec, space, history)
    _draw_field(big, field, field.mean, "viridis", f"{label}, posterior mean; dots: measured", measured)
    _draw_field(sure, field, field.sigma, "magma", f"{label}, posterior sigma")
    for ax in (big, sure, path):
        _frame(ax, space, field)
    has_bars = _draw_bars(big, space, history)
    big.set_title("Mean, and bars along the fibres" if has_bars else "Mean", loc="left", fontsize=10)
    sure.set_title("Uncertainty", loc="left", fontsize=10)
    _draw_points(sure, space, history)
    journey = journey_of(space, history, motions)
    numbered = _draw_journey(path, journey)
    path.set_title(f"Path: {journey.text()}", loc="left", fontsize=8.5)
    fix_layout(figure)  # labels are placed on the page as it will be
    label_points(path, *numbered)


def _field_of(spec: CampaignSpec, space: SearchSpace, history: History) -> Field:
    """Believe on a grid of square cells; nothing is believed where no model can be had."""
    step = max(axis.span for axis in space.axes) / N_FINE
    x, y = (np.linspace(a.low, a.high, max(2, round(a.span / step))) for a in space.axes)
    mesh_x, mesh_y = np.meshgrid(x, y)
    is_inside = np.ones(mesh_x.shape, dtype=np.bool_)
    if space.region is not None:
        places = {space.axes[0].name: mesh_x.ravel(), space.axes[1].name: mesh_y.ravel()}
        is_inside = space.region.contains(*(places[name] for name in space.region.axes)).reshape(mesh_x.shape)
    mean, sigma = np.full(mesh_x.shape, np.nan), np.full(mesh_x.shape, np.nan)
    inside = np.column_stack([mesh_x[is_inside], mesh_y[is_inside]])
    belief = believe(space, spec.objective, history, inside)
    if belief is not None:
        mean[is_inside], sigma[is_inside] = belief.mean, belief.sigma
    return Field(x, y, is_inside.astype(np.float64), mean, sigma)


def _measured(spec: CampaignSpec, space: SearchSpace, history: History) -> Floats:
    """Where and what was measured of the objective's first feature, shape (n, 3)."""
    rows: list[tuple[float, float, float]] = []
    for decision, observation in history.accepted():
        feature = observation.feature(spec.objective.quantity)
        if feature is not None and decision.point is not None:
            x, y = (decision.point[axis.name] for axis in space.axes)
            rows.append((x, y, feature.value))
    return np.array(rows).reshape(-1, 3)


def _draw_field(  # noqa: PLR0913  a picture has many parts
    ax: Axes, field: Field, values: Floats, colours: str, label: str, measured: Floats | None = None
) -> None:
    """Colour the plane by what is believed; what was measured stands on it in the same colours.

    So a thing too small for the model is seen where it was met.
    """
    figure = ax.get_figure(root=True)
    if figure is None or not np.isfinite(values).any():
        return
    shown = values if measured is None else np.append(values, measured[:, 2])
    norm = Normalize(float(np.nanmin(shown)), float(np.nanmax(shown)))
    coloured = ax.pcolormesh(
        field.x, field.y, values, cmap=colours, norm=norm, shading="nearest", rasterized=True
    )
    if measured is not None:
        x, y, found = measured.T
        ax.scatter(x, y, c=found, cmap=colours, norm=norm, s=22, edgecolors="white", linewidths=0.6, zorder=5)
    bar = figure.colorbar(coloured, ax=ax, shrink=0.8, pad=0.02)
    bar.set_label(label, fontsize=8)


def _frame(ax: Axes, space: SearchSpace, field: Field) -> None:
    """Outline, equal scales, names of the axes."""
    if not field.is_inside.all():
        # a rim of zeros closes the outline where it touches the edge of the plane
        x, y = (np.concatenate([[a[0]], a, [a[-1]]]) for a in (field.x, field.y))
        ax.contour(x, y, np.pad(field.is_inside, 1), [0.5], colors="black", linewidths=1.0)
    ax.set_aspect("equal")
    ax.set_xlabel(_with_unit(space.axes[0]))
    ax.set_ylabel(_with_unit(space.axes[1]))


def _draw_points(ax: Axes, space: SearchSpace, history: History) -> None:
    """A dot where something was measured, a cross where it failed."""
    accepted = {decision.seq for decision, _ in history.accepted()}
    for decision in history.decisions:
        if decision.point is None or decision.kind not in MEASURING_KINDS:
            continue
        x, y = (decision.point[axis.name] for axis in space.axes)
        if decision.seq in accepted:
            ax.plot(x, y, "o", markersize=2.5, color="white", markeredgecolor="black", markeredgewidth=0.5)
        else:
            ax.plot(x, y, "x", markersize=5.0, color="tab:red", markeredgewidth=1.2)


def _draw_bars(ax: Axes, space: SearchSpace, history: History) -> bool:
    """A bar along the long axis at each measured point, as long as the order; False without such features."""
    first, second = (axis.name for axis in space.axes)
    places, turns = list[tuple[float, float]](), list[tuple[float, float]]()
    bare = list[tuple[float, float]]()
    for decision, observation in history.accepted():
        exposure = history.exposure(observation.seq)
        point = exposure.point if exposure is not None else decision.point
        order, angle = (observation.feature(f"orientation_{name}") for name in ("order", "angle"))
        if point is None:
            continue
        if order is None or angle is None:
            bare.append((point[first], point[second]))
            continue
        places.append((point[first], point[second]))
        radians = np.radians(angle.value)
        turns.append((order.value * np.cos(radians), order.value * np.sin(radians)))
    if bare:
        ax.plot(*np.array(bare).T, "o", ms=2.5, color="white", mec="black", mew=0.5)
    if not places:
        return False
    length = BAR_ROOM * _spacing(space, len(places))
    centres, halves = np.array(places), 0.5 * length * np.array(turns)
    bars = np.stack([centres - halves, centres + halves], axis=1)
    ax.add_collection(
        LineCollection(list(bars), colors="black", linewidths=1.3, path_effects=[OUTLINE], capstyle="round")
    )
    _draw_bar_scale(ax, length)
    return True


def _draw_bar_scale(ax: Axes, length: float) -> None:
    """How long a bar of order 0.5 is, below the map's lower left corner."""
    x0, y0 = ax.get_xlim()[0], ax.get_ylim()[0]
    pad = 0.04 * (ax.get_xlim()[1] - x0)
    ax.plot([x0 + pad, x0 + pad + 0.5 * length], [y0 + pad] * 2, color="black", linewidth=1.3)
    ax.text(x0 + 1.5 * pad + 0.5 * length, y0 + pad, "order 0.5", fontsize=7, va="center")


def _draw_journey(ax: Axes, journey: Journey) -> tuple[Floats, Floats, list[str]]:
    """Legs coloured by what they cost; the answer labels the points."""
    figure = ax.get_figure(root=True)
    if len(journey.costs) and figure is not None:
        legs = np.stack([journey.places[:-1], journey.places[1:]], axis=1)
        lines = LineCollection(list(legs), cmap="plasma_r", linewidths=1.2, array=journey.costs)
        ax.add_collection(lines)
        figure.colorbar(lines, ax=ax, label=f"leg / {journey.cost_unit}", shrink=0.8, pad=0.02)
    ax.plot(*journey.places.T, "o", ms=2.5, color="white", mec="black", mew=0.5, zorder=4)
    return journey.places[:, 0], journey.places[:, 1], [str(seq) for seq in journey.seqs]


def _spacing(space: SearchSpace, n_points: int) -> float:
    """Distance of neighbours if as many points lay evenly."""
    area = space.axes[0].span * space.axes[1].span
    return float(np.sqrt(area / max(n_points, 1)))


def _with_unit(axis: Axis) -> str:
    return f"{axis.name} / {axis.unit}"
