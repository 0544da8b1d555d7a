"""A smoothed curve on the points that it was made from."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from agent.pictures.panels import scale_curves
from models.domain.scattering import Curve
from models.domain.smooth_curve import SmoothCurve

DOTS_PER_INCH = 110
LEAST = 0.2
"""Drawn down to this share of the smallest positive median: a logarithm has no zero."""
MARGIN = 0.8
"""The axis begins at this share of what is lowest."""


def draw_smoothed(name: str, measured: Curve, smooth: SmoothCurve, path: Path) -> None:
    """Draw points with their errors, and the band with its median above them; write the PNG.

    Parameters
    ----------
    name
        What the curve is called.
    measured
        The points.
    smooth
        The same curve, smoothed.
    path
        The file to write; its folder is there.
    """
    positive = smooth.median[smooth.median > 0]
    with mpl.rc_context({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(6.4, 4.4), layout="constrained")
        FigureCanvasAgg(figure)
        ax = figure.subplots()
        is_log = positive.size > 0
        least = LEAST * float(positive.min()) if is_log else -np.inf
        low, middle, high = (np.maximum(one, least) for one in (smooth.low, smooth.median, smooth.high))
        bottom = np.minimum(measured.sigma, np.maximum(measured.intensity - least, 0.0))
        ax.errorbar(
            measured.q_inv_nm, np.maximum(measured.intensity, least), (bottom, measured.sigma), fmt=".",
            markersize=2.5, color="darkgrey", elinewidth=0.6, zorder=1, label="measured",
        )  # fmt: skip
        ax.fill_between(
            smooth.q_inv_nm, low, high, color="tab:blue", alpha=0.35, linewidth=0, zorder=2, label="95 % band"
        )
        ax.plot(smooth.q_inv_nm, middle, color="tab:blue", linewidth=1.1, zorder=3, label="smoothed")
        scale_curves(ax)
        if is_log:
            ax.set_ylim(
                bottom=MARGIN * min(float(low.min()), float(np.maximum(measured.intensity, least).min()))
            )
        else:
            ax.set_yscale("linear")
        ax.set_ylabel(f"intensity / {smooth.unit.replace('1/cm', 'cm$^{-1}$')}")
        ax.set_title(name, loc="left", fontsize=10)
        ax.legend(fontsize=8, frameon=False)
        figure.savefig(path, dpi=DOTS_PER_INCH)
