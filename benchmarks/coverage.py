"""How often the 95 % interval of each feature holds the truth, at counts over three decades."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO

import numpy as np
from freesas.autorg import InsufficientDataError, NoGuinierRegionError, autoRg
from pydantic import JsonValue
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from benchmarks.coverage_truths import Series, all_series
from benchmarks.machine import machine_settings
from benchmarks.row import Peer, Row, make_row
from benchmarks.task import Task
from models.domain.bands import Z_95
from models.domain.scattering import AzimuthalProfile, Curve, Feature, Floats
from models.saxs.extractor import Extractor
from models.saxs.extractors import load_extractors
from models.saxs.reading import read_features

SEED = 2026
COUNTS = (3e4, 3e5, 3e6, 3e7)
"""Counts of a whole curve."""
N_REPEATS = 500
ASKED = (0.93, 0.97)
"""Coverage that is asked for; 500 repeats leave 0.01 of it open (one standard deviation)."""
WIDTH = 160
"""Columns of the printed table."""
PERIODS = {"orientation_angle": 180.0}
"""Features that come round."""


@dataclass(frozen=True, eq=False)
class Level:
    """What became of one feature at one count level."""

    counts: float
    """Counts of a whole curve."""
    pulls: Floats
    """Value less truth, over sigma, shape (n_answers,)."""
    misses: Floats
    """Value less truth, shape (n_answers,)."""
    sigmas: Floats
    """Sigma, shape (n_answers,)."""
    n_absent: int
    """How often the answer was an absence."""

    @property
    def coverage(self) -> float:
        """Share of answers whose interval holds the truth; NaN without answers."""
        return float(np.mean(np.abs(self.pulls) < Z_95)) if self.pulls.size else float("nan")

    def settings(self) -> dict[str, JsonValue]:
        """For a row's settings."""
        if not self.pulls.size:
            return {"counts": self.counts, "absent": self.n_absent}
        return {
            "counts": self.counts,
            "coverage": round(self.coverage, 4),
            "bias_over_sigma": round(float(self.pulls.mean()), 3),
            "rms_over_mean_sigma": round(float(np.sqrt(np.mean(self.misses**2)) / self.sigmas.mean()), 3),
            "mean_sigma": float(f"{self.sigmas.mean():.4g}"),
            "absent": self.n_absent,
        }


def measure(task: Task) -> list[Row]:
    """One row a feature and truth: coverage over all count levels, each level in its settings."""
    n_repeats = task.repeats(N_REPEATS, 40)
    settings: dict[str, JsonValue] = {
        "repeats_per_level": n_repeats,
        "seed": SEED,
        **machine_settings("numpy", "scipy", "freesas"),
    }
    rows: list[Row] = []
    all_levels: list[list[Level]] = []
    for number, series in enumerate(task.track(all_series(), "coverage of features")):
        levels = [_run(series, counts, n_repeats, (SEED, number, n)) for n, counts in enumerate(COUNTS)]
        found = {name: [level[name] for level in levels] for name in levels[0]}
        task.say(_table_of(series, found))
        peer = found.get("freesas autoRg")
        all_levels += found.values()
        rows += [
            _row(series, name, of_name, settings, peer if name == "rg" else None)
            for name, of_name in found.items()
        ]
    covered = [
        level.coverage
        for row_levels, row in zip(all_levels, rows, strict=True)
        if not row.settings["bias_is_named"] and "freesas" not in row.name
        for level in row_levels
        if level.pulls.size
    ]
    n_in = sum(ASKED[0] <= share <= ASKED[1] for share in covered)
    task.say(
        f"coverage: {n_in} of {len(covered)} pairs of feature and count level, where the law holds, "
        f"cover {ASKED[0]:.0%} to {ASKED[1]:.0%}; {sum(covered) / len(covered):.1%} on average"
    )
    return rows


def _row(
    series: Series,
    name: str,
    levels: Sequence[Level],
    settings: dict[str, JsonValue],
    peer: list[Level] | None,
) -> Row:
    pooled = np.concatenate([level.pulls for level in levels])
    own: dict[str, JsonValue] = {
        "levels": [level.settings() for level in levels],
        "bias_is_named": series.biased.get(name, ""),
    }
    beside = None
    if peer is not None:
        theirs = np.concatenate([level.pulls for level in peer])
        beside = Peer(name="freesas autoRg", value=float(np.mean(np.abs(theirs) < Z_95)))
    value = float(np.mean(np.abs(pooled) < Z_95)) if pooled.size else float("nan")
    title = f"coverage.{series.name}.{name}".replace(" ", "_").replace(",", "")
    return make_row(title, value, "share", own | settings, beside)


def _run(series: Series, counts: float, n_repeats: int, seed: tuple[int, ...]) -> dict[str, Level]:
    """Measure again and again, and read each time."""
    extractors, rng = load_extractors(series.extractors), np.random.default_rng(seed)
    answers = [_answer(extractors, series.draw(counts, rng)) for _ in range(n_repeats)]
    truths = dict(series.truth)
    levels = {name: _level(counts, name, truths[name], answers) for name in truths}
    if series.exact is not None and series.biased:
        own = _answer(extractors, series.exact(counts))
        for name in series.biased:
            if name in own:
                levels[f"{name} own limit"] = _level(counts, name, own[name].value, answers)
    if "rg" in truths:
        levels["freesas autoRg"] = _level(counts, "freesas", truths["rg"], answers)
    return levels


def _answer(extractors: tuple[Extractor, ...], measured: Curve | AzimuthalProfile) -> dict[str, Feature]:
    """Ours, and freesas' where a Guinier fit is asked for."""
    if isinstance(measured, AzimuthalProfile):
        nothing = Curve(np.array([1.0]), np.array([1.0]), np.array([1.0]))
        found = read_features(extractors, nothing, measured)
    else:
        found = read_features(extractors, measured)
    answers = {item.name: item for item in found if isinstance(item, Feature)}
    if isinstance(measured, Curve) and any("rg" in extractor.makes for extractor in extractors):
        theirs = _ask_freesas(measured)
        if theirs is not None:
            answers["freesas"] = theirs
    return answers


def _ask_freesas(curve: Curve) -> Feature | None:
    """The peer's radius of gyration on the same curve."""
    logging.getLogger("freesas").setLevel(logging.ERROR)
    table = np.stack([curve.q_inv_nm, curve.intensity, curve.sigma], axis=1).astype(np.float64)
    try:
        with np.errstate(all="ignore"):
            found = autoRg(table)
    except (InsufficientDataError, NoGuinierRegionError, ValueError, IndexError, ZeroDivisionError):
        return None
    if not (found.Rg > 0 and found.sigma_Rg > 0):
        return None
    return Feature(name="freesas", value=float(found.Rg), sigma=float(found.sigma_Rg), unit="nm")


def _level(counts: float, name: str, truth: float, answers: list[dict[str, Feature]]) -> Level:
    given = [answer[name] for answer in answers if name in answer]
    misses = np.array([feature.value - truth for feature in given])
    if name in PERIODS:
        misses = (misses + PERIODS[name] / 2) % PERIODS[name] - PERIODS[name] / 2
    sigmas = np.array([feature.sigma for feature in given])
    pulls = misses / np.where(sigmas > 0, sigmas, np.inf)
    return Level(counts, pulls, misses, sigmas, len(answers) - len(given))


def _table_of(series: Series, found: dict[str, list[Level]]) -> str:
    """The levels of a series as text."""
    table = Table(
        title=f"{series.name}: coverage, bias over sigma, rms error over mean sigma, absences",
        title_justify="left",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("feature", no_wrap=True)
    table.add_column("last sigma", justify="right")
    for counts in COUNTS:
        table.add_column(f"{counts:.0e} counts", justify="right", no_wrap=True)
    table.add_column("biased")
    for name, levels in found.items():
        cells = [_cell(level) for level in levels]
        last = levels[-1].sigmas
        table.add_row(
            name, f"{last.mean():.2g}" if last.size else "", *cells, "yes" if name in series.biased else ""
        )
    text = StringIO()
    Console(file=text, width=WIDTH, color_system=None).print(table)
    return text.getvalue()


def _cell(level: Level) -> str:
    if not level.pulls.size:
        return f"absent {level.n_absent}"
    rms = float(np.sqrt(np.mean(level.misses**2)) / level.sigmas.mean())
    return f"{100 * level.coverage:.1f} % {level.pulls.mean():+.2f} {rms:.2f} {level.n_absent}"
