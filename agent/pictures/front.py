"""The front of best compromises between goals: every measurement by two of its features."""

import numpy as np
from matplotlib.axes import Axes

from agent.strategy.learned import learned
from models.domain.errors import FitFailed
from models.domain.feature_goals import Extreme, Part
from models.domain.history import History
from models.domain.objective import Pareto
from models.domain.scattering import Feature, Mask
from models.domain.space import SearchSpace
from models.gp.encoding import Encoding
from models.gp.pursuits.pareto import study


def draw_front(ax: Axes, space: SearchSpace, objective: Pareto, history: History) -> None:
    """Every measurement by its first two features, those that none is better than joined.

    Of three goals or more the first two are drawn; a point may be on the front for the sake of another. The
    dashed lines are the reference: what lies behind them does not count.
    """
    accepted = [observation for _, observation in history.accepted()]
    whole = [one for one in accepted if len(objective.shown(one)) == len(objective.of)]
    is_best = np.array([far == 0.0 for far in objective.badness(whole)], dtype=bool)
    pairs = [objective.shown(one)[:2] for one in whole]
    _draw_measured(ax, pairs, ~is_best, "tab:grey", "measured")
    _draw_measured(ax, pairs, is_best, "tab:red", "best compromises")
    if len(objective.of) == 2 and is_best.any():
        front = sorted((x.value, y.value) for (x, y), is_one in zip(pairs, is_best, strict=True) if is_one)
        ax.plot(*np.array(front).T, color="tab:red", linewidth=1.0, zorder=1)
    for part, draw in zip(objective.of[:2], (ax.axvline, ax.axhline), strict=True):
        for name, value in part.sought.items():
            draw(value, color="black", linewidth=0.8, linestyle=":", label=f"{name} of {part.feature}")
    label = "reference: counts up to here"
    for draw, values in zip((ax.axvline, ax.axhline), _reference(space, objective, history), strict=False):
        for value in values:
            draw(value, color="tab:grey", linewidth=0.8, linestyle="--", label=label)
            label = "_"  # one entry in the legend stands for all
    if pairs:
        ax.set_xlabel(_label(objective.of[0], pairs[0][0]))
        ax.set_ylabel(_label(objective.of[1], pairs[0][1]))
        ax.legend(fontsize=7, edgecolor="none", framealpha=0.9)  # the reference's lines run behind it
    ax.set_title("Best compromises", fontsize=10, loc="left")


def _draw_measured(ax: Axes, pairs: list[tuple[Feature, ...]], rows: Mask, colour: str, label: str) -> None:
    chosen = [pair for pair, is_one in zip(pairs, rows, strict=True) if is_one]
    if not chosen:
        return
    values = np.array([[one.value for one in pair] for pair in chosen])
    sigmas = np.array([[one.sigma for one in pair] for pair in chosen])
    ax.errorbar(
        values[:, 0], values[:, 1], xerr=sigmas[:, 0], yerr=sigmas[:, 1], fmt="o", markersize=3.5,
        color=colour, ecolor=colour, elinewidth=0.7, label=label,
    )  # fmt: skip


def _reference(space: SearchSpace, objective: Pareto, history: History) -> list[tuple[float, ...]]:
    """Where each goal stops to count, in its feature's unit; nothing where there is no reference yet."""
    try:
        ground = study(objective, learned(Encoding(space), objective, history), 0).context
    except FitFailed:
        return []
    return [
        (-part.sign * far,) if isinstance(part, Extreme) else (part.target - far, part.target + far)
        for part, far in zip(objective.of, ground.reference, strict=True)
    ]


def _label(part: Part, feature: Feature) -> str:
    unit = "" if feature.unit == "1" else f" / {feature.unit}"
    goal = part.goal if isinstance(part, Extreme) else f"target {part.target:g}"
    return f"{part.feature.replace('_', ' ')}{unit} ({goal})"
