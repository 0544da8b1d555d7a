"""The curves that are foreseen with their bands, or the target beside what comes nearest to it."""

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes

from agent.foresight import ForeseenCurve, Foresight
from agent.milestones import map_points
from agent.pictures.panels import scale_curves
from models.domain.errors import FitFailed
from models.domain.history import History
from models.domain.misfit import as_arrays, misfit_of
from models.domain.objective import Match, ObjectiveBase
from models.domain.point import Point
from models.domain.ranking import ranked
from models.domain.scattering import CurveProfile, Floats
from models.domain.space import SearchSpace

N_MATCHES = 3
"""Best matches that are drawn."""
STEP = 30.0
"""Each curve is drawn lower than the one above by this factor."""
LEAST = 0.2
"""A band is drawn down to this share of the smallest positive intensity: a logarithm has no zero."""
ROOM = 30.0
"""Factor of room below the curves, for what they are called."""
SEED = 0
"""Of the points among which the most uncertain is looked for."""


def draw_foreseen(ax: Axes, space: SearchSpace, objective: ObjectiveBase, history: History) -> bool:
    """Draw what whole curves teach; False when nothing can be learned from them."""
    try:
        foresight = Foresight(space, objective, history)
    except FitFailed:
        return False
    if isinstance(objective, Match) and objective.target is not None:
        _draw_matches(ax, foresight, objective, objective.target, history)
    else:
        _draw_uncertain(ax, foresight, space, history)
    _finish(ax, foresight.belief.basis.unit)
    return True


def _draw_matches(
    ax: Axes, foresight: Foresight, objective: Match, target: CurveProfile, history: History
) -> None:
    """The target on each of the best matches, and what is believed at the best of them."""
    sought, _ = as_arrays(target)
    q = np.array(target.q_inv_nm)
    colours = colormaps["viridis"](np.linspace(0.1, 0.8, N_MATCHES))
    for place, (decision, (misfit, *_)) in enumerate(ranked(history, objective)[:N_MATCHES]):
        observation, lower = history.settled(decision), STEP**-place
        profile = None if observation is None else observation.profile
        found = misfit_of(profile, target, objective.scale)
        if profile is None or found is None:
            continue
        mine, sigma = (array / found.factor for array in as_arrays(profile))
        if place == 0 and decision.point is not None:
            _draw_band(ax, foresight.curve(decision.point), colours[0], 1.0 / found.factor, "95 % band")
        ax.errorbar(
            q, mine * lower, yerr=sigma * lower, fmt="o", markersize=2.5, color=colours[place],
            elinewidth=0.6, label=f"decision {decision.seq}: {misfit.value:.1%} ± {misfit.sigma:.1%} rms",
        )  # fmt: skip
        ax.plot(q, sought * lower, "--", color="black", linewidth=1.0, zorder=5,
                label="target" if place == 0 else None)  # fmt: skip
    ax.set_title("Best matches on the target", fontsize=10, loc="left")


def _draw_uncertain(ax: Axes, foresight: Foresight, space: SearchSpace, history: History) -> None:
    """The curves known least and half as well as any, and the last that was measured with its points."""
    points = map_points(space, SEED)
    curves = [foresight.curve(point) for point in points]
    order = np.argsort([curve.rms_sigma for curve in curves], kind="stable")
    chosen = {"known least": int(order[-1]), "typical": int(order[len(order) // 2])}
    colours = colormaps["plasma"](np.linspace(0.1, 0.7, len(chosen) + 1))
    for place, (name, row) in enumerate(chosen.items()):
        curve = curves[row]
        label = f"{name}, ± {curve.rms_sigma:.0%}: {_short(points[row])}"
        _draw_band(ax, curve, colours[place], STEP**-place, label)
    decision, observation = list(history.accepted())[-1]
    if decision.point is not None and observation.profile is not None:
        lower = STEP ** -len(chosen)
        curve = foresight.curve(decision.point)
        label = f"measured (decision {decision.seq}), ± {curve.rms_sigma:.0%}"
        _draw_band(ax, curve, colours[-1], lower, label)
        mine, sigma = as_arrays(observation.profile)
        ax.errorbar(np.array(observation.profile.q_inv_nm), mine * lower, yerr=sigma * lower, fmt="o",
                    markersize=2.0, color="black", elinewidth=0.6)  # fmt: skip
    ax.set_title("Curves foreseen, with 95 % bands", fontsize=10, loc="left")


def _draw_band(ax: Axes, curve: ForeseenCurve, colour: Floats, factor: float, label: str) -> None:
    positive = curve.intensity[curve.intensity > 0]
    least = LEAST * float(positive.min()) if positive.size else 1.0
    low, middle, high = (np.maximum(one, least) * factor for one in (curve.low, curve.intensity, curve.high))
    ax.fill_between(curve.q_inv_nm, low, high, color=colour, alpha=0.25, linewidth=0)
    ax.plot(curve.q_inv_nm, middle, color=colour, linewidth=1.2, label=label)


def _short(point: Point) -> str:
    if point.sample is not None:
        return point.sample
    return ", ".join(
        f"{value:.2f}" if isinstance(value, float) else str(value) for value in point.coordinates.values()
    )


def _finish(ax: Axes, unit: str) -> None:
    scale_curves(ax)
    ax.set_ylabel(f"intensity / {unit.replace('1/cm', 'cm$^{-1}$')}, each lower by {STEP:g}")
    bottom, top = ax.get_ylim()
    ax.set_ylim(bottom / ROOM, top)
    ax.legend(fontsize=7, frameon=False, loc="lower left")
