"""What is believed along a single axis: the posterior with its band, and the measured points."""

import numpy as np
from matplotlib.axes import Axes

from agent.pictures.belief import believe
from agent.pictures.panels import axis_label
from models.domain.bands import Z_95
from models.domain.history import History
from models.domain.objective import ObjectiveBase
from models.domain.scattering import Floats
from models.domain.space import SearchSpace

N_FINE = 300
"""Points along the axis."""


def draw_line(
    ax: Axes, space: SearchSpace, objective: ObjectiveBase, history: History
) -> tuple[Floats, Floats, list[str]]:
    """Draw the posterior along the one axis of a space; what comes back labels the points."""
    axis = space.axes[0]
    grid = np.linspace(axis.low, axis.high, N_FINE)
    belief = believe(space, objective, history, grid[:, np.newaxis])
    if belief is not None:
        low, high = belief.mean - Z_95 * belief.sigma, belief.mean + Z_95 * belief.sigma
        ax.fill_between(grid, low, high, color="tab:blue", alpha=0.2, linewidth=0, label="95 % band")
        ax.plot(grid, belief.mean, color="tab:blue", label="posterior mean")
    measured = [
        (decision.seq, decision.point[axis.name], feature)
        for decision, observation in history.accepted()
        if (feature := observation.feature(objective.quantity)) is not None and decision.point is not None
    ]
    x = np.array([place for _, place, _ in measured])
    y = np.array([feature.value for _, _, feature in measured])
    error = [feature.sigma for _, _, feature in measured]
    ax.errorbar(x, y, yerr=error, fmt="o", markersize=4, color="black", label="measured")
    for name, value in objective.sought.items():
        ax.axhline(value, color="black", linewidth=0.8, linestyle=":", label=name)
    ax.set_xlabel(axis.name + ("" if axis.unit == "1" else f" / {axis.unit}"))
    ax.set_ylabel(axis_label(objective, history))
    ax.legend(fontsize=7, frameon=False)
    return x, y, [str(seq) for seq, _, _ in measured]
