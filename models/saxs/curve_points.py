"""What is kept of the points of a curve that others wrote, and how uncertain they are."""

import numpy as np
from numpy.typing import NDArray

from models.domain.errors import BadInput
from models.domain.scattering import Curve, Floats
from models.domain.units import QUnit

INV_NM_PER_UNIT: dict[QUnit, float] = {"1/A": 10.0, "1/nm": 1.0}
"""1/nm in one unit of q."""
SIGMA_ESTIMATED = "sigma estimated from local scatter"
"""Stands in `Curve.source` when the file had no uncertainties."""
MIN_POINTS = 3
"""A curve has at least this many points."""
N_STEADY = 8
"""The beamstop's shadow ends before so many positive points in a row that follow each other smoothly."""
MAX_STEP = 3.0
"""Largest ratio of neighbouring intensities outside of the shadow, unless their errors explain more."""
MAX_SHADOW = 0.1
"""Largest part of a curve that may be shadow; beyond that, nothing is trimmed but the first bad run."""
MIN_SHADOW = 12
"""In short curves, so many points may be shadow all the same."""


def usable_curve(curve: Curve, sigma: Floats | None) -> Curve:
    """Leave out the beamstop's shadow, and estimate uncertainties that are not known.

    Parameters
    ----------
    curve
        The curve; its sigma counts for nothing.
    sigma
        One standard deviation, shape (n_q,); None estimates it from the scatter of each point about its
        two neighbours, and `Curve.source` says so.

    Raises
    ------
    BadInput
        When too few points are left.
    """
    source = curve.source
    if sigma is None:
        sigma = estimate_sigma(curve.intensity) if len(curve) >= MIN_POINTS else curve.sigma
        source = f"{source} ({SIGMA_ESTIMATED})"
    start = shadow_end(curve.intensity, sigma) if len(curve) else 0
    if len(curve) - start < MIN_POINTS:
        raise BadInput(
            curve.source, f"has {len(curve) - start} usable points, needs {MIN_POINTS}", "Give another curve."
        )
    return Curve(
        curve.q_inv_nm[start:],
        curve.intensity[start:],
        sigma[start:],
        curve.unit,
        curve.common_relative_sigma,
        source,
    )


def estimate_sigma(intensity: Floats) -> Floats:
    """Estimate uncertainties of points that came without any, from how they scatter.

    Parameters
    ----------
    intensity
        Intensities, shape (n_q,).

    Returns
    -------
    Floats
        1.4826 times the running median, over 21 points, of each point's distance from the mean of its
        neighbours, over sqrt(1.5), shape (n_q,). Curvature makes it too large, never too small.
    """
    padded = np.pad(intensity, 1, mode="reflect")
    miss = np.abs(intensity - 0.5 * (padded[:-2] + padded[2:])) / np.sqrt(1.5)
    width = min(21, miss.size - 1 + miss.size % 2)
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(miss, width // 2, mode="reflect"), width)
    sigma = 1.4826 * np.median(windows, axis=-1)
    floor = max(float(np.max(np.abs(intensity))) * 1e-12, np.finfo(float).tiny)
    return np.maximum(sigma, floor)


def shadow_end(intensity: Floats, sigma: Floats) -> int:
    """Find where a curve leaves the shadow of the beamstop.

    Parameters
    ----------
    intensity
        Intensities, shape (n_q,).
    sigma
        Their standard deviations, shape (n_q,).

    Returns
    -------
    int
        Index of the first point of the first steady run; 0 for a curve that starts with one.
    """
    previous, following = intensity[:-1], intensity[1:]
    is_smooth = np.abs(following - previous) <= 3 * np.hypot(sigma[:-1], sigma[1:])
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = following / previous
    is_smooth |= (ratio > 1 / MAX_STEP) & (ratio < MAX_STEP)
    is_steady = (intensity[:-1] > 0) & (intensity[1:] > 0) & is_smooth
    n_starts = min(max(int(MAX_SHADOW * intensity.size), MIN_SHADOW), intensity.size // 2)
    for start in range(n_starts + 1):
        run = is_steady[start : start + N_STEADY - 1]
        if run.size and bool(run.all()):
            return start
    # too noisy to tell a shadow from noise: only what cannot be intensity at all goes
    positive = np.flatnonzero(intensity > -3 * sigma)
    return int(positive[0]) if positive.size else 0


def rising_rows(where: str, q: Floats, intensity: Floats, sigma: Floats | None) -> NDArray[np.intp]:
    """Choose the points to keep: those with an intensity and, where there is one, a positive uncertainty.

    Parameters
    ----------
    where
        Where the points stand, for messages.
    q, intensity
        The points, shape (n_q,).
    sigma
        One standard deviation, shape (n_q,); None where it is not known.

    Returns
    -------
    array of int
        Their indices in the order of rising q.

    Raises
    ------
    BadInput
        When q holds values that are no numbers, is negative or goes back and forth.
    """
    if not np.all(np.isfinite(q)):
        n_bad = np.count_nonzero(~np.isfinite(q))
        raise BadInput(
            f"{where}/Q", f"holds {n_bad} values that are not numbers", "Write the q of each point."
        )
    keep = np.isfinite(intensity)
    if sigma is not None:
        keep &= np.isfinite(sigma) & (sigma > 0)
    rows = np.flatnonzero(keep)
    if rows.size > 1 and np.all(np.diff(q[rows]) < 0):
        rows = rows[::-1]
    steps = np.diff(q[rows])
    if np.any(steps <= 0) or (rows.size and q[rows[0]] < 0):
        place = int(rows[1:][steps <= 0][0]) if np.any(steps <= 0) else int(rows[0])
        raise BadInput(
            f"{where}/Q",
            f"point {place}, {q[place]:g}, is negative or not above the one before",
            "Sort the points by q, and keep one for each q.",
        )
    return rows
