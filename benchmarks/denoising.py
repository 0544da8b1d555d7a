"""Error of smoothed curves against the noise-free truth, beside rebinning and Savitzky-Golay filters.

The error of a curve is the root mean square over its points of (smoothed - truth) / sigma, sigma being that
of a point as it was measured: the curve as it is has an error of 1. Where the truth is a mean of others, the
square of its own sigma is taken off.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import JsonValue

from benchmarks.machine import machine_settings
from benchmarks.row import Peer, Row, make_row
from benchmarks.short_exposures import Case, chromatogram_cases, repeat_cases, twin_cases
from benchmarks.smoothers import choose, filtered, rebinned
from benchmarks.task import Task
from models.domain.scattering import Floats
from models.domain.smooth_curve import SmoothCurve
from models.gp.smoothing.measured import Measured
from models.gp.smoothing.smooth import Z_95, smooth_alone, smooth_among

EXPOSURES_S = (0.003, 0.03, 0.3)
"""Of the twin: about 0.5, 0.15 and 0.05 of the intensity is noise, point by point."""
N_REPEATS, N_REPEATS_QUICK = 20, 2
N_FRAMES_QUICK = 3
N_DRAWS, BOOTSTRAP_SEED = 2000, 0
LOW, HIGH = 0.025, 0.975
OURS = ("alone", "with neighbours")
LEAST_SQUARE = 1e-4
"""Of a mean square error, less the noise of the truth: it may come out below zero."""


@dataclass(frozen=True, eq=False)
class Scored:
    """Mean square errors of one case, by method, and shares of points that bands hold."""

    squares: dict[str, float]
    """Mean square error, in squares of the points' sigma."""
    coverage: dict[str, float]
    """Share of points at which the 95 % band holds the truth."""


def measure(task: Task) -> list[Row]:
    """Rows for the twin at three exposures, and for what measured series there are."""
    n_repeats = task.repeats(N_REPEATS, N_REPEATS_QUICK)
    rows: list[Row] = []
    for exposure_s in EXPOSURES_S:
        label = f"twin_{exposure_s:g}s"
        scored = [
            [score(case) for case in twin_cases(exposure_s, seed)]
            for seed in task.track(range(n_repeats), f"denoising, {label}")
        ]
        rows += _rows(task, label, scored)
    folder = task.dataset.parent / "biosaxs"
    if not folder.is_dir():
        task.say(f"denoising: measured series are skipped, there is no {folder}")
        return rows
    for label, make in (("repeats", repeat_cases), ("chromatogram", chromatogram_cases)):
        groups = make(folder)
        groups = groups[:: max(1, len(groups) // N_FRAMES_QUICK)] if task.is_quick else groups
        scored = [[score(case) for case in group] for group in task.track(groups, f"denoising, {label}")]
        rows += _rows(task, label, scored)
    return rows


def score(case: Case) -> Scored:
    """Smooth a curve by every method, and hold each against the truth."""
    own = smooth_alone(Measured.of_curve(case.curve))
    among = smooth_among(own, [smooth_alone(Measured.of_curve(one)) for one in case.neighbours])
    bands = dict(zip(OURS, (own.band(), among.band()), strict=True))
    found: dict[str, Floats] = {name: band.median for name, band in bands.items()}
    found["as measured"] = case.curve.intensity
    for name, offered in (("rebinning", rebinned(case.curve)), ("Savitzky-Golay", filtered(case.curve))):
        chosen, best = choose(list(offered), case.truth, case.sigma)
        found |= {f"{name}, cross-validated": chosen, f"{name}, oracle": best}
    squares = {name: _square(case, values) for name, values in found.items()}
    return Scored(squares, {name: _coverage(case, band) for name, band in bands.items()})


def _square(case: Case, values: Floats) -> float:
    own = (case.truth_sigma / case.sigma) ** 2
    return float((((values - case.truth) / case.sigma) ** 2 - own).mean())


def _coverage(case: Case, band: SmoothCurve) -> float:
    """Share of points whose truth is held, where the truth has a sigma of its own by as much a wider band."""
    extra = Z_95 * case.truth_sigma
    low = band.median - np.hypot(band.median - band.low, extra)
    high = band.median + np.hypot(band.high - band.median, extra)
    return float(((low <= case.truth) & (case.truth <= high)).mean())


def _rows(task: Task, label: str, scored: Sequence[Sequence[Scored]]) -> list[Row]:
    """Ours with neighbours beside everything else; groups of cases are drawn anew for the intervals."""
    names = tuple(scored[0][0].squares)
    squares = np.array([[[one.squares[name] for name in names] for one in group] for group in scored])
    held = {
        name: float(np.mean([[one.coverage[name] for one in group] for group in scored])) for name in OURS
    }
    errors = dict(zip(names, _errors(squares).tolist(), strict=True))
    rng = np.random.default_rng(BOOTSTRAP_SEED)
    picked = rng.integers(len(squares), size=(N_DRAWS, len(squares)))
    drawn = np.array([_errors(squares[rows]) for rows in picked])
    ours = OURS[1]
    task.say(
        f"denoising.{label}: "
        + ", ".join(f"{name} {error:.3f}" for name, error in errors.items())
        + f"; bands hold {held[OURS[0]]:.1%} alone, {held[ours]:.1%} with neighbours"
    )
    rows: list[Row] = []
    for place, name in enumerate(names):
        if name == ours:
            continue
        ratios = drawn[:, names.index(ours)] / drawn[:, place]
        settings: dict[str, JsonValue] = {
            "groups": len(squares),
            "curves_in_each": squares.shape[1],
            "ratio_interval": [float(one) for one in np.quantile(ratios, [LOW, HIGH])],
            "coverage": dict[str, JsonValue](held),
            "error_is": "rms of (smoothed - truth) / sigma of a measured point",
            **machine_settings("numpy", "scipy"),
        }
        rows.append(
            make_row(
                f"denoising.{label}", errors[ours], "sigma", settings, Peer(name=name, value=errors[name])
            )
        )
    return rows


def _errors(squares: Floats) -> Floats:
    """Root mean square over all cases, by method: shape (n_groups, n_cases, n_methods) -> (n_methods,)."""
    return np.sqrt(np.maximum(squares.mean(axis=(0, 1)), LEAST_SQUARE))
