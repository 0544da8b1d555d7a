"""The panels that every campaign has: the best curves, and how the value rose."""

from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter

from models.domain.decision import MEASURING_KINDS
from models.domain.errors import BadInput
from models.domain.history import History
from models.domain.objective import ObjectiveBase
from models.domain.ranking import ranked
from models.domain.scattering import Curve
from models.saxs.curve_files import read_curve

MOST_COLUMNS = 3
"""Entries of a legend that stand beside each other."""
N_CURVES = 4
"""Best samples whose curves are drawn."""


def axis_label(objective: ObjectiveBase, history: History) -> str:
    """Name and unit of the objective's feature."""
    best = ranked(history, objective)
    shown = best[0][1] if best else ()
    name, unit = (shown[0].name, shown[0].unit) if shown else (objective.quantity, "1")
    return name.replace("_", " ") + ("" if unit == "1" else f" / {unit}")


def draw_curves(ax: Axes, history: History, objective: ObjectiveBase) -> None:
    """Curves of the best samples, each shifted by a factor of ten, with their errors."""
    colours = colormaps["viridis"](np.linspace(0.1, 0.85, N_CURVES))
    unit, missing = "a.u.", list[str]()
    for place, (decision, features) in enumerate(ranked(history, objective)[:N_CURVES]):
        curve = _drawable_curve(history, decision.seq)
        if curve is None:
            missing.append(str(decision.seq))
            continue
        unit = curve.unit
        factor = 10.0**-place
        q, intensity, sigma = curve.q_inv_nm, curve.intensity, curve.sigma
        low, high = np.maximum(intensity - sigma, intensity * 0.05), intensity + sigma
        ax.fill_between(q, low * factor, high * factor, color=colours[place], alpha=0.3, linewidth=0)
        shift = "" if place == 0 else f" (x 10$^{{-{place}}}$)"
        value = f": {features[0].value:.3g} ± {features[0].sigma:.1g}" if features else ""
        label = f"{decision.seq}{value}{shift}"
        ax.plot(q, intensity * factor, color=colours[place], linewidth=1.0, label=label)
    scale_curves(ax)
    ax.set_ylabel(f"intensity / {unit.replace('1/cm', 'cm$^{-1}$')}")
    ax.set_title(f"Curves of the {objective.first_in_line}", fontsize=10, loc="left")
    if ax.lines:
        ax.legend(fontsize=7, frameon=False, title="decision", title_fontsize=7)
    if missing:
        said = f"no curve to draw for {', '.join(missing)}"
        ax.text(0.02, 0.02, said, transform=ax.transAxes, fontsize=7, color="dimgrey")


def scale_curves(ax: Axes) -> None:
    """Logarithmic axes for curves, with ticks of q that can be read whether it spans one decade or three."""
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    ax.xaxis.set_major_formatter("{x:g}")
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xlabel("q / nm$^{-1}$")


def _drawable_curve(history: History, seq: int) -> Curve | None:
    """The points of a curve that a logarithm has; None when there are none or the file is not there."""
    observation = history.settled(history.decision(seq))
    if observation is None or observation.curve is None:
        return None
    try:
        curve = read_curve(Path(observation.curve.path))
    except BadInput:
        return None
    keep = curve.intensity > 0
    if not keep.any():
        return None
    return Curve(curve.q_inv_nm[keep], curve.intensity[keep], curve.sigma[keep], unit=curve.unit)


def draw_rise(ax: Axes, history: History, objective: ObjectiveBase) -> None:
    """Every measured value in order, and the best so far."""
    order = [d.seq for d in history.decisions if d.kind in MEASURING_KINDS]
    number = {seq: place for place, seq in enumerate(order, start=1)}
    x, y, error, best, nearest = [], [], [], [], list[float]()
    for decision, observation in history.accepted():
        shown = objective.shown(observation)
        (far,) = objective.badness([observation])
        if not shown or far is None:
            continue
        feature = shown[0]
        x.append(number[decision.seq])
        y.append(feature.value)
        error.append(feature.sigma)
        is_better = not nearest or far < nearest[-1]
        nearest.append(far if is_better else nearest[-1])
        best.append(feature.value if is_better else best[-1])
    ax.errorbar(
        x, y, yerr=error, fmt="o", markersize=3.5, color="tab:grey", ecolor="lightgrey", label="measured"
    )
    if objective.has_best:
        ax.step(x, best, where="post", color="tab:red", linewidth=1.3, label="best so far")
    lost = [number[s] for s in order if s not in {d.seq for d, _ in history.accepted()}]
    if lost:
        ax.plot(lost, [0.02] * len(lost), "x", color="tab:red", markersize=5,
                transform=ax.get_xaxis_transform(), label="failed or rejected")  # fmt: skip
    for name, sought in objective.sought.items():
        ax.axhline(sought, color="black", linewidth=0.8, linestyle=":", label=name)
    ax.set_xlabel("measurement")
    ax.set_ylabel(axis_label(objective, history))
    n_columns = min(len(ax.get_legend_handles_labels()[0]), MOST_COLUMNS)
    ax.legend(  # above the points, which may lie anywhere
        fontsize=7, frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=n_columns,
        columnspacing=1.2, handletextpad=0.5,
    )  # fmt: skip
