"""The pictures of a rehearsal's report, as SVG that stands in the page itself."""

import io
from collections.abc import Callable, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FormatStrFormatter, FuncFormatter, LogLocator

from agent.rehearsal.verdict import Calibrated, Fared, Quartiles, Verdict

STYLE: dict[Any, Any] = {
    "font.size": 10, "axes.spines.top": False, "axes.spines.right": False, "svg.fonttype": "path",
    "axes.edgecolor": "#555555", "axes.labelcolor": "#222222", "axes.titlesize": 11,
    "axes.titleweight": "bold", "axes.titlelocation": "left", "svg.hashsalt": "nightbeam",
}  # fmt: skip
COLOURS = ("#0b6e99", "#d1495b", "#6a994e", "#8e5ea2", "#e09f3e", "#335c67", "#bc6c25", "#5f0f40")
"""Of the strategies that learn, in their order."""
PLAIN_COLOURS = {"random": "#8a8a8a", "grid": "#b3a369", "sobol": "#7fa1b5"}
MOST_DRAWN = 8
"""Strategies in one picture besides the plain ones."""
IDEALS = {"regret": "the best place itself", "volume lost": "the true front"}
"""What has a score of nothing."""
FLOOR = 1e-3
"""Scores below this share of the scale are drawn at it: a logarithm has no zero."""


def colour_of(verdict: Verdict) -> dict[str, str]:
    """Colour of each strategy, the same in all pictures."""
    learning = [one.name for one in verdict.strategies if not one.is_plain]
    colours = {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(learning)}
    return colours | {
        one.name: PLAIN_COLOURS.get(one.name, "#999999") for one in verdict.strategies if one.is_plain
    }


def as_svg(draw: Callable[[Figure], None], size: tuple[float, float]) -> str:
    """A picture as an SVG element."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasAgg(figure)
        draw(figure)
        text = io.StringIO()
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = text.getvalue()
    return svg[svg.index("<svg") :]


def score_label(verdict: Verdict) -> str:
    """Name and unit of the score, for an axis."""
    unit = "" if verdict.unit in ("1", "share") else f" / {verdict.unit}"
    return f"{verdict.score}{unit}"


def draw_progress(figure: Figure, verdict: Verdict) -> None:
    """Score against measurements, hours and exposure: medians and quartiles."""
    first, *others = figure.subplots(1, 3, sharey=True, width_ratios=(1.6, 1, 1))
    colours, shown = colour_of(verdict), _shown(verdict)
    for one in reversed(shown):
        _draw_band(first, _places(one), one, colours[one.name], verdict)
        _draw_median(others[0], np.array(one.hours), one, colours[one.name], verdict)
        _draw_median(others[1], np.array(one.exposed_s), one, colours[one.name], verdict)
    _draw_ideal(first, verdict)
    first.set_title("After so many measurements")
    first.set_xlabel("measurements")
    others[0].set_title("After so many hours")
    others[0].set_xlabel("hours")
    others[1].set_title("At so much dose")
    others[1].set_xlabel("exposure of all samples / s")
    first.set_ylabel(score_label(verdict))
    for ax in (first, *others):
        ax.set_yscale("log")
        _tell_plainly(ax.yaxis, verdict)
        ax.grid(axis="y", color="#dddddd", linewidth=0.6)
        ax.set_xlim(left=0)
    handles, labels = first.get_legend_handles_labels()
    order = np.argsort([_rank(label, verdict) for label in labels])
    figure.legend(
        [handles[k] for k in order], [labels[k] for k in order], fontsize=9, frameon=False,
        loc="outside upper left", ncols=min(len(order), 6),
    )  # fmt: skip


def _rank(label: str, verdict: Verdict) -> int:
    names = [one.name for one in verdict.strategies]
    return names.index(label) if label in names else len(names)


def _shown(verdict: Verdict) -> list[Fared]:
    learning = [one for one in verdict.strategies if not one.is_plain][:MOST_DRAWN]
    return [*learning, *(one for one in verdict.strategies if one.is_plain)]


def _places(one: Fared) -> np.ndarray:
    return np.arange(1, len(one.by_measurement) + 1, dtype=float)


def _draw_band(ax: Axes, x: np.ndarray, one: Fared, colour: str, verdict: Verdict) -> None:
    known = [k for k, q in enumerate(one.by_measurement) if q is not None]
    found = [q for q in one.by_measurement if q is not None]
    floor = FLOOR * verdict.scale
    low, middle, high = (
        np.maximum([getattr(q, name) for q in found], floor) for name in ("low", "middle", "high")
    )
    if not one.is_plain or one.name == "random":
        ax.fill_between(x[known], low, high, color=colour, alpha=0.18, linewidth=0, step="post")
    style = (0, (4, 2)) if one.is_plain else "solid"
    ax.step(x[known], middle, where="post", color=colour, linewidth=1.4 if one.is_plain else 2.2,
            linestyle=style, label=one.name)  # fmt: skip


def _draw_median(ax: Axes, x: np.ndarray, one: Fared, colour: str, verdict: Verdict) -> None:
    known = [k for k, q in enumerate(one.by_measurement) if q is not None]
    middle = [q.middle for q in one.by_measurement if q is not None]
    style = (0, (4, 2)) if one.is_plain else "solid"
    ax.step(x[known], np.maximum(middle, FLOOR * verdict.scale), where="post", color=colour,
            linewidth=1.2 if one.is_plain else 1.8, linestyle=style)  # fmt: skip


def _draw_ideal(ax: Axes, verdict: Verdict) -> None:
    """What nobody can do better: a regret of nothing, or a map without noise."""
    known = [(k + 1, value) for k, value in enumerate(verdict.ideal) if value is not None]
    if known:
        x, y = np.array(known).T
        ax.plot(x, y, ":", color="black", linewidth=1.2, label="ideal: no noise, evenly spread")
    elif verdict.score in IDEALS:
        floor = FLOOR * verdict.scale
        label = f"ideal: {IDEALS[verdict.score]}"
        ax.axhline(floor, color="black", linewidth=1.0, linestyle=":", label=label)


def draw_finals(figure: Figure, verdict: Verdict) -> None:
    """Median and quartiles of the final score of every strategy."""
    colours = colour_of(verdict)
    _draw_spans(figure, verdict, [(one.name, one.final, colours[one.name]) for one in verdict.strategies])


def _draw_spans(figure: Figure, verdict: Verdict, rows: Sequence[tuple[str, Quartiles, str]]) -> None:
    """Final scores from top to bottom, each a dot at its median on a bar from quartile to quartile."""
    ax = figure.subplots()
    for place, (_, final, colour) in enumerate(reversed(rows)):
        low, middle, high = (max(x, FLOOR * verdict.scale) for x in (final.low, final.middle, final.high))
        ax.plot([low, high], [place, place], color=colour, linewidth=6, alpha=0.35, solid_capstyle="butt")
        ax.plot(middle, place, "o", color=colour, markersize=8)
    ax.set_yticks(range(len(rows)), [name for name, _, _ in reversed(rows)])
    ax.set_xscale("log")
    _tell_plainly(ax.xaxis, verdict)
    ax.set_xlabel(f"{score_label(verdict)} after {verdict.budget} measurements: median and quartiles")
    ax.grid(axis="x", color="#dddddd", linewidth=0.6)
    ax.set_ylim(-0.6, len(rows) - 0.4)


def _tell_plainly(axis: Axis, verdict: Verdict) -> None:
    """Numbers on a logarithmic axis as people write them: 0.5, 1, 20; shares in per cent."""
    as_written = FormatStrFormatter("%g")
    if verdict.unit == "share":
        as_written = FuncFormatter(_in_per_cent)
    axis.set_major_formatter(as_written)
    axis.set_minor_locator(LogLocator(subs=(2.0, 5.0)))
    axis.set_minor_formatter(as_written)


def _in_per_cent(share: float, _place: int | None = None) -> str:
    return f"{100.0 * share:g} %"


def gaining(verdict: Verdict) -> list[Calibrated]:
    """Strategies that expected gains which a measurement shows."""
    return [one for one in verdict.calibration if one.gains]


def draw_calibration(figure: Figure, verdict: Verdict) -> None:
    """Expected and found gains, where the goal has any, and how many values lay in their bands."""
    told, colours = gaining(verdict)[:MOST_DRAWN], colour_of(verdict)
    if not told:
        _draw_coverage(figure.subplots(), verdict, colours)
        return
    left, right = figure.subplots(1, 2, width_ratios=(1.2, 1))
    top = max(max(e, f) for one in told for e, f, _ in one.gains)
    for one in told:
        expected, found, error = np.array(one.gains).T
        left.errorbar(expected, found, yerr=error, fmt="o-", markersize=5, linewidth=1,
                      color=colours[one.name], label=one.name)  # fmt: skip
    left.plot([0, top], [0, top], ":", color="black", linewidth=1, label="as foretold")
    left.legend(fontsize=8.5, frameon=False)
    unit = "" if verdict.unit in ("1", "share") else f" / {verdict.unit}"
    left.set_xlabel(f"expected gain{unit}")
    left.set_ylabel(f"mean gain that came{unit}")
    left.set_title("Did gains come as foretold?")
    _draw_coverage(right, verdict, colours)


def _draw_coverage(ax: Axes, verdict: Verdict, colours: dict[str, str]) -> None:
    names = [one.name for one in verdict.calibration[:MOST_DRAWN]]
    shares = [one.coverage for one in verdict.calibration[:MOST_DRAWN]]
    ax.barh(range(len(names)), shares, color=[colours[name] for name in names], height=0.55)
    ax.axvline(0.95, color="black", linestyle=":", linewidth=1.2)
    ax.set_yticks(range(len(names)), names)
    ax.set_xlim(0, 1)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_xlabel("share of measured values inside their 95 % band")
    ax.set_title("Did the bands hold?")


def draw_sensitivity(figure: Figure, verdict: Verdict) -> None:
    """The recommended strategy with one thing changed."""
    best = verdict.strategies[0]
    colour = colour_of(verdict)[best.name]
    changed = [(one.variant, one.final, colour) for one in verdict.sensitivity]
    _draw_spans(figure, verdict, [("as it is", best.final, colour), *changed])
