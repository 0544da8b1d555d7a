"""Check for radiation damage: whether a sample's curve changes its shape from frame to frame."""

from dataclasses import dataclass

import numpy as np

from models.domain.scattering import Floats
from models.saxs.checks.check import Check, Finding, Subject
from models.saxs.checks.trace import Trace, trace_of
from models.saxs.cormap import chance_of_run, longest_run_of

LOW_SHARE = 0.25
"""Low q: this share of the window's rings, from the lowest up; high q: as many rings from twice as far on."""
SLACK_SIGMA = 0.5
"""Drift per frame that a cumulative sum lets pass (Page 1954, Biometrika 41, 100)."""
N_BANDS = 60
"""Bands of q in which curves are compared."""
MIN_BAND_COUNTS = 20.0
"""Counts from which a band's error is Gaussian."""


@dataclass(frozen=True, eq=False)
class Shape:
    """A frame's shape, whatever its intensity."""

    log_ratio: float
    """Logarithm of low over high q."""
    log_ratio_sigma: float
    """One standard deviation of it."""
    bands: Floats
    """Counts in each band, shape (n_bands,)."""


def keeps_its_shape(subject: Subject) -> Finding | None:
    """Follow the ratio of low to high q along the frames of one sample, and compare curves.

    Each ratio is held against the mean of those before it (recursive residuals: Brown, Durbin & Evans 1975,
    J. R. Stat. Soc. B 37, 149), and their cumulative sum against a limit. The last two frames are also
    held against those before them, band by band: by chi squared, and by the longest run of one sign (CorMap:
    Franke, Jeffries & Svergun 2015, Nat. Methods 12, 419).
    """
    census, series = subject.census, subject.earlier.series
    if census is None or not series or subject.earlier.is_blank:
        return None
    now = trace_of(subject.frame, census)
    if not all(now.is_like(trace) for trace in series):
        return None
    traces = (*series, now)
    bands = _band_rings(traces, subject.window_inv_nm)
    shapes = [_shape(trace, *bands) for trace in traces]
    limits = subject.limits
    drift = _cumulative(shapes)
    if drift > limits.damage_cusum_sigma:
        return Finding(False, drift, limits.damage_cusum_sigma)
    if len(shapes) >= 3 and all(_differs(shapes[: i + 1], limits.damage_chance, limits.damage_chi2) for i in
                                (len(shapes) - 2, len(shapes) - 1)):  # fmt: skip
        chi2 = _chi2(shapes)
        remedy = f"{REMEDY} Two frames in a row differ: reduced chi squared {chi2:.2f}."
        return Finding(False, chi2, limits.damage_chi2, remedy)
    return Finding(True, drift, limits.damage_cusum_sigma)


def _band_rings(
    traces: tuple[Trace, ...], window_inv_nm: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Rings that all traces have, and the band of each."""
    rings = traces[-1].rings_between(*window_inv_nm)
    for trace in traces:
        rings = rings[trace.n_pixels[rings] > 0]
    fewest = min(float(trace.counts[rings].sum()) for trace in traces)
    n_bands = int(np.clip(fewest / MIN_BAND_COUNTS, 2, N_BANDS))
    return rings, np.arange(len(rings)) * n_bands // max(len(rings), 1)


def _shape(trace: Trace, rings: np.ndarray, band: np.ndarray) -> Shape:
    """What is compared of a frame."""
    counts = trace.counts[rings]
    n_low = max(int(LOW_SHARE * len(rings)), 1)
    low, high = float(counts[:n_low].sum()), float(counts[2 * n_low : 3 * n_low].sum())
    low, high = max(low, 1.0), max(high, 1.0)
    return Shape(
        log_ratio=float(np.log(low / high)),
        log_ratio_sigma=float(np.sqrt(1 / low + 1 / high)),
        bands=np.bincount(band, counts).astype(np.float64),
    )


def _cumulative(shapes: list[Shape]) -> float:
    """The larger of both one-sided cumulative sums of recursive residuals, sigma."""
    up = down = 0.0
    weight, mean = shapes[0].log_ratio_sigma ** -2, shapes[0].log_ratio
    for shape in shapes[1:]:
        z = (shape.log_ratio - mean) / np.hypot(shape.log_ratio_sigma, weight**-0.5)
        up, down = max(0.0, up + z - SLACK_SIGMA), max(0.0, down - z - SLACK_SIGMA)
        more = shape.log_ratio_sigma**-2
        mean, weight = (mean * weight + shape.log_ratio * more) / (weight + more), weight + more
    return float(max(up, down))


def _differs(shapes: list[Shape], chance: float, chi2_limit: float) -> bool:
    """True when the last one differs from those before it by both tests."""
    if len(shapes) < 2:
        return False
    now, before = shapes[-1].bands, np.sum([shape.bands for shape in shapes[:-1]], axis=0)
    scaled = before * (now.sum() / max(before.sum(), 1.0))
    difference = (now - scaled)[now != scaled]
    run = chance_of_run(difference.size, longest_run_of(difference))
    return run * (len(shapes) - 1) < chance and _chi2(shapes) > chi2_limit


def _chi2(shapes: list[Shape]) -> float:
    """Reduced chi squared of the last one against those before it, scaled to its counts."""
    now, before = shapes[-1].bands, np.sum([shape.bands for shape in shapes[:-1]], axis=0)
    factor = now.sum() / max(before.sum(), 1.0)
    variance = np.maximum(factor * (now + before), 1e-12)
    return float(((now - factor * before) ** 2 / variance).sum() / max(len(now) - 1, 1))


REMEDY = "Move on to fresh sample, and expose each place for less."
CHECKS = (Check("radiation_damage", "sigma", REMEDY, keeps_its_shape),)
"""The only one."""
